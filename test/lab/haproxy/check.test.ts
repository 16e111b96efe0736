/** What the servers of a proxy are asked, in whichever words it is written. */
import {describe, expect, test} from 'vitest'
import {answering, checkPort, checksInTls} from '../../../lab/haproxy/check.ts'
import {proxiesOf} from '../../../lab/haproxy/proxies.ts'
import {readHaproxy} from '../../../lab/haproxy/read.ts'

const proxyOf = (lines: readonly string[], server = 'check') =>
  proxiesOf(readHaproxy('h', ['listen rw', ...lines, `server a 10.0.0.1:5432 ${server}`, ''].join('\n')))[0]!
const byTcp = (...rules: readonly string[]) => proxyOf(['option tcp-check', ...rules.map(rule => `tcp-check ${rule}`)])

describe('HTTP that is written out in tcp-check', () => {
  const request = String.raw`send "GET /primary HTTP/1.0\r\n\r\n"`
  const expected = String.raw`expect rstring ^HTTP/1..\ 200`
  test('asks what its request says, on the port of its connect', () => {
    const {check, servers} = byTcp('connect port 8008', request, expected)
    expect(check).toMatchObject({by: 'tcp-check', asksHttp: true, method: 'GET', path: '/primary', expected: '200'})
    expect(answering(check!)).toBe('primary')
    expect(checkPort(servers[0]!, check)).toBe(8008)
  })
  test.each([
    ['with blanks that are escaped', String.raw`send GET\ /primary\ HTTP/1.0\r\n\r\n`],
    ['in hexadecimal digits', `send-binary ${Buffer.from('GET /primary HTTP/1.0\r\n\r\n').toString('hex')}`],
    ['with a remark behind it', String.raw`${request} comment who\ leads`],
  ])('is the same %s', (_, send) => {
    expect(byTcp('connect port 8008', send, expected).check).toMatchObject({asksHttp: true, path: '/primary'})
  })
  test('is a question only if an answer is expected', () => {
    expect(byTcp('connect port 8008', request).check?.asksHttp).toBe(false)
    expect(byTcp('connect port 8008', expected, request).check?.asksHttp).toBe(false)
  })
  test('is asked on the port of the connect before it, also when PostgreSQL is asked after that', () => {
    const {check} = byTcp('connect port 8008', request, expected, 'connect port 5432')
    expect(check?.port).toBe(8008)
  })
  test('of a refusal it is 503 that is expected', () => {
    expect(byTcp('connect port 8008', request, 'expect string "HTTP/1.0 503"').check?.expected).toBe('503')
  })
  test('no other words are a request', () => {
    expect(byTcp('connect port 6379', String.raw`send PING\r\n`, 'expect string +PONG').check?.asksHttp).toBe(false)
    expect(byTcp('connect port 8008').check?.asksHttp).toBe(false)
  })
  test('counts only where tcp-check is the kind of check', () => {
    expect(proxyOf(['option pgsql-check', 'tcp-check connect port 8008', `tcp-check ${request}`]).check?.asksHttp).toBe(
      false,
    )
  })
})

test("the port of a connect counts before a server's own", () => {
  const {check, servers} = proxyOf(['option httpchk', 'http-check connect port 8009'], 'check port 8008')
  expect(checkPort(servers[0]!, check)).toBe(8009)
})

test.each([
  ['connect ssl port 8008', 'check', true],
  ['connect port 8008', 'check check-ssl', false],
  ['connect default port 8008', 'check check-ssl', true],
  ['connect default linger port 8008', 'check', false],
])('%s of a server with %s speaks TLS: %s', (connect, server, speaks) => {
  const {check, servers} = proxyOf(['option httpchk', `http-check ${connect}`], server)
  expect(checksInTls(servers[0]!, check)).toBe(speaks)
  expect(checkPort(servers[0]!, check)).toBe(8008)
})
