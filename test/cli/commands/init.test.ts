import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Readable} from 'node:stream'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {ask, canAsk, type Question} from '../../../cli/asked.ts'
import {run} from '../../../cli/program.ts'
import {hostsWith} from '../../../lab/topology/topology.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {changed, right} from '../../lab/lint/cluster.ts'

let folder = ''
let out = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'init-'))
  out = join(folder, 'lab.yaml')
})
afterEach(() => {
  rmSync(folder, {recursive: true})
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error')
  vi.restoreAllMocks()
  process.exitCode = undefined
})

function hear() {
  const said = {out: '', err: ''}
  for (const [stream, key] of [
    [process.stdout, 'out'],
    [process.stderr, 'err'],
  ] as const)
    vi.spyOn(stream, 'write').mockImplementation(text => {
      said[key] += String(text)
      return true
    })
  return said
}

async function init(...words: readonly string[]) {
  const said = hear()
  await run(['node', 'pgha-lab', 'init', ...words, '--out', out])
  vi.restoreAllMocks()
  return {...said, code: process.exitCode ?? 0}
}

function save(texts = right): string[] {
  return Object.entries(texts).map(([name, text]) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  })
}

describe('of a topology', () => {
  test('without questions it is the usual one, with a comment at what a person may want to change', async () => {
    const {code, err} = await init()
    expect(code).toBe(0)
    expect(err).toContain(`up --topology ${out}`)
    expect(loadTopology({topology: out})).toEqual(loadTopology({}))
    expect(readFileSync(out, 'utf8')).toMatch(/ttl: .* # the leader key lives so long/)
  })

  test.each(['proxy-per-node', 'dedicated-etcd', 'sync-strict', 'single-etcd'])(
    '%s is written as it is',
    async preset => {
      await init('--topology', preset, '--profile', 'fast')
      expect(loadTopology({topology: out})).toEqual(loadTopology({topology: preset, profile: 'fast'}))
    },
  )

  test('a new host runs what those of its kind run, but for etcd, which stays on as many as before', async () => {
    await init('--members', '9', '--proxies', '2', '--set', 'patroni.ttl=40s')
    const topology = loadTopology({topology: out})
    expect(['patroni', 'etcd', 'haproxy'].map(one => hostsWith(topology, one as 'etcd').length)).toEqual([9, 3, 2])
    expect(topology.patroni.ttlSeconds).toBe(40)
  })

  test.each<[string, string, readonly string[]]>([
    ['colocated', '1', ['node1', 'etcd1', 'etcd2']],
    ['colocated', '2', ['node1', 'node2', 'etcd1']],
    ['colocated', '4', ['node1', 'node2', 'node3']],
    ['proxy-per-node', '2', ['node1', 'node2', 'etcd1']],
    ['dedicated-etcd', '2', ['etcd1', 'etcd2', 'etcd3']],
    ['single-etcd', '5', ['etcd1']],
    ['cascade', '6', ['node1', 'node2', 'node3']],
    ['standby-cluster', '5', ['etcd1', 'etcd2']],
  ])('%s with %s hosts with PostgreSQL has etcd on as many hosts as it has', async (preset, members, etcd) => {
    await init('--topology', preset, '--members', members)
    const topology = loadTopology({topology: out})
    expect(hostsWith(topology, 'patroni')).toHaveLength(Number(members))
    expect(hostsWith(topology, 'etcd')).toEqual(etcd)
  })

  test('a file in which etcd is not beside each PostgreSQL says why', async () => {
    const comment = '# etcd runs on 3 hosts, an odd number: with one more it could lose no more of them'
    await init('--members', '4')
    expect(readFileSync(out, 'utf8')).toContain(comment)
    await init('--members', '2', '--force')
    expect(readFileSync(out, 'utf8')).toContain(comment)
    await init('--force')
    expect(readFileSync(out, 'utf8')).not.toContain('an odd number')
  })

  test.each([
    [['--topology', 'proxy-per-node', '--proxies', '2'], 'a proxy runs on each host with PostgreSQL'],
    [['--members', '10'], '10 hosts run patroni; a lab has 1 to 9'],
    [
      ['--topology', 'standby-cluster', '--members', '2'],
      'the topology standby-cluster needs at least 4 hosts with PostgreSQL\n  next: pgha-lab init --topology standby-cluster --members 4',
    ],
    [
      ['--topology', 'cascade', '--members', '3'],
      'the topology cascade needs at least 4 hosts with PostgreSQL\n  next: pgha-lab init --topology cascade --members 4',
    ],
    [
      ['--topology', 'vip', '--proxies', '1'],
      'the topology vip needs at least 2 hosts with HAProxy\n  next: pgha-lab init --topology vip --proxies 2',
    ],
    [
      ['--topology', 'standby-cluster', '--proxies', '1'],
      'the topology standby-cluster needs at least 2 hosts with HAProxy\n  next: pgha-lab init --topology standby-cluster --proxies 2',
    ],
  ])('%j is refused, and nothing is written', async (words, says) => {
    const {code, err} = await init(...words)
    expect(code).toBe(2)
    expect(err).toContain(says)
    expect(existsSync(out)).toBe(false)
  })
})

test('nothing is written over, unless that is said', async () => {
  writeFileSync(out, 'mine\n')
  expect((await init()).err).toContain('lab.yaml is there already; nothing was written')
  expect(process.exitCode).toBe(2)
  expect(readFileSync(out, 'utf8')).toBe('mine\n')
  process.exitCode = undefined
  expect((await init('--force')).code).toBe(0)
  expect(loadTopology({topology: out}).hosts).toHaveLength(5)
})

describe('like a cluster', () => {
  test('what the lab cannot have is said first, then what is not told, then each change with its place', async () => {
    const files = save(changed(['n2.yml', 'name: n2', 'name: n1']))
    const {out: said, code} = await init('--from', ...files)
    expect(code).toBe(0)
    const titles = ['What the lab cannot have', 'What the files do not tell', 'What was changed or dropped']
    expect(titles.map(title => said.indexOf(title))).toEqual([0, expect.any(Number), expect.any(Number)])
    const flat = said.replace(/\s+/g, ' ')
    expect(flat).toContain('k1.conf:1:1 and 1 more: it is asked whether HAProxy is there')
    expect(flat).toContain('n2.yml:3:7: your cluster has this mistake')
    expect(flat).toMatch(/n1\.yml:\d+:\d+ and 2 more: restapi\.listen: kept otherwise/)
    expect(loadTopology({topology: out}).network).toBe('internal')
  })

  test('the originals lie beside it, redacted, for nobody else to read', async () => {
    await init('--from', ...save())
    const beside = join(folder, 'lab.from')
    expect(readdirSync(beside)).toHaveLength(Object.keys(right).length + 1)
    const all = readdirSync(beside)
      .map(name => readFileSync(join(beside, name), 'utf8'))
      .join('\n')
    for (const telling of ['10.0.0.', 'heron', 'swan1234', 'ledger-7']) expect(all).not.toContain(telling)
    expect(all).toContain('connect_address: node1:8008')
    expect(statSync(join(beside, 'changes.txt')).mode & 0o077).toBe(0)
  })

  test('nothing that a terminal obeys, that nobody sees, or that names a user comes into any file', async () => {
    const texts = changed([
      'n1.yml',
      'name: n1',
      'name: n1\ntags: {"\\e[31mheron\\u202e\\u2028": true}\nbootstrap.users: {heronuser: {password: x}}\nlog: {loggers: {heronlogger: INFO}}',
    ])
    const haproxy = Object.keys(texts).find(name => name.endsWith('.cfg'))!
    const files = save({
      ...texts,
      [haproxy]: `${texts[haproxy]}\nlisten \u001b[31mx\u0007\u009b\u202e\u2028\n  mode tcp\n`,
    })
    await init('--from', ...files)
    const beside = join(folder, 'lab.from')
    const all = [out, ...readdirSync(beside).map(name => join(beside, name))].map(file => readFileSync(file, 'utf8'))
    expect(all.join('\n')).not.toMatch(/(?![\n\t])\p{Cc}|[\p{Cf}\u2028\u2029]|heron/u)
  })

  test('files are told apart by their content, or by their option, and may stand without one', async () => {
    const [n1, n2, n3, haproxy, ...others] = save()
    await init(n1!, n2!, n3!, '--haproxy', haproxy!, '--etcd', ...others.filter(file => file.endsWith('.env')))
    expect(hostsWith(loadTopology({topology: out}), 'etcd')).toEqual(['etcd1', 'etcd2', 'etcd3'])
  })

  test('a setting beside them is refused: they say it all', async () => {
    const {code, err} = await init('--from', ...save(), '--profile', 'fast')
    expect([code, existsSync(out)]).toEqual([2, false])
    expect(err).toContain('files say it all')
  })

  test('a file that cannot be read is refused with its place, and nothing is written', async () => {
    const {code, err} = await init('--from', ...save(changed(['n1.yml', 'scope: ledger', 'scope: {{ scope }}'])))
    expect([code, existsSync(out), existsSync(join(folder, 'lab.from'))]).toEqual([2, false, false])
    expect(err).toContain('n1.yml:1:8: it is a template')
  })
})

describe('questions', () => {
  const color: Question = {
    asks: 'which colour?',
    usual: 'red',
    takes: answer => ['red', 'blue'].find(one => one === answer),
    refused: 'red or blue',
  }
  test('take what is usual for an empty line, and ask again after what is no answer', async () => {
    const said = hear()
    expect(await ask([color, color], Readable.from(['\n', 'green\n', 'blue\n']))).toEqual(['red', 'blue'])
    expect(said.err).toBe('which colour? [red] which colour? [red] red or blue\nwhich colour? [red] ')
  })

  test('end with their answers', async () => {
    hear()
    await expect(ask([color, color], Readable.from(['blue\n']))).rejects.toThrow('interrupted: nothing was touched')
  })

  test('are asked where somebody sits at a terminal only', () => {
    expect([canAsk({isTTY: true}, {isTTY: true}), canAsk({}, {isTTY: true}), canAsk({isTTY: true}, {})]).toEqual([
      true,
      false,
      false,
    ])
  })
})
