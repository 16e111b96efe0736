/**
 * The CA of a lab and what it signs: made by the OpenSSL of the hosts' own image (images/host/bin/certificate-authority) in a container
 * without a network, so that this machine needs none, and what the services are given comes from a library that they use themselves.
 */

import {clusterOf, within} from '../topology/clusters.ts'
import {virtualAddress} from '../topology/keepalived.ts'
import {hasAuthority, needsCertificate} from '../topology/security.ts'
import {
  type Allocation,
  type Authority,
  type HostName,
  hostsWith,
  observerName,
  type Topology,
} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {ownCommand} from '../words/next-step.ts'
import type {Exec, Images, Throwaways} from './docker.ts'

/** What this asks of the engine. */
export type CertificateEngine = Pick<Images, 'hasImage'> & Pick<Throwaways, 'throwaway'> & Pick<Exec, 'exec'>

/** The allocation with what its topology needs of keys; the same one where it needs none. @throws LabError `image`, `engine` */
export async function withKeys(
  docker: CertificateEngine,
  topology: Topology,
  allocation: Allocation,
): Promise<Allocation> {
  const signs = topology.auth?.etcd === 'jwt'
  if (!hasAuthority(topology) && !signs) return allocation
  const {host} = allocation.images
  if (!(await docker.hasImage(host)))
    throw new LabError('image', `the image ${host}, which makes the keys of this lab, is not here`, {
      hint: ownCommand('doctor', '--fix'),
    })
  await using container = await docker.throwaway(host)
  const made = (argv: readonly string[], input = '') => printed(docker, container.id, argv, input)
  const authority = hasAuthority(topology) ? await newAuthority(made, topology, allocation) : undefined
  const [secret = '', shown = ''] = signs ? blocksIn(await made(['token'])) : []
  return {
    ...allocation,
    ...(authority === undefined ? {} : {authority}),
    ...(signs ? {tokenKey: {private: secret, public: shown}} : {}),
  }
}

type Made = (argv: readonly string[], input?: string) => Promise<string>

async function newAuthority(made: Made, topology: Topology, allocation: Allocation): Promise<Authority> {
  const own = await made(['new', allocation.lab])
  const [caKey = '', ca = ''] = blocksIn(own)
  const hosts = topology.hosts.filter(one => needsCertificate(one.services)).map(({name}) => name)
  const signed = signedFor(made, {topology, allocation, own}, hosts)
  const observer = made(issue(observerName, [`IP:${allocation.observer}`]), own)
  return {ca, caKey, hosts: Object.fromEntries(await signed), observer: await observer}
}

/** `own`: key and certificate of the CA. */
function signedFor(
  made: Made,
  {topology, allocation, own}: {readonly topology: Topology; readonly allocation: Allocation; readonly own: string},
  hosts: readonly HostName[],
) {
  const each = hosts.map(
    async name => [name, await made(issue(name, namesOf(topology, allocation, name)), own)] as const,
  )
  return Promise.all(each)
}

/**
 * Another key and certificate for each of these hosts that has one, by the lab's own CA, in PEM, in the order of the hosts. Nothing
 * but the caller knows of them. @throws LabError `engine`; TypeError where the lab has no CA.
 */
export async function newCertificates(
  docker: CertificateEngine,
  topology: Topology,
  allocation: Allocation,
  hosts: readonly HostName[],
): Promise<ReadonlyMap<HostName, string>> {
  const {authority, images} = allocation
  if (authority === undefined) throw new TypeError('no CA was allocated')
  await using container = await docker.throwaway(images.host)
  const made = (argv: readonly string[], input = '') => printed(docker, container.id, argv, input)
  const own = authority.caKey + authority.ca
  const having = hosts.filter(host => authority.hosts[host] !== undefined)
  return new Map(await signedFor(made, {topology, allocation, own}, having))
}

function issue(name: string, addresses: readonly string[]): readonly string[] {
  return ['issue', name, addresses.join(',')]
}

/**
 * Where its services are reached: at home, and where clients come in through somebody who only passes bytes on, under the names of
 * those: who verifies whom it reached knows these alone.
 */
function namesOf(topology: Topology, allocation: Allocation, host: HostName): readonly string[] {
  const {addresses} = allocation
  const own = within(topology, clusterOf(topology, host))
  const serves = [...hostsWith(own, 'patroni'), ...hostsWith(own, 'pgbouncer')].includes(host)
  const known = [host, ...(serves ? hostsWith(own, 'haproxy').filter(one => one !== host) : [])]
  const shared = serves && hostsWith(own, 'keepalived').length > 0 ? [`IP:${virtualAddress(allocation)}`] : []
  return [...known.flatMap(one => [`DNS:${one}`, `IP:${addresses[one]}`]), 'DNS:localhost', 'IP:127.0.0.1', ...shared]
}

/** What it prints: keys and certificates in PEM. */
async function printed(docker: CertificateEngine, id: string, argv: readonly string[], input: string): Promise<string> {
  await using running = await docker.exec(id, ['certificate-authority', ...argv])
  running.stdin.end(input)
  const lines: string[] = []
  for await (const line of running.lines) lines.push(line)
  const code = await running.done
  if (running.lost !== undefined) throw running.lost
  if (code === 0) return `${lines.join('\n')}\n`
  throw new LabError(
    'engine',
    `no certificate of ${argv[1] ?? 'a token'} was made: ${running.stderr().trim() || code}`,
    {
      hint: ownCommand('doctor'),
    },
  )
}

/** Each with its own first and last line. */
function blocksIn(pem: string): readonly string[] {
  return (pem.match(/-----BEGIN [^-]+-----\n[^-]+-----END [^-]+-----\n/g) ?? []) as string[]
}
