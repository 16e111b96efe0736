/** What cannot be true is refused with its place and what was meant; what can be true is not. */
import {describe, expect, test} from 'vitest'
import {about, clients, complaint} from './complaint.ts'

const steps = 'steps: [{inject: switchover, on: replica, as: move}]\n'
const expecting = (expected: string, of = clients, doing = steps) =>
  complaint(`${about}${of}${doing}expect: [${expected}]\n`)
const doing = (step: string) => complaint(`${about}${clients}steps: [${step}]\nexpect: [no-lost-writes]\n`)

describe('an expectation that cannot be true', () => {
  test.each([
    ['{promoted: {not: old-leadr}}', /4:27: `old-leadr` names nobody, did you mean `old-leader`\?/],
    ['{promoted: {is: moev}}', /`moev` names nobody, did you mean `move`\?/],
    ['{promoted: {is: move, not: move}}', /nobody is and is not the same/],
    ['{unavailability: {writes: {at-least: 5s, at-most: 2s}}}', /`at-least` is longer than `at-most`/],
    ['{unavailability: {writes: {at-most: 0s}}}', /longer than 0s/],
    ['{nobody-promoted: {for: 0s}}', /longer than 0s/],
    ['{failover: {within: 0s}}', /longer than 0s/],
    ['{rejoined: {within: 0s}}', /longer than 0s/],
    ['{recovered: {within: 0s}}', /longer than 0s/],
    ['{demoted: {within: 0s}}', /longer than 0s/],
    ['{clients-reconnect: {within: 0s}}', /longer than 0s/],
    ['one-writable-primary, two-writable-primaries', /cannot both hold/],
    ['{promoted: {is: old-leader}}, {promoted: {not: old-leader}}', /nobody is and is not old-leader/],
    ['{promoted: {is: node1}}, {promoted: {is: node2}}', /node1 and node2 are not one host/],
    [
      '{unavailability: {writes: {at-least: 5s}}}, {unavailability: {writes: {at-most: 2s}}}',
      /no time without writes is at least 5s and at most 2s/,
    ],
    ['{nobody-promoted: {for: 5s, until: end}}, {promoted: {is: node2}}', /cannot both hold/],
    ['{nobody-promoted: {for: 5s, until: end}}, {failover: {within: 30s}}', /cannot both hold/],
    ['bank', /there are none among the clients/],
    ['monotonic-reads', /there are no readers/],
    ['{unavailability: {reads: {at-most: 5s}}}', /there are no readers/],
  ])('%s', (expected, says) => expect(expecting(expected)).toMatch(says))

  const readers = 'clients: [{readers: 2, rate: 20/s, through: primary}]\n'

  test.each([
    'no-lost-writes',
    'failover',
    '{clients-reconnect: {within: 5s}}',
    '{unavailability: {writes: {at-most: 5s}}}',
  ])('%s with readers only', expected =>
    expect(expecting(expected, readers)).toMatch(/is about clients that write, and all clients here only read/),
  )

  test('also where a step waits for it', () => {
    const waits = 'steps: [{until: {promoted: {is: nobdy}}, within: 1m}]\n'
    expect(expecting('no-lost-writes', clients, waits)).toMatch(/`nobdy` names nobody/)
  })
})

test.each([
  '{promoted: {is: move, not: old-leader}}',
  '{promoted: {is: node2}}',
  '{promoted: {is: node2}}, {promoted: {not: old-leader}}',
  '{unavailability: {writes: {at-least: 1s}}}, {unavailability: {writes: {at-most: 2s}}}',
  '{nobody-promoted: {for: 5s}}, {failover: {within: 30s}}',
  '{promoted: {is: sync-standby}}',
  '{unavailability: {writes: {at-least: 0s, at-most: 2s}}}',
  '{one-writable-primary: {seen-by: proxied-clients}}, {two-writable-primaries: {at-least: 1s}}',
])('%s can be true', expected => expect(expecting(expected)).toBe('no complaint'))

describe('a step that can do nothing', () => {
  test.each([
    ['{inject: partition, on: [leader, leader], from: leader}', /leader is cut from itself/],
    ['{inject: partition, on: leader, from: leader}', /leader is cut from itself/],
    ['{inject: partition, on: node1, from: [node1]}', /node1 is cut from itself/],
    [
      '{inject: kill, what: pgpool, on: proxy}',
      /`what` is one of host, etcd, patroni, haproxy, pgbouncer, keepalived, postgres/,
    ],
    [
      '{inject: set-config, config: {maximum_lag_on_failvoer: 1}}',
      /3:30: Patroni knows no key `maximum_lag_on_failvoer`, did you mean `maximum_lag_on_failover`\?|did you mean `maximum_lag_on_failover`\?/,
    ],
    ['{inject: set-config, config: {synchronous_mode: onn}}', /3:\d+: Patroni cannot use `synchronous_mode: onn`: /],
    ['{inject: set-config, config: {synchronous_mode: strict}}', /that is `synchronous_mode_strict: true`/],
    ['{until: failover, within: 0s}', /longer than 0s/],
    ['{inject: set-config, config: {ttl: abc}}', /3:\d+: Patroni cannot use `ttl: abc`: /],
    [
      '{inject: set-config, config: {maximum_lag_on_failover: -1}}',
      /Patroni cannot use `maximum_lag_on_failover: -1`: /,
    ],
    ['{inject: set-config, config: {postgresql: {use_slots: onn}}}', /Patroni cannot use `use_slots: onn`: /],
    [
      '{inject: set-config, config: {postgresql: {parameters: {wal_level: minimal}}}}',
      /`wal_level` is replica or logical/,
    ],
    ['{inject: set-config, config: {postgresql: {parametres: {work_mem: 8MB}}}}', /did you mean `parameters`\?/],
  ])('%s', (step, says) => expect(doing(step)).toMatch(says))

  test('a key that every JavaScript object has is one that Patroni does not know, and no more', () => {
    for (const key of ['toString', 'constructor', 'valueOf'])
      expect(doing(`{inject: set-config, config: {${key}: 1}}`)).toBe('no complaint')
  })

  test.each([
    '{inject: partition, on: node1, from: node1, services: [etcd]}',
    '{inject: set-config, config: {synchronous_mode: true, failsafe_mode: false, ttl: "40", maximum_lag_on_failover: 0}}',
    '{inject: set-config, config: {synchronous_mode: quorum, check_timeline: yes, ttl: null, maximum_lag_on_syncnode: -1}}',
    '{inject: set-config, config: {postgresql: {use_slots: false, parameters: {max_connections: 120, work_mem: null}}}}',
    '{inject: partition, on: all, from: all}',
    '{inject: partition, on: leader, from: replicas}',
    '{inject: set-config, config: {ttl: 40, postgresql: {parameters: {work_mem: 8MB}}, slots: {a: {type: physical}}}}',
  ])('%s can', step => expect(doing(step)).toBe('no complaint'))
})

describe('`together: true`', () => {
  const crash = '{inject: kill, what: host, on: leader, as: crash}'
  const more = '{inject: kill, what: host, on: replica, as: more, together: true}'

  test('is for a fault right after another one, or several', () => {
    expect(doing(`${crash}, ${more}`)).toBe('no complaint')
    expect(doing(`${crash}, ${more}, {inject: pause, what: etcd, on: node3, together: true}`)).toBe('no complaint')
    expect(doing(`${crash}, {hold: 1s}, {inject: pause, what: etcd, on: node3, together: false}`)).toBe('no complaint')
  })

  test.each([
    ['the first step', more],
    ['a step that no fault stands right before', `${crash}, {hold: 1s}, ${more}`],
  ])('is refused with its place on %s', (_, written) => {
    expect(doing(written)).toMatch(
      /^2 mine\.yaml:3:\d+: `together` is for a fault at the same moment as the one before it: the step right before this one injects none\n/,
    )
  })

  test('is no mistake of its own after a step with one, and is true or false', () => {
    expect(doing(`{inject: kil, what: host, on: leader}, ${more}`)).not.toContain('`together`')
    expect(doing(`${crash}, ${more.replace('true', 'maybe')}`)).toContain('`together` is true or false')
    expect(doing(`${crash}, {hold: 1s, together: true}`)).toContain('together')
  })
})
