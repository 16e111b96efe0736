/** PgBouncer's files say what the topology means, and nothing that it could read otherwise. */
import {expect, test} from 'vitest'
import {composeFile} from '../../compose/render.ts'
import {readPgbouncer} from '../../lab/lint/read/pgbouncer.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {allocation, owner} from './a-lab.ts'

function filesOf(topology: string, set: readonly string[] = []) {
  const wanted = loadTopology({topology, profile: 'fast', set})
  const {configs} = composeFile(wanted, allocation({}, wanted), owner)
  const text = (name: string) => configs[name]?.content ?? ''
  const ini = (host: string) => {
    const {settings, databases} = readPgbouncer('pgbouncer.ini', text(`pgbouncer-${host}`))
    const said = Object.fromEntries([...settings].map(([key, word]) => [key, word.text]))
    return {said, databases: databases.map(({name, options}) => ({name, ...Object.fromEntries(options)}))}
  }
  return {ini, users: text('pgbouncer-userlist'), haproxy: text('haproxy')}
}

test('beside PostgreSQL it pools for that server alone, and HAProxy leads to it and goes on asking Patroni', () => {
  const {ini, users, haproxy} = filesOf('pgbouncer', ['postgresql.port=5433', 'pgbouncer.port=6433'])
  expect(ini('node2').databases).toEqual([{name: '*', host: '127.0.0.1', port: '5433'}])
  expect(ini('node2').said).toMatchObject({
    listen_port: '6433',
    pool_mode: 'transaction',
    server_login_retry: '1',
    server_connect_timeout: '2',
    auth_type: 'scram-sha-256',
  })
  expect(users).toBe('"postgres" "su-pw"\n"app" "app-pw"\n')
  expect(haproxy.match(/server node2 \S+:6433 check port 8008/g)).toHaveLength(2)
})

test('of an old release it is told nothing that it does not know', () => {
  const set = ['pgbouncer.auth=auth_query', 'pgbouncer.pool_mode=session']
  const newer = Object.keys(filesOf('pgbouncer', set).ini('node1').said)
  const old = Object.keys(filesOf('pgbouncer', [...set, 'release=bookworm']).ini('node1').said)
  expect(newer.filter(key => !old.includes(key))).toEqual(['auth_dbname', 'max_prepared_statements'])
  expect(old.filter(key => !newer.includes(key))).toEqual([])
})

test('before the proxies it leads to their way in for writes, and HAProxy to PostgreSQL', () => {
  const {ini, haproxy} = filesOf('pgbouncer-before', ['haproxy.port=5100'])
  expect(ini('proxy1').databases).toEqual([{name: '*', host: '127.0.0.1', port: '5100'}])
  expect(haproxy).toMatch(/server node2 \S+:5432 check port 8008/)
  const apart = ['hosts.proxy1=haproxy', 'hosts.proxy2=haproxy', 'hosts.pool1=pgbouncer']
  expect(filesOf('pgbouncer-before', apart).ini('pool1').databases).toEqual([
    {name: '*', host: '10.213.7.14,10.213.7.16', port: '5000'},
  ])
})

test('asked for auth_query it knows the password of the one as whom it asks, and no other', () => {
  const {ini, users} = filesOf('pgbouncer', ['pgbouncer.auth=auth_query'])
  expect(users).toBe('"postgres" "su-pw"\n')
  expect(ini('node1').said).toMatchObject({auth_user: 'postgres', auth_dbname: 'postgres'})
})

test('parts of a second stay parts of a second', () => {
  expect(filesOf('pgbouncer', ['pgbouncer.server_login_retry=250ms']).ini('node1').said.server_login_retry).toBe('0.25')
})
