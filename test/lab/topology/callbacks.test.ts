/** Callbacks of somebody's own: files beside a lab.yaml, which Patroni of each host runs; what is none is refused with its place. */
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {render} from '../../../compose/render.ts'
import {labFile} from '../../../lab/import/lab-file.ts'
import {raisingOf} from '../../../lab/topology/as-set.ts'
import {withoutPrograms} from '../../../lab/topology/patroni-build.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {topologySchema} from '../../../lab/topology/topology-schema.ts'
import {allocation, owner, patroniYml, read} from '../../compose/a-lab.ts'

const folder = mkdtempSync(join(tmpdir(), 'callbacks-'))
const program = '#!/bin/sh\necho "$HOME $*" >> /tmp/told\n'
beforeAll(() => {
  writeFileSync(join(folder, 'tell.sh'), program)
  writeFileSync(join(folder, 'bare.sh'), 'echo told\n')
  writeFileSync(join(folder, 'binary'), Buffer.from([0x23, 0x21, 0x2f, 0xff, 0xfe]))
  writeFileSync(join(folder, 'long.sh'), `#!/bin/sh\n${'#'.repeat(70_000)}`)
  mkdirSync(join(folder, 'sub'))
})
afterAll(() => rmSync(folder, {recursive: true}))

function written(text: string) {
  const file = join(folder, 'lab.yaml')
  writeFileSync(file, text)
  return {file, topology: () => loadTopology({topology: file})}
}
const using = (path: string) => written(`patroni:\n  callbacks:\n    on_role_change: ${path}\n`)

test('its text is in what Compose reads, dollars and all, and Patroni runs a copy that may be executed', () => {
  const topology = using('./tell.sh').topology()
  const text = render(topology, allocation({}, topology), owner)
  expect(read(text).configs['callback-on_role_change']?.content).toBe(program)
  const {callbacks} = patroniYml(text).postgresql
  expect(Object.keys(callbacks)).toEqual(['on_role_change'])
  expect(callbacks.on_role_change).toMatch(
    /^\/bin\/sh -c 'install -m 755 \/etc\/patroni\/callbacks\/on_role_change .* && exec .* "\$@"' on_role_change$/,
  )
})

test('the path is from the folder of the lab.yaml, and a lab is read back as it was', () => {
  const {topology, file} = using('sub/../tell.sh')
  expect(topology().callbacks).toEqual({on_role_change: {file: 'tell.sh', text: program}})
  expect(topologySchema.parse(JSON.parse(JSON.stringify(topology())))).toEqual(topology())
  expect(raisingOf(topology(), file)).toEqual({file, profile: undefined, set: []})
  expect(labFile(topology(), 'made')).toContain('callbacks: {on_role_change: "./tell.sh"}')
})

test('no history has the text of anybody’s program', () => {
  expect(JSON.stringify(withoutPrograms(using('./tell.sh').topology()))).not.toContain('/tmp/told')
})

test.each([
  ['./none.sh', /lab\.yaml:3:21: \.\/none\.sh: there is no such file/],
  ['./sub', /lab\.yaml:3:21: \.\/sub: this is no file/],
  ['./bare.sh', /lab\.yaml:3:21: \.\/bare\.sh: it begins with #! and what runs it/],
  ['./binary', /lab\.yaml:3:21: \.\/binary: such a program is a text in UTF-8/],
  ['./long.sh', /lab\.yaml:3:21: \.\/long\.sh: such a program has at most 64 kB/],
])('%s is refused with its place', (path, says) => {
  expect(using(path).topology).toThrow(says)
})

test('another name is no callback, and one that has a stand-in has two programs', () => {
  expect(written('patroni: {callbacks: {on_rolechange: ./tell.sh}}\n').topology).toThrow(
    /lab\.yaml:1:23: unknown key `on_rolechange`, did you mean `on_role_change`/,
  )
  expect(written('patroni: {callbacks: {on_start: ./tell.sh}}\nstand_ins: [on_start]\n').topology).toThrow(
    /lab\.yaml:1:\d+: on_start has a stand-in as well/,
  )
})

test('a program for after the bootstrap runs behind that of the lab, and is no less refused, kept and kept secret', () => {
  const {topology, file} = written('patroni:\n  post_bootstrap: ./tell.sh\n')
  expect(topology().postBootstrap).toEqual({file: 'tell.sh', text: program})
  const text = render(topology(), allocation({}, topology()), owner)
  expect(read(text).configs['post-bootstrap-own']?.content).toBe(program)
  expect(patroniYml(text).bootstrap.post_bootstrap).toMatch(
    /^\/bin\/sh -c 'psql .*post-bootstrap\.sql "\$1" && install -m 755 \/etc\/patroni\/callbacks\/post_bootstrap (\S+) && exec \1 "\$1"' post_bootstrap$/,
  )
  expect(topologySchema.parse(JSON.parse(JSON.stringify(topology())))).toEqual(topology())
  expect(raisingOf(topology(), file)).toEqual({file, profile: undefined, set: []})
  expect(labFile(topology(), 'made')).toContain('post_bootstrap: "./tell.sh"')
  expect(JSON.stringify(withoutPrograms(topology()))).not.toContain('/tmp/told')
  expect(written('patroni: {post_bootstrap: ./bare.sh}\n').topology).toThrow(/lab\.yaml:1:27: \.\/bare\.sh: it begins/)
  expect(written('patroni: {post_bootstrap: ./tell.sh}\nstand_ins: [post_bootstrap]\n').topology).toThrow(
    /lab\.yaml:1:\d+: post_bootstrap has a stand-in as well/,
  )
})

test('typed, it is a path from here', () => {
  const set = [`patroni.callbacks.on_stop=${join(folder, 'tell.sh')}`]
  expect(loadTopology({set}).callbacks).toEqual({on_stop: {file: 'tell.sh', text: program}})
  expect(() => loadTopology({set: ['patroni.callbacks.on_stop=./nowhere.sh']})).toThrow(
    /patroni\.callbacks\.on_stop: \.\/nowhere\.sh: there is no such file/,
  )
})
