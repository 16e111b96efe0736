import {expect, test} from 'vitest'
import {httpServices, portsWith, publishedPorts, serviceNames} from '../../../lab/topology/services.ts'
import {portNumber, portOf} from '../../../lab/topology/topology.ts'
import {parseTopology} from '../../../lab/topology/topology-file.ts'

test('every port has a name and a number of its own', () => {
  const ports = portsWith(serviceNames)
  expect(new Set(ports.map(port => port.name)).size).toBe(ports.length)
  expect(new Set(ports.map(port => port.number)).size).toBe(ports.length)
})

test('what does as anybody tells it is not published on the machine', () => {
  expect(publishedPorts(serviceNames)).toEqual(['postgres', 'primary', 'replicas', 'stats', 'pgbouncer'])
})

test('the observer reaches what answers HTTP, and nothing else', () => {
  expect(httpServices(serviceNames)).toEqual(['etcd', 'patroni', 'stats'])
})

test('a port is asked of a host, and a host that does not run its service has none', () => {
  const topology = parseTopology('lab.yaml', 'hosts: {node1: [etcd, patroni], proxy1: [haproxy], app1: [client]}\n')
  expect(portOf(topology, 'node1', 'patroni')).toBe(portNumber(topology, 'patroni'))
  expect(() => portOf(topology, 'proxy1', 'patroni')).toThrow('host proxy1 has no port patroni')
})
