/** The versions of a run are asked for once, of whoever is up. */
import http from 'node:http'
import type {AddressInfo} from 'node:net'
import {afterEach, expect, test} from 'vitest'
import {versions} from '../../../lab/cluster/versions.ts'
import type {ServiceName} from '../../../lab/topology/services.ts'
import {localLab} from '../local-lab.ts'

const servers: http.Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** null: it takes the question and never answers. */
async function told(service: ServiceName, answers: readonly (object | null)[]): Promise<Record<string, string>> {
  const ports = await Promise.all(
    answers.map(async answer => {
      const server = http.createServer((_, response) => {
        if (answer !== null) response.end(JSON.stringify(answer))
      })
      servers.push(server)
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      return (server.address() as AddressInfo).port
    }),
  )
  return versions(localLab(service, ports))
}

test('one that is silent loses none: another member tells', async () => {
  expect(await told('patroni', [null, {server_version: 170012, patroni: {version: '4.0.7'}}])).toEqual({
    postgres: '17.12',
    patroni: '4.0.7',
  })
  expect(await told('etcd', [null, null, {etcdserver: '3.5.16'}])).toEqual({etcd: '3.5.16'})
})

test('a Patroni whose PostgreSQL is down tells its own, and another one tells that of PostgreSQL', async () => {
  const down = {state: 'stopped', patroni: {version: '4.0.7'}}
  expect(await told('patroni', [down, {...down, server_version: 170012}])).toEqual({
    postgres: '17.12',
    patroni: '4.0.7',
  })
  expect(await told('patroni', [down])).toEqual({patroni: '4.0.7'})
})
