import {describe, expect, test} from 'vitest'
import {loadTopology, parseTopology} from '../../../lab/topology/topology-file.ts'
import {LabError} from '../../../lab/words/errors.ts'

const hosts = 'hosts: {node1: [etcd, patroni], proxy1: [haproxy], app1: [client]}\n'

const shared =
  'hosts: {node1: [etcd, patroni], proxy1: [haproxy, keepalived], proxy2: [haproxy, keepalived], app1: [client]}\n'
const pooled = 'hosts: {node1: [etcd, patroni, pgbouncer], proxy1: [haproxy], app1: [client]}\n'

function complaint(text: string, options = {}): string {
  try {
    parseTopology('lab.yaml', text, options)
  } catch (error) {
    if (error instanceof LabError) return `${error.exitCode} ${error.message}`
    throw error
  }
  return 'no complaint'
}

function hintOf(text: string): string {
  try {
    parseTopology('lab.yaml', text)
  } catch (error) {
    if (error instanceof LabError) return error.hint ?? ''
    throw error
  }
  return ''
}

test.each([
  'haproxy: {port: 5000, replicas_port: 5000}\n',
  `${pooled}postgresql: {port: 6432}\n`,
  'hosts: {node1: [etcd, patroni, haproxy], app1: [client]}\nhaproxy: {port: 2379}\n',
  'hosts: {node1: [etcd, patroni, haproxy], app1: [client]}\npatroni: {port: 2380}\n',
])('the port that is named as a way out is one: %s', text => {
  const [, section = '', key = '', port = ''] = /`(\w+): \{(\w+): (\d+)\}`/.exec(hintOf(text)) ?? []
  const written = text.replace(new RegExp(`(${section}: \\{.*)\\b${key}: \\d+`), `$1${key}: ${port}`)
  expect(written).not.toBe(text)
  expect(complaint(written)).toBe('no complaint')
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
    ['release: buster\n', /^2 lab\.yaml:1:10: the release is bookworm, trixie, forky/],
    [
      'release: bookworm\npatroni: {synchronous_mode: quorum}\n',
      /^2 lab\.yaml:2:29: Patroni 3\.0, which bookworm has, does not know synchronous_mode quorum/,
    ],
    [
      'release: bookworm\npatroni: {member_slots_ttl: 10m}\n',
      /^2 lab\.yaml:2:29: Patroni 3\.0, which bookworm has, does not know member_slots_ttl/,
    ],
    [
      `${pooled}release: bookworm\n`,
      /^2 lab\.yaml:2:10: the lab's clients prepare their statements, which the PgBouncer of bookworm does not keep/,
    ],
    [`${pooled}release: bookworm\npgbouncer: {pool_mode: session}\n`, /^no complaint$/],
    [
      'patroni: {tags: {node1: {sync_priority: 2}}}\n',
      /^2 lab\.yaml:1:\d+: Patroni 4\.0, which trixie has, does not know sync_priority/,
    ],
    [`${hosts}patroni:\n  ttl: 30\n`, /^2 lab\.yaml:3:8: 30 is not a duration, it has no unit: did you mean 30s\?/],
    [`${hosts}patroni:\n  ttl: 30MB\n`, /^2 lab\.yaml:3:8: .*no unit "MB"/],
    [`${hosts}patroni:\n  ttl: 1500ms\n`, /^2 lab\.yaml:3:8: Patroni takes whole seconds/],
    [`${hosts}patroni:\n  ttl: 10s\n`, /^2 lab\.yaml:3:8: Patroni would silently use .* instead of/],
    [`${hosts}haproxy: {fall: 0}\n`, /^2 lab\.yaml:2:17: failed checks: at least 1/],
    [`${hosts}haproxy: {on_marked_down: shutdown}\n`, /^2 lab\.yaml:2:27: on_marked_down is shutdown-sessions or none/],
    [
      `${hosts}patroni:\n  slots: {events: {type: logical, database: app}}\n`,
      /^2 lab\.yaml:3:\d+: a logical slot has a `database` and a `plugin`/,
    ],
    [
      `${hosts}patroni:\n  slots: {events: {type: logical, database: app, plugin: pgoutput}}\n`,
      /^2 lab\.yaml:3:\d+: a logical slot needs .*wal_level: logical.*: with replica PostgreSQL makes none/,
    ],
    [
      `${hosts}patroni:\n  slots: {node1: {type: physical}}\n`,
      /^2 lab\.yaml:3:\d+: .*through which that member follows/,
    ],
    [`${hosts}patroni:\n  slots: {archive: {type: physical, plugin: x}}\n`, /has neither `database` nor `plugin`/],
    [`${hosts}patroni:\n  slots: {Archive: {type: physical}}\n`, /^2 lab\.yaml:3:\d+: .*small letters/],
    [`${hosts}haproxy: {on-marked-down: none}\n`, /^2 lab\.yaml:2:11: unknown key .*did you mean `on_marked_down`/],
    [`${hosts}haproxy: {timeout_client: 0s}\n`, /^2 lab\.yaml:2:27: longer than 0s/],
    ['hosts: {node1: [etcd, patroni], app1: [client]}\n', /^2 lab\.yaml:1:8: 0 hosts run haproxy; a lab has 1 to 9/],
    [
      'hosts: {node1: [etcd, patrony]}\n',
      /^2 lab\.yaml:1:\d+: a service is one of etcd, patroni, haproxy, pgbouncer, keepalived, client/,
    ],
    [
      'hosts: {node1: [etcd, patroni], proxy1: [haproxy], app1: [client]}\npgbouncer: {pool_mode: transaction}\n',
      /^2 lab\.yaml:2:1\d: no host runs pgbouncer, so nobody would read this/,
    ],
    [
      `${pooled}pgbouncer: {pool_mode: statement}\n`,
      /^2 lab\.yaml:2:24: pool_mode is session or transaction: the lab's own tables/,
    ],
    [
      `${pooled}pgbouncer: {server_login_retry: 1}\n`,
      /^2 lab\.yaml:2:33: 1 is not a duration, it has no unit: did you mean 1s/,
    ],
    [
      `${pooled}pgbouncer: {server_login_retires: 1s}\n`,
      /^2 lab\.yaml:2:13: unknown key .*did you mean `server_login_retry`/,
    ],
    [`${pooled}pgbouncer: {auth: query}\n`, /^2 lab\.yaml:2:19: auth is userlist or auth_query/],
    [
      `${pooled}postgresql: {port: 6432}\n`,
      /^2 lab\.yaml:2:20: postgres and pgbouncer would both listen on port 6432 of node1/,
    ],
    [
      'hosts: {node1: [etcd, patroni, pgbouncer], proxy1: [haproxy, pgbouncer], app1: [client]}\n',
      /^2 lab\.yaml:1:8: proxy1 would pool before the proxies and the others behind them/,
    ],
    [
      'hosts: {node1: [etcd, patroni], proxy1: [haproxy], app1: [client]}\nkeepalived: {advert_int: 1s}\n',
      /^2 lab\.yaml:2:1\d: no host runs keepalived, so nobody would read this/,
    ],
    [`${shared}keepalived: {advert_int: 100ms}\n`, /^2 lab\.yaml:2:26: keepalived takes whole seconds/],
    [
      'hosts: {node1: [etcd, patroni, keepalived], proxy1: [haproxy, keepalived], app1: [client]}\n',
      /^2 lab\.yaml:1:16: keepalived on node1 has no HAProxy beside it/,
    ],
    [
      'hosts: {node1: [etcd, patroni], proxy1: [haproxy, keepalived], proxy2: [haproxy], app1: [client]}\n',
      /^2 lab\.yaml:1:\d+: clients know the virtual address alone, and proxy2 would never have it/,
    ],
    [
      'hosts: {node1: [etcd, patroni], proxy1: [haproxy, keepalived], app1: [client]}\n',
      /^2 lab\.yaml:1:8: one host with keepalived has its address for ever/,
    ],
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
    expect(() => loadTopology({topology: 'colocted'})).toThrow(
      /there is no preset `colocted`, did you mean `colocated`\?/,
    )
  })
})
