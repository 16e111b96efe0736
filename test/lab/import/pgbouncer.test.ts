/** Somebody's PgBouncer becomes the lab's: where it stands and its times; what the lab has not is said with its place. */
import {describe, expect, test} from 'vitest'
import {render} from '../../../compose/render.ts'
import {importFrom} from '../../../lab/import/import.ts'
import {pgbouncerProfiles} from '../../../lab/topology/pgbouncer.ts'
import {allocation, owner} from '../../compose/a-lab.ts'
import {changed, right, type Texts} from '../lint/cluster.ts'

const of = (texts: Texts) => importFrom(Object.entries(texts).map(([file, text]) => ({file, text})))

const ini = (databases: string, settings = '') =>
  `[databases]\n${databases}\n[pgbouncer]\nmax_client_conn = 4000\n${settings}\n`
const pools = (databases: string, settings = '', texts: Texts = right): Texts => ({
  ...texts,
  'pgbouncer.ini': ini(databases, settings),
})
/** HAProxy leads to the poolers beside PostgreSQL. */
const behind = changed(['haproxy.cfg', /:5432 check/g, ':6432 check'])

const standing = (texts: Texts) => {
  const {hosts} = of(texts).topology
  return hosts.filter(({services}) => services.includes('pgbouncer')).map(({name}) => name)
}
const ofPooler = (texts: Texts) => of(texts).notModelled.filter(one => one.startsWith('pgbouncer.ini:'))

describe('where it stands:', () => {
  const beside = ['node1', 'node2', 'node3']
  test.each<[string, Texts, readonly string[]]>([
    ['beside each PostgreSQL, where HAProxy leads to it', pools('* = host=127.0.0.1 port=5432', '', behind), beside],
    ['by a socket of its host, too', pools('* = host=/run/postgresql', '', behind), beside],
    ['by the address of its own host, too', pools('* = host=10.0.0.1', '', behind), beside],
    [
      'on a port of its own',
      pools('* = port=5432', 'listen_port = 7432', changed(['haproxy.cfg', /:5432 check/g, ':7432 check'])),
      beside,
    ],
    ['where its databases are in another file', pools('%include /etc/pgbouncer/databases.txt', '', behind), beside],
    ['before the proxy of its own host', right, ['proxy1', 'proxy2']],
    ['before a proxy that is elsewhere', pools('* = host=10.0.0.50 port=5000', '', changed(['k*.conf'])), ['proxy1']],
    ['beside PostgreSQL where no proxy is known', pools('* = host=127.0.0.1', '', changed(['haproxy.cfg'])), beside],
    ['nowhere, where it leads to one member', pools('* = host=10.0.0.2 port=5432'), []],
    ['nowhere, where it leads to all by turns', pools('* = host=10.0.0.1,10.0.0.2'), []],
    ['nowhere, where no client would come to it', pools('* = host=127.0.0.1 port=5432'), []],
  ])('%s', (_, texts, hosts) => {
    expect(standing(texts)).toEqual(hosts)
  })

  test.each([
    [
      'to one member',
      pools('* = host=10.0.0.2 port=5432'),
      /^pgbouncer\.ini:2:5: the lab does not run PgBouncer: it leads to one member/,
    ],
    ['by turns', pools('* = host=10.0.0.1,10.0.0.2'), /^pgbouncer\.ini:2:5: .*to several servers by turns/],
    ['past all proxies', pools('* = host=127.0.0.1 port=5432'), /^pgbouncer\.ini:2:5: .*no proxy leads to it/],
    [
      'unknown',
      {...right, 'pgbouncer.ini': '[pgbouncer]\npool_mode = session\n'},
      /^pgbouncer\.ini:1:1: .*its databases are not here/,
    ],
  ])('that the lab runs none is said first, with the reason: %s', (_, texts, says) => {
    expect(of(texts).notModelled.join('\n')).toMatch(new RegExp(says, 'm'))
    expect(of(texts).topology.pgbouncer).toBeUndefined()
  })

  test('that a proxy is taken to be where it leads is said', () => {
    const {assumed} = of(pools('* = host=10.0.0.50 port=5000'))
    expect(assumed).toContainEqual(expect.stringMatching(/^pgbouncer\.ini:2:5: this pooler leads to another host/))
  })
})

describe('how it knows passwords is said as the lab has it:', () => {
  const here = '* = host=127.0.0.1 port=5000'
  test.each([
    ['auth_query = SELECT 1', 'userlist'],
    ['auth_query = SELECT 1\nauth_file = /etc/users', 'userlist'],
    ['auth_query = SELECT 1\nauth_user = a\nauth_file = /etc/users', 'auth_query'],
    ['auth_user = a\nauth_file = /etc/users', 'auth_query'],
  ])('%s', (settings, auth) => {
    const texts = pools(here, settings)
    expect(of(texts).topology.pgbouncer?.auth).toBe(auth)
    const says = ofPooler(texts).filter(one => /in the lab|of the lab/.test(one))
    expect(says.filter(one => one.includes('as the superuser'))).toHaveLength(
      auth === 'userlist' ? 0 : Number(/auth_query/.test(settings)),
    )
    expect(says.filter(one => one.endsWith('(auth_file).'))).toHaveLength(
      auth === 'auth_query' ? 0 : Number(/auth_file/.test(settings)),
    )
  })
})

describe('its times are theirs,', () => {
  test("and PgBouncer's own where they are not said", () => {
    const {auth, poolMode, ...times} = pgbouncerProfiles.default
    expect(of(pools('* = host=127.0.0.1 port=5000')).topology.pgbouncer).toEqual({
      ...times,
      poolMode: 'session',
      auth: 'userlist',
    })
  })

  test('as they are written', () => {
    const texts = pools(
      '* = host=127.0.0.1 port=5000',
      'pool_mode = transaction\ndefault_pool_size = 55\nserver_login_retry = 1.5\nserver_connect_timeout = 3\nserver_lifetime = 0\nserver_idle_timeout = 60\nquery_wait_timeout = 0\nauth_user = asker\n',
    )
    const {topology, text} = of(texts)
    expect(topology.pgbouncer).toEqual({
      poolMode: 'transaction',
      defaultPoolSize: 55,
      serverLoginRetryMs: 1500,
      serverConnectTimeoutMs: 3000,
      serverLifetimeMs: 0,
      serverIdleTimeoutMs: 60_000,
      queryWaitTimeoutMs: 0,
      auth: 'auth_query',
    })
    expect(text).not.toContain('asker')
    const rendered = render(topology, allocation({}, topology), owner)
    expect(rendered).toContain('server_login_retry = 1.5')
  })

  test('also where every database says the same', () => {
    const {topology, notModelled} = of(
      pools('a = port=5000 pool_size=7 pool_mode=transaction\nb = port=5000 pool_size=7 pool_mode=transaction'),
    )
    expect(topology.pgbouncer).toMatchObject({poolMode: 'transaction', defaultPoolSize: 7})
    expect(notModelled.filter(one => one.startsWith('pgbouncer.ini:'))).toEqual([])
  })

  test('but for what no PgBouncer takes, which is told', () => {
    const {topology, changes} = of(
      pools('* = port=5000', 'server_login_retry = soon\nserver_lifetime = 864000\nserver_connect_timeout = 0'),
    )
    expect(topology.pgbouncer).toMatchObject({
      serverLoginRetryMs: 15_000,
      serverLifetimeMs: 86_400_000,
      serverConnectTimeoutMs: 1,
    })
    const told = changes
      .filter(({places}) => places[0]?.file === 'pgbouncer.ini')
      .map(({what, how}) => `${what}: ${how}`)
    expect(told).toEqual(
      expect.arrayContaining([
        'server_login_retry: dropped',
        'server_lifetime: kept otherwise',
        'server_connect_timeout: kept otherwise',
      ]),
    )
  })
})

describe('what the lab has not is said before all else, with its place:', () => {
  const here = '* = host=127.0.0.1 port=5000'
  test.each<[string, Texts, RegExp]>([
    [
      'a mode of single statements',
      pools(here, 'pool_mode = statement'),
      /^pgbouncer\.ini:5:1: no transaction of several statements/,
    ],
    [
      'a query for passwords',
      pools(here, 'auth_user = a\nauth_query = SELECT 1'),
      /^pgbouncer\.ini:6:1: passwords are asked .* \(auth_query\)/,
    ],
    [
      'a query that nobody asks',
      pools(here, 'auth_query = SELECT 1'),
      /^pgbouncer\.ini:5:1: no auth_user is said .*; nor does that of the lab.*auth: userlist \(auth_query\)/,
    ],
    ['a list of users', pools(here, 'auth_file = /etc/users'), /^pgbouncer\.ini:5:1: whom it lets in .* \(auth_file\)/],
    [
      'rules of its own for who gets in',
      pools(here, 'auth_type = hba'),
      /^pgbouncer\.ini:5:1: .* otherwise than by a password/,
    ],
    ['TLS', pools(here, 'server_tls_sslmode = verify-full'), /^pgbouncer\.ini:5:1: it speaks TLS/],
    [
      'few clients',
      {...right, 'pgbouncer.ini': `[databases]\n${here}\n[pgbouncer]\nmax_client_conn = 50\n`},
      /^pgbouncer\.ini:4:1: so many clients/,
    ],
    [
      'a time for idle clients',
      pools(here, 'client_idle_timeout = 30'),
      /^pgbouncer\.ini:5:1: clients that are idle .* \(client_idle_timeout\)/,
    ],
    [
      'a limit of connections',
      pools(here, 'max_db_connections = 10'),
      /^pgbouncer\.ini:5:1: .* \(max_db_connections\)/,
    ],
    [
      'a pool of one database',
      pools(`${here}\nb = port=5000 pool_size=2`),
      /^pgbouncer\.ini:3:5: this database has a pool of its own/,
    ],
    [
      'a database that leads elsewhere',
      pools(`${here}\nb = host=10.0.0.2 port=5432`),
      /^pgbouncer\.ini:3:5: this database leads elsewhere/,
    ],
    [
      'settings of a user',
      pools(`${here}\n[users]\na = pool_mode=session`),
      /^pgbouncer\.ini:4:1: a user has settings of its own/,
    ],
    [
      'more in another file',
      pools(here, '%include /etc/more.ini'),
      /^pgbouncer\.ini:5:1: another file is a part of this one/,
    ],
    [
      'an entry past it',
      pools(
        '* = port=5432',
        '',
        changed(['haproxy.cfg', /5432 check port 8008\n(?=[\s\S]*listen readers)/g, '6432 check port 8008\n']),
      ),
      /^haproxy\.cfg:19:1: clients of this entry come past PgBouncer/,
    ],
    [
      'another one with other times',
      {...pools(here), 'second.ini': ini(here, 'server_login_retry = 3')},
      /^second\.ini:5:1: server_login_retry is not what pgbouncer\.ini has/,
    ],
  ])('%s', (_, texts, says) => {
    expect(of(texts).notModelled.join('\n')).toMatch(new RegExp(says, 'm'))
  })

  test('of one as the lab has it nothing is said', () => {
    expect(ofPooler(pools(here))).toEqual([])
  })
})
