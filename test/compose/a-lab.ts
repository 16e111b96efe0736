/** A lab to render: five hosts, and what was allocated for them; and its compose file, as it is read. */
import {expect} from 'vitest'
import {parse} from 'yaml'
import {addressesOf, observerIn, portsOf} from '../../lab/state/allocate.ts'
import {
  type Allocation,
  type Host,
  type Owner,
  type Profile,
  profiles,
  type Topology,
} from '../../lab/topology/topology.ts'

export const hosts: Host[] = [
  {name: 'node1', services: ['etcd', 'patroni']},
  {name: 'node2', services: ['etcd', 'patroni']},
  {name: 'node3', services: ['etcd', 'patroni']},
  {name: 'proxy1', services: ['haproxy']},
  {name: 'app1', services: ['client']},
]

export const home = '0123456789abcdef /home/ann/.local/state/pgha-lab'
export const owner: Owner = {id: 'c0ffee', home}

export function topology(profile: 'default' | 'fast', patroni: Partial<Profile['patroni']> = {}): Topology {
  return {
    profile,
    release: 'trixie',
    hosts,
    ...profiles[profile],
    patroni: {...profiles[profile].patroni, ...patroni},
  }
}

export function allocation(passwords: Partial<Allocation['passwords']> = {}, of = topology('fast')): Allocation {
  return {
    lab: 'demo',
    subnet: '10.213.7.0/24',
    addresses: addressesOf(of, '10.213.7.0/24'),
    observer: observerIn('10.213.7.0/24'),
    ports: portsOf(of, 25_350),
    passwords: {
      ...{superuser: 'su-pw', replication: 'repl-pw', rewind: 'rewind-pw', app: 'app-pw'},
      ...(of.auth === undefined ? {} : {etcdRoot: 'root-pw', etcdPatroni: 'patroni-pw', rest: 'rest-pw'}),
      ...passwords,
    },
    ...keysFor(of),
    images: {host: 'pgha-lab/host:test', app: 'pgha-lab/app:test'},
  }
}

const pem = (what: string) => `-----BEGIN ${what}-----\nc2VjcmV0\n-----END ${what}-----\n`

/** Of the form of keys, and no more. */
function keysFor({hosts: all, tls, auth}: Topology): Pick<Allocation, 'authority' | 'tokenKey'> {
  const own = pem('PRIVATE KEY') + pem('CERTIFICATE')
  const hosts = Object.fromEntries(all.map(({name}) => [name, own]))
  return {
    ...(tls === undefined
      ? {}
      : {authority: {ca: pem('CERTIFICATE'), caKey: pem('PRIVATE KEY'), hosts, observer: own}}),
    ...(auth?.etcd === 'jwt' ? {tokenKey: {private: pem('PRIVATE KEY'), public: pem('PUBLIC KEY')}} : {}),
  }
}

interface Service {
  image: string
  command: string[]
  restart: string
  stop_grace_period: string
  cap_add: string[]
  cap_drop: string[]
  labels: Record<string, string>
  ports?: {mode: string; host_ip: string; target: number; published: string; protocol: string}[]
  volumes?: {type: string; source: string; target: string}[]
  configs?: {source: string; target: string}[]
  environment?: Record<string, string>
  networks: {lab: {ipv4_address: string}}
}

interface ComposeFile {
  name: string
  services: Record<string, Service>
  networks: {lab: {labels: Record<string, string>}}
  volumes: Record<string, {name: string; labels: Record<string, string>; driver_opts?: Record<string, string>}>
  configs: Record<string, {content: string}>
}

/** As docker compose reads it: `$$` one dollar; a single dollar would be a variable of Compose. */
export function read(text: string): ComposeFile {
  const file = parse(text) as ComposeFile
  for (const config of Object.values(file.configs)) {
    expect(config.content.replaceAll('$$', '')).not.toContain('$')
    config.content = config.content.replaceAll('$$', '$')
  }
  return file
}

export function patroniYml(text: string) {
  return parse(read(text).configs.patroni!.content)
}
