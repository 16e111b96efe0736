/** What lint, init and the hba readings say of patroni.yml beyond the one example of each rule. */
import {describe, expect, test} from 'vitest'
import {importFrom} from '../../../lab/import/import.ts'
import {byName, type Change, changed, found, right, type Texts} from './cluster.ts'

const told = (texts: Texts, id: string) => found(texts).filter(({rule}) => rule.id === id)
const of = (texts: Texts) => importFrom(Object.entries(texts).map(([file, text]) => ({file, text})))
const hbaReplication = '        - host replication repl 10.0.0.0/24 scram-sha-256\n'

test('two members of one address of the REST API are told too, and one file given twice is not', () => {
  const texts = changed(['n2.yml', 'connect_address: 10.0.0.2:8008', 'connect_address: 10.0.0.1:8008'])
  expect(told(texts, 'cluster/address-twice')[0]?.says).toBe('n1.yml has restapi.connect_address 10.0.0.1:8008 too')
})

test('of etcd and etcd3 Patroni takes etcd, the first by name (dcs/__init__.py: get_dcs)', () => {
  const texts = changed(['n*.yml', 'etcd3:\n', 'etcd:\n  hosts: 10.0.1.1:2379,10.0.1.2:2379\netcd3:\n'])
  expect(told(texts, 'patroni/etcd-v2')).toHaveLength(3)
  expect(told(texts, 'patroni/several-stores')[0]?.says).toContain('takes etcd')
  expect(of(texts).notModelled.join('\n')).toContain('(patroni/etcd-v2)')
})

test('a member of Citus is refused as a lab, and what Patroni passes over as that is not', () => {
  const citus = (group: string) => changed(['n*.yml', 'etcd3:\n', `citus: {database: shop, group: ${group}}\netcd3:\n`])
  expect(() => of(citus('0'))).toThrow(/n1\.yml:\d+:1: a member of Citus/)
  expect(() => of(citus('"zero"'))).not.toThrow()
})

describe('an address of IPv6 is none of IPv4', () => {
  const lines = (network: string) =>
    changed(['n*.yml', hbaReplication, `        - host replication repl ${network} md5\n`])
  test.each(['fd00::/8', '::/0', '::1/128'])('%s lets in no member of 10.0.0.0/24', network => {
    expect(told(lines(network), 'patroni/hba-no-replication')).toHaveLength(3)
  })
  const inV6 = (network: string) => {
    const texts = lines(network)
    return Object.fromEntries(
      Object.entries(texts).map(([file, text]) => [
        file,
        text.replaceAll(/connect_address: 10\.0\.0\.(\d):(\d+)/g, 'connect_address: "[fd00::$1]:$2"'),
      ]),
    )
  }
  test.each(['fd00::/8', '::/0', 'all', 'fd00::/64'])('%s lets in members of fd00::/64', network => {
    expect(told(inV6(network), 'patroni/hba-no-replication')).toEqual([])
  })
  test.each(['fd01::/16', '0.0.0.0/0', '10.0.0.0/8'])('%s does not', network => {
    expect(told(inV6(network), 'patroni/hba-no-replication')).toHaveLength(3)
  })
})

describe('lines for single addresses let in no more members than there are of them,', () => {
  const few = 'patroni/hba-too-few-addresses'
  const lines = (...all: readonly string[]): Change => [
    'n*.yml',
    hbaReplication,
    all.map(line => `        - ${line}\n`).join(''),
  ]
  const of = (...addresses: readonly string[]) => lines(...addresses.map(one => `host replication repl ${one} md5`))
  const says = (...changes: readonly Change[]) => told(changed(...byName, ...changes), few).map(one => one.says)
  const oneFile: Change = ['n[23].yml']

  test('and the others are locked out of replication', () => {
    expect(says(of('172.20.20.211/32', '127.0.0.1/32'), oneFile)).toEqual([
      'repl is let into replication from 1 address alone, and has to come from 3 members: at least 2 are locked out',
    ])
    expect(says(of('172.20.20.1 255.255.255.255', '172.20.20.2/32'), oneFile)).toEqual([
      'repl is let into replication from 2 addresses alone, and has to come from 3 members: at least 1 is locked out',
    ])
    expect(says(of('172.20.20.1/32', '172.20.20.2/32', '172.20.20.3/32'))).toEqual([])
  })

  test('or of the database that pg_rewind reads', () => {
    const rewind: Change = ['n*.yml', '- host all all 10.0.0.0/8', '- host postgres rewinder 172.20.20.1/32']
    expect(says(rewind, oneFile)[0]).toMatch(/^rewinder is let into postgres from 1 address alone/)
    expect(says(rewind, ['n*.yml', 'use_pg_rewind: true', 'use_pg_rewind: false'])).toEqual([])
  })

  test('where a file has lines of its own its own member need not be among them', () => {
    const own = (number: number, ...others: readonly number[]): Change => [
      `n${number}.yml`,
      '  data_dir: /srv/pg',
      `  data_dir: /srv/pg\n  pg_hba:\n${others.map(one => `  - host replication repl 172.20.20.${one}/32 md5\n`).join('')}  - host all all all md5`,
    ]
    expect(says(own(1, 2, 3), own(2, 1, 3), own(3, 1, 2))).toEqual([])
    expect(says(own(1, 2, 3), oneFile)).toEqual([])
    expect(says(own(1, 2), own(2, 1, 3), own(3, 1, 2))).toEqual([
      'repl is let into replication from 1 address alone, and has to come from 2 other members: at least 1 is locked out',
    ])
    // Of two files with the same lines one lacks an address that it needs.
    expect(says(own(1, 2, 3), own(2, 3, 2), own(3, 1, 2))).toHaveLength(2)
  })

  test.each([
    ['a network', of('172.20.20.211/32', '172.20.20.0/24')],
    ['a name, which may have several', of('172.20.20.211/32', 'db2.example.org')],
    ['everybody', of('172.20.20.211/32', 'all')],
    [
      'a group that the user may be in',
      lines('host replication repl 172.20.20.211/32 md5', 'host all,replication +x all md5'),
    ],
  ])('but not where a line is for %s', (_, change) => expect(says(change)).toEqual([]))

  test('where nobody is let in, or one whose address is known is not, that is said alone', () => {
    expect(says(of())).toEqual([])
    const known = changed(of('10.0.0.1/32'))
    expect(told(known, few)).toEqual([])
    expect(told(known, 'patroni/hba-no-replication')).not.toEqual([])
  })
})

test('trust for everywhere is told with whom it lets in', () => {
  const says = (users: string) =>
    told(
      changed(['n*.yml', hbaReplication, `${hbaReplication}        - host ${users} 0.0.0.0/0 trust\n`]),
      'patroni/hba-trust-world',
    )[0]?.says
  expect(says('replication repl')).toContain('whoever reaches the port is repl')
  expect(says('all all')).toContain('is superuser')
  expect(says('all postgres,app')).toContain('is superuser')
})

test('bootstrap.pg_hba beside postgresql.pg_hba is never written (postgresql/config.py: append_pg_hba)', () => {
  const texts = changed(['n*.yml', '  dcs:\n', '  pg_hba:\n    - host all all all md5\n  dcs:\n'])
  expect(told(texts, 'patroni/bootstrap-hba')[0]?.says).toContain('has no effect')
})

test('a logical slot without plugin or database is not made, and what Patroni takes for logical is', () => {
  const slots = (line: string) =>
    changed(['n*.yml', '    ttl: 30\n', `    ttl: 30\n    slots:\n      events: ${line}\n`])
  expect(told(slots('{type: logical, database: shop}'), 'patroni/slot-not-made')[0]?.says).toContain('without plugin')
  expect(told(slots('{type: logcal}'), 'patroni/slot-not-made')[0]?.says).toContain('neither physical nor logical')
})

describe('bootstrap.dcs is the same where Patroni takes the same', () => {
  test.each([
    ['    ttl: 30\n', '    ttl: "30"\n'],
    ['synchronous_mode: false', 'synchronous_mode: "off"'],
    ['maximum_lag_on_failover: 1048576', 'maximum_lag_on_failover: "0x100000"'],
    ['max_connections: 200', 'max_connections: "200"'],
  ])('%s and %s', (from, to) => expect(told(changed(['n2.yml', from, to]), 'cluster/dcs-differs')).toEqual([]))
  test('and not where it does not', () => {
    expect(told(changed(['n2.yml', '    ttl: 30\n', '    ttl: "31"\n']), 'cluster/dcs-differs')).toHaveLength(1)
  })
})

test('two outputs of show-config that differ are told, since only the first counts', () => {
  const two = (second: string) => ({...right, 'show1.yml': 'ttl: 30\nloop_wait: 10\n', 'show2.yml': second})
  expect(of(two('ttl: 60\nloop_wait: 10\n')).notModelled.join('\n')).toMatch(/show2\.yml:1:1: .* not what show1\.yml/)
  expect(of(two('loop_wait: 10\nttl: "30"\n')).notModelled.join('\n')).not.toContain('show2.yml')
})
