/** What a section takes from `defaults`: of those it names, and of those that they name; else of the last ones above it (HAProxy's manual, 4). */
import {describe, expect, test} from 'vitest'
import {balanceOf, lettingIn} from '../../../lab/haproxy/letting-in.ts'
import {checkTimings, proxiesOf} from '../../../lab/haproxy/proxies.ts'
import {readHaproxy} from '../../../lab/haproxy/read.ts'

const base = `\
defaults base
    mode http
    timeout client 30s
    retries 1
    balance leastconn
    option redispatch
    default-server inter 4s fall 5
defaults next from base
    timeout connect 7s
defaults last from next
    timeout client 40s
    default-server fall 6
`
const server = '    option httpchk\n    server a 10.0.0.1:5432 check port 8008\n'
const proxyOf = (text: string) => proxiesOf(readHaproxy('h', `${base}${text}`)).at(-1)!
const timesOf = (text: string) => checkTimings(proxyOf(text), proxyOf(text).servers[0]!)

describe('defaults from defaults', () => {
  test('have what those above them in the chain say, and their own counts', () => {
    expect(timesOf(`listen rw from last\n${server}`)).toMatchObject({
      ...{interMs: 4000, fall: 6, connectTimeoutMs: 7000, clientTimeoutMs: 40_000},
    })
    expect(proxyOf(`listen rw from last\n${server}`).mode?.words[1]?.text).toBe('http')
  })
  test('count for what names none, when they are the last ones above it', () => {
    expect(timesOf(`listen rw\n${server}`)).toMatchObject({interMs: 4000, fall: 6, clientTimeoutMs: 40_000})
  })
  test('may have no name of their own', () => {
    expect(timesOf(`defaults from base\n    timeout connect 9s\nlisten rw\n${server}`)).toMatchObject({
      ...{interMs: 4000, fall: 5, connectTimeoutMs: 9000, clientTimeoutMs: 30_000},
    })
  })
  test('begin anew when they name none', () => {
    expect(timesOf(`defaults\n    timeout connect 9s\nlisten rw\n${server}`)).toMatchObject({
      ...{interMs: 2000, fall: 3, clientTimeoutMs: Number.POSITIVE_INFINITY},
    })
  })
  test('reach the entrance through a frontend of other defaults', () => {
    const proxy = proxyOf(
      `frontend in from last\n    bind *:5000\n    default_backend out\nbackend out from base\n${server}`,
    )
    expect(checkTimings(proxy, proxy.servers[0]!)).toMatchObject({clientTimeoutMs: 40_000, interMs: 4000, fall: 5})
  })
})

test('how clients are let in and dealt out is taken of the same defaults, and of no others in the file', () => {
  const named = proxyOf(`listen rw from base\n${server}`)
  expect([lettingIn(named), balanceOf(named)]).toEqual([{retries: 1, redispatch: true}, 'leastconn'])
  const anew = proxyOf(`defaults\n    timeout connect 9s\nlisten rw\n${server}`)
  expect([lettingIn(anew), balanceOf(anew)]).toEqual([{retries: 3, redispatch: false}, 'roundrobin'])
})
