import {execFileSync} from 'node:child_process'
import {mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join, resolve} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {z} from 'zod'
import {parseScenario} from '../../../lab/scenario/index.ts'
import {parseTopology} from '../../../lab/topology/topology-file.ts'
import {Located} from '../../../lab/words/decode.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {readText} from '../../../lab/words/read-text.ts'

/** The lines of the complaint, without what is shown of the file. */
function complaint(parse: () => unknown): string[] {
  try {
    parse()
  } catch (error) {
    if (error instanceof LabError && error.exitCode === 2) return error.message.split('\n')
    throw error
  }
  return []
}

const topology = (text: string) => complaint(() => parseTopology('lab.yaml', text))
const scenario = (text: string) => complaint(() => parseScenario('mine.yaml', text))

test.each([
  ['hosts: !!set {a, b}', '1:14: `!!set` has no meaning here'],
  ['hosts: !!omap [a: 1]', '1:15: `!!omap` has no meaning here'],
  ['patroni: !!binary aGVsbG8=', '1:19: `!!binary` has no meaning here'],
  ['patroni: {ttl: !!timestamp 2001-01-01}', '1:28: `!!timestamp` has no meaning here'],
  ['patroni: {ttl: !foo 10s}', '1:21: `!foo` has no meaning here'],
  ['hosts: 5', '1:8: a mapping of keys to values was expected, this is a number'],
  ['hosts: []', '1:8: a mapping of keys to values was expected, this is a list'],
  ['patroni: 5', '1:10: a mapping of keys to values was expected, this is a number'],
  ['postgresql: {parameters: [1]}', '1:26: a mapping of keys to values was expected, this is a list'],
  ['patroni: {ttl: 99999999999999999999s}', '1:16: "99999999999999999999s" is more than any lab can use'],
  ['? [a]\n: 1', '1:3: a key of a topology is a text'],
])('%s is refused in words of ours', (text, says) => {
  expect(topology(`${text}\n`)[0]).toBe(`lab.yaml:${says}`)
})

test('what YAML would read anyway may be said with a tag', () => {
  expect(topology('patroni: !!map {ttl: !!str 40s}\n')).toEqual([])
})

describe('the mistakes of one file are told at once, by place', () => {
  test('in a topology', () => {
    expect(
      topology(`profile: fats
hosts: {node1: [etcd, patrony]}
patroni:
  ttl: 30
  loop_wiat: 5s
haproxy: {fall: 0, rsie: 2}
`),
    ).toEqual([
      'lab.yaml:1:10: the profile is default or fast, did you mean `fast`?',
      'lab.yaml:2:23: a service is one of etcd, patroni, haproxy, pgbouncer, keepalived, client, did you mean `patroni`?',
      'lab.yaml:4:8: 30 is not a duration, it has no unit: did you mean 30s?',
      'lab.yaml:5:3: unknown key `loop_wiat`, did you mean `loop_wait`?',
      'lab.yaml:6:17: failed checks: at least 1',
      'lab.yaml:6:20: unknown key `rsie`, did you mean `rise`?',
    ])
    expect(topology('hosts: {node1: [etcd, patroni]}\n')).toEqual([
      'lab.yaml:1:8: 0 hosts run haproxy; a lab has 1 to 9',
      'lab.yaml:1:8: 0 hosts run client; a lab has exactly 1',
    ])
    expect(topology('profile: "a\\e"\nhosts: {node1: ["\\e"]}\n')).toEqual([
      'lab.yaml:1:10: an escape character cannot stand in a topology',
      'lab.yaml:2:17: an escape character cannot stand in a topology',
    ])
  })

  test('in a scenario, in its head and in every group, step and expectation', () => {
    expect(
      scenario(`about: short
suite: Fail Over
needs: {postgres: 30, patroni: {tll: 30s}}
clients:
  - {writers: 2, rate: 100, through: primry}
  - {readers: 2, rate: 50/s, to: laeder}
  - none
steps:
  - {hodl: 2s}
  - {inject: kill, what: hots, on: leadr}
  - {until: failovr, within: soon}
  - {heal: crash}
expect:
  - failovr
  - failover: {wihtin: 10s}
`),
    ).toEqual([
      'mine.yaml:1:8: `about` says in a sentence what must happen, in at least 10 characters',
      expect.stringMatching(/^mine\.yaml:2:8: a name has small letters/),
      'mine.yaml:3:19: at most 9 hosts with PostgreSQL',
      'mine.yaml:3:33: unknown key `tll`, did you mean `ttl`?',
      expect.stringMatching(/^mine\.yaml:5:24: 100 is not a rate/),
      'mine.yaml:5:38: `through` is primary, replicas or members, did you mean `primary`?',
      'mine.yaml:6:34: `laeder` names nobody, did you mean `leader`?',
      'mine.yaml:7:5: a group of clients is a mapping',
      expect.stringMatching(/^mine\.yaml:9:6: a step begins with .*did you mean `hold`\?$/),
      expect.stringMatching(/^mine\.yaml:10:26: `what` is one of host, /),
      'mine.yaml:10:36: `leadr` names nobody, did you mean `leader`?',
      'mine.yaml:11:13: there is no check `failovr`, did you mean `failover`?',
      expect.stringMatching(/^mine\.yaml:11:30: "soon" is not a duration/),
      expect.stringMatching(/^mine\.yaml:12:12: no earlier step injects `crash`/),
      'mine.yaml:14:5: there is no check `failovr`, did you mean `failover`?',
      'mine.yaml:15:16: unknown key `wihtin`, did you mean `within`?',
    ])
  })

  test('and of very many the first, with how many more there are', () => {
    const many = Array.from({length: 30}, (_, index) => `  - nothing${index}`).join('\n')
    const told = scenario(
      `about: long enough to be a claim\nclients: [{writers: 2, rate: 10/s, through: primary}]\nsteps: [{hold: 1s}]\nexpect:\n${many}\n`,
    )
    expect(told).toHaveLength(21)
    expect(told[19]).toMatch(/^mine\.yaml:24:5: there is no check `nothing19`/)
    expect(told[20]).toBe('and 10 more')
  })

  test('and on the command line those of every --set', () => {
    expect(
      complaint(() => parseTopology('lab.yaml', 'profile: fast\n', {set: ['patroni.tll=25s', 'haproxy.fall=0']})),
    ).toEqual([
      '--set patroni.tll=25s: unknown key `tll`, did you mean `ttl`?',
      '--set haproxy.fall=0: failed checks: at least 1',
    ])
  })
})

describe('one mistake is told once', () => {
  const head = 'about: long enough to be a claim\nclients: [{writers: 2, rate: 10/s, through: primary}]\n'
  const expectation = 'expect: [no-failover]\n'

  test.each([
    [
      'a key that is missing because it is mistyped',
      `${head}stpes: [{hold: 1s}]\n${expectation}`,
      /^mine\.yaml:3:1: unknown key `stpes`, did you mean `steps`\?$/,
    ],
    [
      'a mistyped parameter of a fault',
      `${head}steps: [{inject: kill, waht: host, on: leader}]\n${expectation}`,
      /^mine\.yaml:3:24: unknown key `waht`, did you mean `what`\?$/,
    ],
    [
      'a mistyped fault, which a later step names',
      `${head}steps: [{inject: kil, what: host, on: leader, as: crash}, {inject: kill, what: host, on: crash, as: b}, {heal: crash}]\n${expectation}`,
      /^mine\.yaml:3:18: there is no fault `kil`, did you mean `kill`\?$/,
    ],
    [
      'a mistyped fault, which a later step heals by its right name',
      `${head}steps: [{inject: kil, what: host, on: leader}, {heal: kill}]\n${expectation}`,
      /^mine\.yaml:3:18: there is no fault `kil`/,
    ],
    [
      'a mistyped `inject`',
      `${head}steps: [{injct: kill, what: host, on: leader}, {heal: kill}]\n${expectation}`,
      /^mine\.yaml:3:10: a step begins with one of .*did you mean `inject`\?$/,
    ],
    [
      'a wrong parameter of a step that is healed',
      `${head}steps: [{inject: kill, what: hots, on: leader}, {heal: kill}]\n${expectation}`,
      /^mine\.yaml:3:30: `what` is one of host/,
    ],
    [
      'a wrong `within` that the check would take',
      `${head}steps: [{until: rejoined, within: 2h}]\n${expectation}`,
      /^mine\.yaml:3:35: at most 30 min/,
    ],
    [
      'a missing `within` that the check would take',
      `${head}steps: [{until: rejoined}]\n${expectation}`,
      /^mine\.yaml:3:9: `within` is missing/,
    ],
    ['a list that is none', `${head}steps: none\n${expectation}`, /^mine\.yaml:3:8: `steps` is a list$/],
  ])('%s', (_, text, says) => {
    const [told, shown, mark, ...more] = scenario(text)
    expect(told).toMatch(says)
    expect([shown, mark?.trim(), more]).toEqual([`  ${text.split('\n')[2]}`, '^', []])
  })
})

test('a key that JavaScript takes for a prototype is told with its place, not lost', () => {
  const text = 'hosts:\n  __proto__: [etcd]\n'
  expect(() => new Located('lab.yaml', text, 'topology')).toThrow(/^lab\.yaml:2:3: unknown key `__proto__`/)
})

test('a key that stands twice is told with its place', () => {
  const text = 'hosts: {}\nhosts:\n  a: [etcd]\n  a: [patroni]\n'
  expect(() => new Located('lab.yaml', text, 'topology')).toThrow(
    'lab.yaml:2:1: `hosts` stands here twice\nlab.yaml:4:3: `a` stands here twice',
  )
})

test('of mistakes without end the first are told and the others counted, without a walk for each', () => {
  const text = Array.from({length: 40_000}, (_, index) => `k${index}: 1`).join('\n')
  const source = new Located('lab.yaml', text, 'topology')
  expect(() => source.decode(z.strictObject({}))).toThrow(/^lab\.yaml:1:1: unknown key `k0`[\s\S]*\nand 39980 more$/)
})

describe('a file that a person names', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'decode-'))
    execFileSync('mkfifo', [join(folder, 'pipe.yaml')])
    writeFileSync(join(folder, 'long.yaml'), ' '.repeat(2 ** 20 + 1))
    writeFileSync(join(folder, 'lab.yaml'), 'hosts: {}\n')
    symlinkSync('lab.yaml', join(folder, 'link.yaml'))
  })
  afterAll(() => rmSync(folder, {recursive: true}))

  test.each([
    ['/dev/zero', /^\/dev\/zero is not read: it is a device or a pipe$/],
    ['pipe.yaml', /pipe\.yaml is not read: it is a device or a pipe$/],
    ['long.yaml', /long\.yaml: cannot read this topology: it is longer than 1 MB$/],
    ['nowhere.yaml', /nowhere\.yaml: cannot read this topology: there is no such file$/],
    ['.', /is not read: it is a folder$/],
  ])('%s is refused at once', (name, says) => {
    expect(() => readText(resolve(folder, name), 'topology')).toThrow(says)
  })

  test('is followed where it is a link', () => {
    expect(readText(join(folder, 'link.yaml'), 'topology')).toBe('hosts: {}\n')
  })
})
