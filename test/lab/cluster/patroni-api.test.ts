import http from 'node:http'
import type {AddressInfo} from 'node:net'
import {afterEach, describe, expect, it} from 'vitest'
import {askPatroni, dynamicConfig, sayAnswer, took} from '../../../lab/cluster/patroni-api.ts'
import type {Lab} from '../../../lab/engine/lab.ts'
import {setConfig} from '../../../lab/healing/cluster.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {localLab} from '../local-lab.ts'

const servers: http.Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** One Patroni for each listener: node1, node2 ... */
async function labOf(...listeners: http.RequestListener[]): Promise<Lab> {
  const ports = await Promise.all(
    listeners.map(async listener => {
      const server = http.createServer(listener)
      servers.push(server)
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      return (server.address() as AddressInfo).port
    }),
  )
  return localLab('patroni', ports)
}

describe('an answer of Patroni', () => {
  it.each([200, 202])('%i: done', code => expect(took({code, body: ''})).toBe(true))
  it.each([400, 409, 412, 500, 502, 503])('%i: refused', code => expect(took({code, body: ''})).toBe(false))

  it("is told in Patroni's own words", () => {
    const text = 'switchover is not possible: no good candidates have been found'
    expect(sayAnswer({code: 412, body: text})).toBe(`it said "${text}" (412)`)
    expect(sayAnswer({code: 503, body: ''})).toBe('it answered 503')
    expect(sayAnswer({code: 409, body: '<html>\n<p>Conflict</p></html>'})).toBe('it said "Conflict" (409)')
  })
})

describe('asking Patroni', () => {
  it('sends the body as JSON and leaves no connection open', async () => {
    let seen = ''
    const lab = await labOf((request, response) => {
      request.on('data', chunk => {
        seen += `${request.method} ${request.url} ${request.headers.connection} ${chunk}`
      })
      request.on('end', () => response.end('done'))
    })
    const answer = await askPatroni(lab, 'node1', {method: 'POST', path: '/restart', body: {a: 1}, withinMs: 2000})
    expect(answer).toMatchObject({code: 200, body: 'done'})
    expect(seen).toBe('POST /restart close {"a":1}')
  })

  it('ends in a complaint that names the host when there is no answer in time, or none at all', async () => {
    const lab = await labOf(
      () => {},
      request => void request.socket.destroy(),
    )
    const of = (host: string) => askPatroni(lab, host, {method: 'GET', path: '/config', withinMs: 200})
    await expect(of('node1')).rejects.toThrow(/Patroni on node1 did not answer GET \/config: no answer within 0.2 s/)
    const error = await of('node2').catch((one: unknown) => one)
    expect(error).toBeInstanceOf(LabError)
    expect((error as LabError).code).toBe('engine')
  })

  it('takes nothing but an object for a configuration', async () => {
    const lab = await labOf(
      (_, response) => void response.writeHead(502).end('{}'),
      (_, response) => void response.end('[]'),
    )
    await expect(dynamicConfig(lab, 'node1')).rejects.toThrow(/node1 did not tell its configuration/)
    await expect(dynamicConfig(lab, 'node2')).rejects.toThrow(/node2 did not tell its configuration/)
  })
})

describe('setting the configuration', () => {
  it('goes to the next member when one refuses or is down', async () => {
    const lab = await labOf(
      request => void request.socket.destroy(),
      (_, response) => void response.writeHead(503).end(),
      (_, response) => void response.end('{}'),
    )
    await expect(setConfig(lab, {ttl: 20})).resolves.toBeUndefined()
  })

  it('that no member takes is an error with what the last one said', async () => {
    const lab = await labOf((_, response) => void response.writeHead(409).end())
    await expect(setConfig(lab, {ttl: 20})).rejects.toThrow(/no member of the cluster took.*node1: it answered 409/)
  })
})
