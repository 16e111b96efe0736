import {readFileSync} from 'node:fs'
import {type AddressInfo, connect} from 'node:net'
import {join} from 'node:path'
import {createServer} from 'node:tls'
import {afterEach, expect, test} from 'vitest'
import {badCertificates, sayBadCertificate} from '../../../lab/cluster/certificates.ts'
import {parts} from '../../../lab/cluster/health-parts.ts'
import type {Lab} from '../../../lab/engine/lab.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

const pem = (name: string) =>
  readFileSync(join(import.meta.dirname, '..', 'observer', 'certificates', `${name}.pem`), 'utf8')

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const one of cleanUp.splice(0)) one()
})

async function shows(name: string): Promise<number> {
  const server = createServer({key: pem(name), cert: pem(name)}, socket => socket.on('error', () => {}))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Whose hosts all have this process's address. */
function labWith(ports: Readonly<Record<string, number>>, set = ['tls.etcd=on', 'tls.rest=on']): Lab {
  const topology = loadTopology({set})
  const addresses = Object.fromEntries(topology.hosts.map(({name}) => [name, '127.0.0.1']))
  const authority = {ca: pem('ca'), caKey: '', hosts: {}, observer: pem('own')}
  const to = (host: string, service: string) => connect(ports[`${service} ${host}`] ?? 1, '127.0.0.1')
  return {topology, allocation: {addresses, authority}, connect: to} as unknown as Lab
}

const silent = {etcd: ['node1', 'node2', 'node3'], patroni: ['node1', 'node2']}

test('of those who are silent, who shows what nobody believes is named with the reason, and who is not there is not', async () => {
  const lab = labWith({
    ...{'etcd-peer node1': await shows('own'), 'etcd-peer node2': await shows('expired')},
    ...{'patroni node1': await shows('stranger'), 'patroni node2': await shows('elsewhere')},
  })
  const bad = await badCertificates(lab, silent, 2000)
  expect(bad.map(sayBadCertificate)).toEqual([
    'etcd on node2 shows a certificate that has expired',
    "the REST API on node1 shows a certificate that is of another CA than the lab's",
    'the REST API on node2 shows a certificate that is not for its address',
  ])
  const [part] = parts.filter(one => one.name === 'certificates')
  const wrong = part!.wrong({lab: 'demo', certificates: bad} as unknown as Parameters<
    NonNullable<typeof part>['wrong']
  >[0])
  expect(wrong[0]).toMatchObject({says: 'etcd on node2 shows a certificate that has expired', cure: expect.anything()})
})

test('what is in the clear is not asked for one', async () => {
  const port = await shows('expired')
  expect(await badCertificates(labWith({'etcd-peer node1': port}, []), silent, 500)).toEqual([])
  expect(await badCertificates(labWith({'etcd-peer node1': port}, ['tls.rest=on']), silent, 500)).toEqual([])
})
