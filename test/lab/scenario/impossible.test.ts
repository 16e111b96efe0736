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
  '{promoted: {is: sync-standby}}',
  '{unavailability: {writes: {at-least: 0s, at-most: 2s}}}',
  '{one-writable-primary: {seen-by: proxied-clients}}, {two-writable-primaries: {at-least: 1s}}',
])('%s can be true', expected => expect(expecting(expected)).toBe('no complaint'))

describe('a step that can do nothing', () => {
  test.each([
    ['{inject: partition, on: leader, from: leader}', /leader is cut from itself/],
    ['{inject: partition, on: node1, from: [node1]}', /node1 is cut from itself/],
    ['{inject: kill, what: pgbouncer, on: proxy}', /`what` is one of host, patroni, etcd, haproxy, postgres/],
    [
      '{inject: set-config, config: {maximum_lag_on_failvoer: 1}}',
      /3:30: Patroni knows no key `maximum_lag_on_failvoer`, did you mean `maximum_lag_on_failover`\?|did you mean `maximum_lag_on_failover`\?/,
    ],
    ['{inject: set-config, config: {postgresql: {parametres: {work_mem: 8MB}}}}', /did you mean `parameters`\?/],
  ])('%s', (step, says) => expect(doing(step)).toMatch(says))

  test.each([
    '{inject: partition, on: node1, from: node1, services: [etcd]}',
    '{inject: partition, on: all, from: all}',
    '{inject: partition, on: leader, from: replicas}',
    '{inject: set-config, config: {ttl: 40, postgresql: {parameters: {work_mem: 8MB}}, slots: {a: {type: physical}}}}',
  ])('%s can', step => expect(doing(step)).toBe('no complaint'))
})
