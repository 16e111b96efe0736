import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {allocate, overlaps, portsOf, routedSubnets} from '../../../lab/state/allocate.ts'
import {saveLab} from '../../../lab/state/state.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'allocate-'))
  vi.stubEnv('XDG_STATE_HOME', state)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true})
})

const topology = loadTopology({})
const images = {host: 'h', app: 'a'}

test('no two ports of a topology are the same, up to its largest size', () => {
  const nodes = Array.from({length: 9}, (_, index) => ({
    name: `node${index + 1}`,
    services: ['etcd', 'patroni'] as const,
  }))
  const large = {
    ...topology,
    hosts: [
      ...nodes,
      {name: 'proxy1', services: ['haproxy'] as const},
      {name: 'proxy2', services: ['haproxy'] as const},
    ],
  }
  const all = Object.values(portsOf(large, 25_000)).flatMap(ports => Object.values(ports))
  expect(new Set(all).size).toBe(all.length)
  expect(Math.max(...all)).toBeLessThan(25_050)
})

test('a lab keeps away from ports in use, from networks in use, and from what other labs were given', async () => {
  const first = await allocate('one', topology, images, [])
  const base = first.ports.proxy1?.primary ?? 0
  using _server = await listen(base)
  const second = await allocate('two', topology, images, [])
  expect(second.ports.proxy1?.primary).toBeGreaterThan(base)
  saveLab({schema: 2, topology, allocation: second}, '')
  const third = await allocate('three', topology, images, [])
  expect(third.ports.proxy1?.primary).toBeGreaterThan(second.ports.proxy1?.primary ?? 0)
  const fourth = await allocate('four', topology, images, [third.subnet])
  expect(fourth.subnet).not.toBe(third.subnet)
})

test('networks that are routed are read off the kernel, also those of an interface without a carrier', () => {
  const text = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
br-82178182e9f9\t0000D50A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
vpn0\t0000140A\t00000000\t0001\t0\t0\t0\t0000FCFF\t0\t0\t0
`
  expect(routedSubnets(text)).toEqual(['10.213.0.0/24', '10.20.0.0/14'])
})

test('every lab has passwords of its own', async () => {
  const [one, two] = await Promise.all([allocate('one', topology, images, []), allocate('two', topology, images, [])])
  const all = [...Object.values(one.passwords), ...Object.values(two.passwords)]
  expect(new Set(all).size).toBe(8)
})

test('networks overlap when one holds the other', () => {
  expect(overlaps('10.0.0.0/8', '10.213.4.0/24')).toBe(true)
  expect(overlaps('10.213.4.1/24', '10.213.4.0/24')).toBe(true)
  expect(overlaps('10.213.5.0/24', '10.213.4.0/24')).toBe(false)
  expect(overlaps('fd00::/8', '10.213.4.0/24')).toBe(false)
})

async function listen(port: number): Promise<Disposable> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {[Symbol.dispose]: () => void server.close()}
}
