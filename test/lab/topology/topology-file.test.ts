import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {loadTopology, parseTopology} from '../../../lab/topology/topology-file.ts'
import {LabError} from '../../../lab/words/errors.ts'

const hosts = 'hosts: {node1: [etcd, patroni], proxy1: [haproxy], app1: [client]}\n'

const pooled = 'hosts: {node1: [etcd, patroni, pgbouncer], proxy1: [haproxy], app1: [client]}\n'

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

describe('a pooler', () => {
  test("has PgBouncer's own times unless the profile or the person says others", () => {
    expect(parseTopology('lab.yaml', pooled).pgbouncer).toMatchObject({
      serverLoginRetryMs: 15_000,
      queryWaitTimeoutMs: 120_000,
    })
    expect(parseTopology('lab.yaml', pooled, {profile: 'fast'}).pgbouncer).toMatchObject({serverLoginRetryMs: 1000})
    const written = {set: ['pgbouncer.server_login_retry=500ms', 'pgbouncer.auth=auth_query', 'pgbouncer.port=6433']}
    const topology = parseTopology('lab.yaml', pooled, written)
    expect(topology.pgbouncer).toMatchObject({serverLoginRetryMs: 500, auth: 'auth_query', poolMode: 'transaction'})
    expect(topology.ports).toEqual({pgbouncer: 6433})
  })

  test('is spoken of only where there is one', () => {
    expect(loadTopology({})).not.toHaveProperty('pgbouncer')
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

describe('what is wrong of several settings together stands at the one that was written', () => {
  const said = (text: string, set: readonly string[] = []) => {
    try {
      parseTopology('lab.yaml', `${hosts}${text}`, {set})
    } catch (error) {
      return (error as Error).message.split('\n')[0]
    }
    return 'right'
  }
  const line = hosts.split('\n').length

  test.each([
    ['patroni:\n  ttl: 25s\n', `${line + 1}:8`],
    ['patroni: {retry_timeout: 14s}\n', `${line}:26`],
    ['patroni: {ttl: 25s, loop_wait: 8s}\n', `${line}:32`],
    ['profile: fast\npatroni: {ttl: 21s, retry_timeout: 10s, loop_wait: 5s}\n', `${line + 1}:52`],
    ['patroni: {retry_timeout: 14s, ttl: 35s}\n', `${line}:36`],
  ])('%j', (text, place) => expect(said(text)).toMatch(new RegExp(`^lab\\.yaml:${place}: `)))

  test('also where something else was typed with --set', () => {
    expect(said('patroni:\n  ttl: 25s\n', ['haproxy.fall=2'])).toMatch(/^lab\.yaml:\d+:8: Patroni would/)
    // What was typed is about it, and stands in no file.
    expect(said('patroni:\n  ttl: 25s\n', ['patroni.retry_timeout=9s'])).toMatch(
      /^patroni\.retry_timeout: Patroni would/,
    )
  })
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
  ['wal_keep_size=8MB', 'no less than 16MB'],
  ['wal_keep_size=8', 'no less than 16MB'],
  ['wal_keep_size=16000kB', 'no less than 16MB'],
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
  'wal_keep_size=16MB',
  'wal_keep_size=1GB',
  'wal_keep_size=16384kB',
  'external_pid_file=/tmp/x',
])('a parameter that Patroni takes as it is stays: %s', written => {
  const [name, value] = written.split('=')
  expect(loadTopology({set: [`postgresql.parameters.${written}`]}).postgresParameters).toMatchObject({[name!]: value})
})

test.each([
  ['haproxy-no-shutdown.lab.yaml', {onMarkedDown: 'none', interMs: 3000, fastinterMs: 3000, fall: 3, rise: 2}],
  ['haproxy-timeouts.lab.yaml', {onMarkedDown: 'shutdown-sessions', clientTimeoutMs: 30_000, serverTimeoutMs: 30_000}],
])('%s says what HAProxy does with sessions', (name, haproxy) => {
  expect(loadTopology({topology: caseFile(name)}).haproxy).toMatchObject(haproxy)
})
