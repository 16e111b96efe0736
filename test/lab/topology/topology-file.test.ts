import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {loadTopology, parseTopology} from '../../../lab/topology/topology-file.ts'
import {LabError} from '../../../lab/words/errors.ts'

const hosts = 'hosts: {node1: [etcd, patroni], proxy1: [haproxy], app1: [client]}\n'

function complaint(text: string, options = {}): string {
  try {
    parseTopology('lab.yaml', text, options)
  } catch (error) {
    if (error instanceof LabError) return `${error.exitCode} ${error.message}`
    throw error
  }
  return 'no complaint'
}

describe('a topology', () => {
  test('the default preset is three hosts, one proxy, one host for the clients, with the timings of Patroni', () => {
    const topology = loadTopology({})
    expect(topology.hosts.map(host => host.name)).toEqual(['node1', 'node2', 'node3', 'proxy1', 'app1'])
    expect(topology.patroni).toMatchObject({
      ttlSeconds: 30,
      loopWaitSeconds: 10,
      retryTimeoutSeconds: 10,
      maximumLagOnFailoverBytes: 1024 ** 2,
    })
  })

  test('--profile and --set win over the file, key by key', () => {
    const topology = parseTopology('lab.yaml', `${hosts}patroni: {ttl: 60s}\n`, {
      profile: 'fast',
      set: ['patroni.loop_wait=2s', 'haproxy.fall=5'],
    })
    expect(topology.patroni).toMatchObject({ttlSeconds: 60, loopWaitSeconds: 2, retryTimeoutSeconds: 3})
    expect(topology.haproxy).toMatchObject({interMs: 1000, fall: 5})
  })

  test('names of every kind are set from the command line', () => {
    const topology = parseTopology('lab.yaml', hosts, {
      set: [
        'hosts.my-host=etcd,patroni',
        'postgresql.parameters.TimeZone=UTC',
        'postgresql.parameters.DateStyle=ISO, DMY',
        'postgresql.parameters.auto_explain.log_format=json',
        'postgresql.parameters.log_line_prefix=a=b',
      ],
    })
    expect(topology.hosts.at(-1)).toEqual({name: 'my-host', services: ['etcd', 'patroni']})
    expect(topology.postgresParameters).toEqual({
      TimeZone: 'UTC',
      DateStyle: 'ISO, DMY',
      'auto_explain.log_format': 'json',
      log_line_prefix: 'a=b',
    })
  })

  test("a parameter replaces an earlier layer's, however either spells it", () => {
    const topology = parseTopology('lab.yaml', `profile: fast\n${hosts}postgresql: {parameters: {timezone: CET}}\n`, {
      set: ['postgresql.parameters.TimeZone=UTC', 'postgresql.parameters.WAL_SENDER_TIMEOUT=7s'],
    })
    expect(topology.postgresParameters).toEqual({
      wal_retrieve_retry_interval: '500ms',
      wal_receiver_timeout: '5s',
      TimeZone: 'UTC',
      WAL_SENDER_TIMEOUT: '7s',
    })
  })

  test('a file with the line ends of Windows is read as any other', () => {
    expect(parseTopology('lab.yaml', `${hosts}patroni:\n  ttl: 60s\n`.replaceAll('\n', '\r\n'))).toEqual(
      parseTopology('lab.yaml', `${hosts}patroni:\n  ttl: 60s\n`),
    )
  })

  test('inter alone means fastinter and downinter too, as in HAProxy', () => {
    expect(parseTopology('lab.yaml', `${hosts}haproxy: {inter: 4s}\n`).haproxy).toMatchObject({
      interMs: 4000,
      fastinterMs: 4000,
      downinterMs: 4000,
    })
  })
})

describe('a complaint about a topology', () => {
  test.each([
    ['', /^2 lab\.yaml:1:1: the file is empty/],
    ['- a\n', /^2 lab\.yaml:1:1: a topology is a mapping/],
    ['profle: fast\n', /^2 lab\.yaml:1:1: unknown key `profle`, did you mean `profile`\?\n {2}profle: fast\n {2}\^$/],
    [
      `${hosts}patroni:\n  ttl: 30s\n  loop_wiat: 5s\n`,
      /^2 lab\.yaml:4:3: unknown key `loop_wiat`, did you mean `loop_wait`\?/,
    ],
    [`${hosts}patroni:\n  ttl: 30\n`, /^2 lab\.yaml:3:8: 30 is not a duration, it has no unit: did you mean 30s\?/],
    [`${hosts}patroni:\n  ttl: 30MB\n`, /^2 lab\.yaml:3:8: .*no unit "MB"/],
    [`${hosts}patroni:\n  ttl: 1500ms\n`, /^2 lab\.yaml:3:8: Patroni takes whole seconds/],
    [`${hosts}patroni:\n  ttl: 10s\n`, /^2 lab\.yaml:3:8: Patroni would silently use .* instead of/],
    [`${hosts}haproxy: {fall: 0}\n`, /^2 lab\.yaml:2:17: at least 1 of failed checks/],
    ['hosts: {node1: [etcd, patroni], app1: [client]}\n', /^2 lab\.yaml:1:8: 0 hosts run haproxy; a lab has 1 to 2/],
    ['hosts: {node1: [etcd, patrony]}\n', /^2 lab\.yaml:1:\d+: a service is one of etcd, patroni, haproxy, client/],
    ['a: [1\n', /^2 lab\.yaml:2:1: /],
    ['a: &a [*a]\n', /^2 lab\.yaml:1:/],
  ])('%j is refused at its place', (text, says) => {
    expect(complaint(text)).toMatch(says)
  })

  test('what --set says wrong is refused with the words of the command line', () => {
    expect(complaint(hosts, {set: ['patroni.tll=25s']})).toMatch(
      /^2 --set patroni\.tll=25s: unknown key `tll`, did you mean `ttl`\?/,
    )
    expect(complaint(hosts, {set: ['patroni']})).toMatch(/^2 --set patroni: write it as key=value/)
    expect(complaint(hosts, {set: ['patroni.ttl=10s']})).toMatch(/^2 patroni\.ttl: Patroni would silently use/)
    expect(complaint(hosts, {profile: 'fats'})).toMatch(/^2 --profile fats: the profile is default or fast/)
  })

  test.each([
    ['\\r', 'a carriage return'],
    ['\\u0085', 'the line break U\\+0085'],
    ['\\u2028', 'the line separator U\\+2028'],
    ['\\x1b', 'an escape character'],
    ['\\n', 'a line break'],
    ['\\t', 'a tab'],
    ['\\u202e', 'the unseen character U\\+202E'],
    ['\\u200b', 'the unseen character U\\+200B'],
  ])('a value with %s, which some reader obeys or nobody sees, is refused at its place', (written, says) => {
    const value = `a${written}services:${written}  evil: {image: x}`
    expect(complaint(`${hosts}postgresql: {parameters: {cluster_name: "${value}"}}\n`)).toMatch(
      new RegExp(`^2 lab\\.yaml:2:41: ${says} cannot stand in `),
    )
    expect(complaint(`${hosts}postgresql: {parameters: {"${value}": 1}}\n`)).toMatch(/^2 lab\.yaml:2:2\d: /)
    const set = [`postgresql.parameters.cluster_name=${JSON.parse(`"${value.replace(/\\x/g, '\\u00')}"`)}`]
    expect(complaint(hosts, {set})).toMatch(
      new RegExp(`^2 --set postgresql[^\\n\\r]*: ${says} cannot stand in a setting$`),
    )
  })

  test('a name is held to the rule of its kind', () => {
    expect(complaint(hosts, {set: ['postgresql.parameters.work mem=1MB']})).toMatch(
      /: a parameter of PostgreSQL has letters/,
    )
    expect(complaint(`${hosts}postgresql: {parameters: {work-mem: 1MB}}\n`)).toMatch(
      /^2 lab\.yaml:2:\d+: a parameter of PostgreSQL has letters/,
    )
    expect(complaint(hosts, {set: ['hosts.My_Host=patroni']})).toMatch(/: a host name has up to 21 small letters/)
    expect(complaint('hosts: {Node1: [etcd]}\n')).toMatch(/^2 lab\.yaml:1:\d+: a host name has up to 21 small letters/)
  })

  test('one parameter in two spellings is refused: PostgreSQL knows no capitals', () => {
    expect(complaint(`${hosts}postgresql: {parameters: {TimeZone: UTC, timezone: CET}}\n`)).toMatch(
      /^2 lab\.yaml:2:\d+: PostgreSQL takes `TimeZone` and `timezone` for the same/,
    )
  })

  test('a file that is not there is named', () => {
    expect(() => loadTopology({topology: './nowhere.yaml'})).toThrow(
      /nowhere\.yaml: cannot read this topology: there is no such file/,
    )
    expect(() => loadTopology({topology: 'defualt'})).toThrow(/there is no preset `defualt`, did you mean `default`\?/)
  })
})

test('a file that says nothing about hosts is the usual lab with other settings', () => {
  const own = parseTopology('lab.yaml', 'patroni: {ttl: 40s}\n')
  expect(own.hosts).toEqual(loadTopology({}).hosts)
  expect(own.patroni.ttlSeconds).toBe(40)
  const more = parseTopology('lab.yaml', 'profile: fast\n', {set: ['hosts.node4=etcd,patroni']})
  expect(more.hosts.map(host => host.name)).toEqual([...own.hosts.map(host => host.name), 'node4'])
})

test('a profile and a service that are mistyped are answered with the nearest', () => {
  expect(() => loadTopology({profile: 'fats'})).toThrow(/the profile is default or fast, did you mean `fast`\?/)
  expect(() => parseTopology('lab.yaml', 'hosts: {a1: [patrini]}\n')).toThrow(/did you mean `patroni`\?/)
  expect(() => loadTopology({set: ['hosts.node4=etdc']})).toThrow(/did you mean `etcd`\?/)
  expect(() => loadTopology({profile: 'elephant'})).toThrow(/the profile is default or fast$/)
})

test('what is wrong with the hosts is told beside a profile and a parameter that are', () => {
  const text = 'profile: fats\nhosts: {a1: [etcd, patroni], app1: [client]}\npatroni: {ttl: 5x}\n'
  let said = ''
  try {
    parseTopology('lab.yaml', text)
  } catch (error) {
    said = (error as Error).message
  }
  expect(said.split('\n')).toEqual([
    expect.stringMatching(/^lab\.yaml:1:10: the profile is/),
    expect.stringMatching(/^lab\.yaml:2:8: 0 hosts run haproxy/),
    expect.stringMatching(/^lab\.yaml:3:16: /),
  ])
})

test('what Patroni would change is answered with the flags to type, which stand', () => {
  for (const [set, says] of [
    [['patroni.ttl=25s'], '--set patroni.ttl=25s --set patroni.loop_wait=5s --set patroni.retry_timeout=10s'],
    [['patroni.ttl=10s'], '--set patroni.ttl=20s --set patroni.loop_wait=1s --set patroni.retry_timeout=9s'],
  ] as const) {
    const hint = hintOf(() => loadTopology({set}))
    expect(hint).toContain(says)
    const typed = [...hint.matchAll(/--set (\S+=\d+s)/g)].map(([, flag = '']) => flag)
    const {ttlSeconds, loopWaitSeconds, retryTimeoutSeconds} = loadTopology({set: typed}).patroni
    expect(says).toBe(
      `--set patroni.ttl=${ttlSeconds}s --set patroni.loop_wait=${loopWaitSeconds}s --set patroni.retry_timeout=${retryTimeoutSeconds}s`,
    )
    // Beside what was typed, too.
    expect(loadTopology({set: [...set, ...typed]}).patroni.ttlSeconds).toBe(ttlSeconds)
  }
  expect(hintOf(() => parseTopology('lab.yaml', `${hosts}patroni: {ttl: 25s}\n`))).toContain(
    '--set patroni.ttl=25s --set patroni.loop_wait=5s --set patroni.retry_timeout=10s',
  )
})

function hintOf(parse: () => unknown): string {
  try {
    parse()
  } catch (error) {
    if (error instanceof LabError) return error.hint ?? ''
    throw error
  }
  return ''
}

test.each(['99999TB', '9999999999999999GB', '99999999999 MB'])('a size of %s is out of reason, and refused', size => {
  const says = `${size} is more than any lab can use`
  expect(() => parseTopology('lab.yaml', 'profile: fast', {set: [`postgresql.parameters.work_mem=${size}`]})).toThrow(
    `--set postgresql.parameters.work_mem=${size}: ${says}`,
  )
  const file = `postgresql:\n  parameters:\n    work_mem: ${size}\n`
  expect(() => parseTopology('lab.yaml', file)).toThrow(`lab.yaml:3:15: ${says}`)
})

test('a whole number of --set stays as it was written, however long', () => {
  const set = ['postgresql.parameters.work_mem=123456789012345678901234']
  expect(parseTopology('lab.yaml', 'profile: fast', {set}).postgresParameters.work_mem).toBe('123456789012345678901234')
})

test.each(['hosts.__proto__=etcd', 'postgresql.parameters.__proto__=x', '__proto__.ttl=40s', 'patroni.__proto__=40s'])(
  '--set %s names no key, and is refused',
  setting => {
    expect(() => parseTopology('lab.yaml', 'profile: fast', {set: [setting]})).toThrow(
      `--set ${setting}: unknown key \`__proto__\``,
    )
  },
)

test.each([
  ['hosts:\n  __proto__: [etcd]\n', '2:3'],
  ['postgresql:\n  parameters:\n    __proto__: x\n', '3:5'],
  ['__proto__:\n  profile: fast\n', '1:1'],
  ['profile: fast\n"__proto__": 1\n', '2:1'],
])('a key `__proto__` in a file is refused with its place: %j', (text, place) => {
  expect(() => parseTopology('lab.yaml', text)).toThrow(`lab.yaml:${place}: unknown key \`__proto__\``)
})

const caseFile = (name: string) => join(import.meta.dirname, '..', '..', 'cases', name)

test('a lab.yaml that says only its profile has the three hosts of the preset', () => {
  const {hosts, profile} = loadTopology({topology: caseFile('min.lab.yaml')})
  expect(profile).toBe('fast')
  expect(hosts).toEqual(loadTopology({profile: 'fast'}).hosts)
})

describe('a watchdog that Patroni could not use', () => {
  const set = (mode: string, margin: string) => [`patroni.watchdog=${mode}`, `patroni.watchdog_safety_margin=${margin}`]
  const load = (mode: string, margin: string) => () => loadTopology({profile: 'fast', set: set(mode, margin)})

  test('is refused where it is required: nobody could ever lead', () => {
    expect(load('required', '25s')).toThrow(/patroni\.watchdog_safety_margin: nobody could ever lead: .* 20 - 25 s/)
    // ttl - margin may be as short as loop_wait, and no shorter.
    expect(load('required', '20s')).toThrow(/nobody could ever lead/)
    expect(load('required', '19s')().patroni.watchdogSafetyMarginSeconds).toBe(19)
  })

  test('is not where Patroni goes on without one', () => {
    expect(load('automatic', '25s')().patroni.watchdog).toBe('automatic')
    expect(load('off', '25s')().patroni.watchdog).toBe('off')
  })
})

test.each([
  ['port=1', 'itself'],
  ['cluster_name=foo', 'itself'],
  ['hot_standby=off', 'keeps'],
  ['max_connections=5', 'no less than 25'],
  ['wal_level=minimal', 'replica or logical'],
  ['hba_file=/x', 'shut out'],
])('a parameter that Patroni would silently overrule is refused: %s', (written, says) => {
  expect(() => loadTopology({set: [`postgresql.parameters.${written}`]})).toThrow(says)
})

test.each([
  'hot_standby=on',
  'wal_log_hints=off',
  'wal_level=logical',
  'max_connections=25',
  'external_pid_file=/tmp/x',
])('a parameter that Patroni takes as it is stays: %s', written => {
  const [name, value] = written.split('=')
  expect(loadTopology({set: [`postgresql.parameters.${written}`]}).postgresParameters).toMatchObject({[name!]: value})
})
