/** An image of somebody's own: what makes it a host of a lab, and the one sentence for what it lacks. */
import {createHash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {type OwnImageEngine, ownImages} from '../../../lab/engine/own-images.ts'
import {parseTopology} from '../../../lab/topology/topology-file.ts'
import {packageRoot} from '../../../lab/words/package-root.ts'

const base = 'pgha-lab/host:trixie-0123456789ab'
const id = `sha256:${'a'.repeat(64)}`
const topology = parseTopology('lab.yaml', 'images: {patroni: "my/host:1"}\n')

const says: Readonly<Record<string, string>> = {
  'id -u': '0\n',
  'postgres --version': 'postgres (PostgreSQL) 17.99\n',
  'patroni --version': 'patroni 4.0.7\n',
  'etcd --version': 'etcd Version: 3.5.99\nGit SHA: x\n',
}

/** An engine with the base and one image, which answers as it is told. */
function engine(
  has: Readonly<Record<string, string>> = {},
  {here = true, without = '', changed = ''} = {},
): OwnImageEngine {
  const labels = {'pgha-lab.packages': 'postgresql-17=17.5 patroni=4.0.6-1 etcd-server=3.5.16-4 haproxy=3.0.11'}
  const sumOf = (path: string) => {
    const from = path.replace('/usr/local/bin/', 'bin/').replace('/usr/local/share/pgha-lab/services/', 'services/')
    const sum = createHash('sha256')
      .update(readFileSync(join(packageRoot, 'images', 'host', from)))
      .digest('hex')
    return path.endsWith(changed || '?') ? '0'.repeat(64) : sum
  }
  return {
    image: async name => {
      if (name !== base && !here) return null
      return {id: name === base ? `sha256:${'b'.repeat(64)}` : id, createdAt: 0, labels, tags: [name], digests: []}
    },
    throwaway: async () => ({id: 'one', [Symbol.asyncDispose]: async () => {}}),
    run: async (_, [program = '', ...args]) => {
      if (program === 'sha256sum') {
        const there = args.filter(path => !path.endsWith(without || '?'))
        return {code: 0, out: there.map(path => `${sumOf(path)}  ${path}\n`).join(''), err: ''}
      }
      const asked = program === 'sh' ? (args[1] ?? '').replace(' 2>&1', '') : [program, ...args].join(' ')
      return {code: 0, out: {...says, ...has}[asked] ?? '', err: ''}
    },
  }
}

test('one that has all of it is known by its id, of whatever minor version it is', async () => {
  expect(await ownImages(engine(), topology, base)).toEqual({'my/host:1': id})
  expect(await ownImages(engine(), parseTopology('lab.yaml', 'profile: fast\n'), base)).toEqual({})
})

test.each([
  [
    'is not here',
    engine({}, {here: false}),
    /images\.patroni: the image my\/host:1 is not on this engine, and is pulled by nobody/,
  ],
  [
    'is built from something else',
    engine({}, {without: '/power-on'}),
    /has no \/usr\/local\/bin\/power-on: it is not built from/,
  ],
  ['is built from an older one', engine({}, {changed: '/fence'}), /of another version of pgha-lab: build it again/],
  [
    'has another PostgreSQL',
    engine({'postgres --version': 'postgres (PostgreSQL) 18.1\n'}),
    /has PostgreSQL 18, .* about PostgreSQL 17/,
  ],
  [
    'has another Patroni',
    engine({'patroni --version': 'patroni 4.1.0\n'}),
    /has Patroni 4\.1, and .* trixie is about Patroni 4\.0/,
  ],
  [
    'has lost its etcd',
    engine({'etcd --version': 'sh: 1: etcd: not found\n'}),
    /does not run etcd: sh: 1: etcd: not found/,
  ],
  ['is somebody else’s', engine({'id -u': '26\n'}), /starts as another user than root/],
])('one that %s is refused in one sentence', async (_, docker, sentence) => {
  await expect(ownImages(docker, topology, base)).rejects.toMatchObject({
    code: 'config',
    message: expect.stringMatching(sentence),
  })
})
