/** What a new lab is given on this machine: a free subnet, free ports on 127.0.0.1, passwords. */
import {randomBytes} from 'node:crypto'
import {existsSync, readFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {networkInterfaces} from 'node:os'
import {type PortName, publishedAt, publishedPorts} from '../topology/services.ts'
import type {Allocation, HostName, Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {next, ownCommand} from '../words/next-step.ts'
import {loadLabs} from './state.ts'

/**
 * Labs get blocks of ports below the ephemeral range (Linux 32768, others 49152), so that no outgoing connection takes a
 * port while its host is down: a lab's ports are fixed for its life.
 */
const firstBlock = 25_000
const blockSize = 50
const blocks = 100

/** Offsets inside a block: proxies from 0, then PostgreSQL at 10 plus the host's number, PgBouncer at 20 plus that. */
const offsets: Readonly<Record<PortName, number>> = {
  primary: 0,
  replicas: 1,
  stats: 2,
  postgres: 10,
  pgbouncer: 20,
}

/** @throws LabError `port-taken` when no block is free. */
export async function allocate(
  lab: string,
  topology: Topology,
  images: Allocation['images'],
  subnetsInUse: readonly string[],
): Promise<Allocation> {
  const claimed = new Set(
    loadLabs().readable.flatMap(({allocation}) =>
      Object.values(allocation.ports).flatMap(ports => Object.values(ports)),
    ),
  )
  const used = [...subnetsInUse, ...ownSubnets()]
  for (let block = 0; block < blocks; block++) {
    const ports = portsOf(topology, firstBlock + block * blockSize)
    const all = Object.values(ports).flatMap(one => Object.values(one))
    const subnet = `10.213.${block}.0/24`
    if (all.some(port => claimed.has(port)) || used.some(one => overlaps(one, subnet))) continue
    if ((await Promise.all(all.map(isFree))).every(Boolean))
      return {
        ...{lab, subnet, ports, images},
        addresses: addressesOf(topology, subnet),
        observer: observerIn(subnet),
        passwords: passwords(topology),
        // What a host publishes is on the machine of its engine.
        ...(topology.engines === undefined ? {} : {elsewhere: true}),
      }
  }
  throw new LabError(
    'port-taken',
    `no ${blockSize} free ports in a row from ${firstBlock} on and no free network in 10.213.0.0/16`,
    {
      hint: next`remove labs that you no longer need with \`down\`; to list them: ${ownCommand('status', '--all')}`,
    },
  )
}

export function portsOf(topology: Topology, base: number): Allocation['ports'] {
  const taken = new Set<number>()
  const ports: Record<HostName, Partial<Record<PortName, number>>> = {}
  for (const host of topology.hosts) {
    ports[host.name] = {}
    for (const name of publishedPorts(host.services)) {
      // node1 gets 11, node2 12 ...: a port tells its host
      let port = base + offsets[name] + (offsets[name] < 10 ? 0 : numberOf(host.name))
      while (taken.has(port)) port += offsets[name] < 10 ? 3 : 1
      taken.add(port)
      ports[host.name] = {...ports[host.name], [name]: port}
    }
  }
  return ports
}

function numberOf(host: HostName): number {
  return Number(/\d+$/.exec(host)?.[0] ?? 0) % 10
}

/** 10.213.7.0/24: hosts from .11 on; .1 is the engine's gateway, .10 the observer. */
export function addressesOf(topology: Topology, subnet: string): Record<HostName, string> {
  const prefix = subnet.replace(/\.0\/24$/, '')
  return Object.fromEntries(topology.hosts.map((host, index) => [host.name, `${prefix}.${11 + index}`]))
}

export function observerIn(subnet: string): string {
  return subnet.replace(/\.0\/24$/, '.10')
}

function passwords({auth}: Topology): Allocation['passwords'] {
  const one = () => randomBytes(18).toString('base64url')
  return {
    ...{superuser: one(), replication: one(), rewind: one(), app: one()},
    ...(auth?.etcd === undefined ? {} : {etcdRoot: one(), etcdPatroni: one()}),
    ...(auth?.rest === true ? {rest: one()} : {}),
  }
}

export function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, publishedAt, () => server.close(() => resolve(true)))
  })
}

/**
 * Of this machine. Routes as well as interfaces: an interface without a carrier is not among the latter, and yet a second network
 * of its addresses has no way for its packets (the bridge of a network that an engine has forgotten is like that).
 */
function ownSubnets(): string[] {
  const interfaces = Object.values(networkInterfaces()).flatMap(all => all?.flatMap(one => one.cidr ?? []) ?? [])
  return existsSync(routes) ? [...interfaces, ...routedSubnets(readFileSync(routes, 'utf8'))] : interfaces
}

/** Linux alone has it. */
const routes = '/proc/net/route'

/** The networks in the text of /proc/net/route, as CIDRs; the default route is none. Addresses are hex, the last byte first. */
export function routedSubnets(text: string): string[] {
  return text.split('\n').flatMap(line => {
    const [, destination = '', , , , , , mask = ''] = line.split('\t')
    const isRoute = /^[0-9A-F]{8}$/.test(destination) && /^[0-9A-F]{8}$/.test(mask) && mask !== '00000000'
    return isRoute
      ? [
          `${bytes(destination).join('.')}/${bytes(mask)
            .map(setBits)
            .reduce((a, b) => a + b)}`,
        ]
      : []
  })
}

function bytes(hex: string): number[] {
  return [...Buffer.from(hex, 'hex')].reverse()
}

function setBits(byte: number): number {
  return byte.toString(2).replaceAll('0', '').length
}

/** Whether two IPv4 CIDRs share an address; others never do. */
export function overlaps(a: string, b: string): boolean {
  const [left, right] = [range(a), range(b)]
  return left !== undefined && right !== undefined && left[0] <= right[1] && right[0] <= left[1]
}

function range(cidr: string): [number, number] | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)
  if (match === null) return undefined
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number)
  const size = 2 ** (32 - bits)
  const address = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d
  const first = Math.floor(address / size) * size
  return [first, first + size - 1]
}
