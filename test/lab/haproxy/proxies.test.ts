/** What counts of a haproxy.cfg: the words of a line, what a section takes from `defaults`, and HAProxy's own values for the rest. */
import {expect, test} from 'vitest'
import {balanceOf, lettingIn} from '../../../lab/haproxy/letting-in.ts'
import {checkTimings, proxiesOf} from '../../../lab/haproxy/proxies.ts'
import {readHaproxy} from '../../../lab/haproxy/read.ts'

const text = `\
global
    maxconn 100
defaults
    timeout client 30m
    default-server inter 3s fall 4
frontend in # clients
    bind *:5000
    default_backend out
backend out
    option httpchk OPTIONS "/primary"
    balance leastconn
    server one 'node1:5432' check port 8008 rise 1 on-marked-down shutdown-sessions
`
const [proxy] = proxiesOf(readHaproxy('haproxy.cfg', text))

test('a proxy has what its frontend and its defaults say', () => {
  expect(proxy).toMatchObject({name: 'out', names: ['out', 'in'], check: {by: 'httpchk', path: '/primary'}})
  expect(proxy?.binds.map(({port}) => port)).toEqual([5000])
  expect(proxy?.servers.map(({address}) => address.text)).toEqual(['node1:5432'])
  expect(balanceOf(proxy!)).toBe('leastconn')
})

test('what nobody says is as HAProxy has it', () => {
  expect(checkTimings(proxy!, proxy!.servers[0]!)).toEqual({
    ...{interMs: 3000, fastinterMs: 3000, downinterMs: 3000, fall: 4, rise: 1, connectTimeoutMs: 3000},
    ...{checkTimeoutMs: 3000, clientTimeoutMs: 1_800_000, serverTimeoutMs: Number.POSITIVE_INFINITY},
    onMarkedDown: 'shutdown-sessions',
  })
  expect(lettingIn(proxy!)).toEqual({retries: 3, redispatch: false, maxconn: 100})
})
