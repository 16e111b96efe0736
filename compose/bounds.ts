/**
 * What a container of a lab may do and how much it may take: caps against running wild, far from what it needs, and no reservations.
 * Whoever fills the topology with more gets more.
 */
import type {ServiceName} from '../lab/topology/services.ts'
import type {Host, Topology} from '../lab/topology/topology.ts'

const kB = 1024
const MB = 1024 ** 2
const GB = 1024 ** 3

/**
 * Of root in the host's container, by service; all others are dropped. NET_ADMIN: faults
 * filter and slow packets on every host. What runs in the host image also starts with NET_RAW (it announces its address), and faults
 * signal processes of other users there (KILL), and hold up the system calls of those that keep data (SYS_PTRACE).
 */
const capabilities: Readonly<Record<ServiceName, readonly string[]>> = {
  // Its data directory is made for its own user, who alone may look into it; then root becomes that user.
  etcd: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_ADMIN', 'NET_RAW', 'SETGID', 'SETUID', 'SYS_PTRACE'],
  patroni: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_ADMIN', 'NET_RAW', 'SETGID', 'SETUID', 'SYS_PTRACE'],
  pgbouncer: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_ADMIN', 'NET_RAW', 'SETGID', 'SETUID'],
  haproxy: ['CHOWN', 'DAC_OVERRIDE', 'KILL', 'NET_ADMIN', 'NET_RAW', 'SETGID', 'SETUID'],
  // It gives its host an address and takes it again, and sends VRRP and gratuitous ARP.
  keepalived: ['KILL', 'NET_ADMIN', 'NET_BROADCAST', 'NET_RAW', 'SETGID', 'SETUID'],
  client: ['NET_ADMIN'],
}

export interface Bounds {
  readonly cap_drop: string[]
  readonly cap_add?: string[]
  readonly security_opt: string[]
  /** Bytes, as all else in here that is text. */
  readonly mem_limit: string
  /** Processes and threads. */
  readonly pids_limit: number
  readonly logging: {readonly driver: 'json-file'; readonly options: Readonly<Record<string, string>>}
}

/** Without rights beyond those named, and with none to be had. */
export function bounds(
  capabilities: readonly string[],
  {memoryBytes, processes, logMB}: {memoryBytes: number; processes: number; logMB: number},
): Bounds {
  return {
    cap_drop: ['ALL'],
    ...(capabilities.length > 0 ? {cap_add: [...capabilities]} : {}),
    security_opt: ['no-new-privileges:true'],
    mem_limit: String(memoryBytes),
    pids_limit: processes,
    logging: {driver: 'json-file', options: {'max-file': '2', 'max-size': `${logMB / 2}m`}},
  }
}

/** More than any machine has: beyond it a number is no cap, and in the end no whole number to those that read it. */
const mostMemoryBytes = 1024 ** 5
/** Linux's own limit (PID_MAX_LIMIT): it takes no larger one. */
const mostProcesses = 4_194_304

export function boundsOf(topology: Topology, {services}: Host): Bounds {
  const needs = services.map(service => need(topology, service))
  const sum = (of: (one: Need) => number) => needs.map(of).reduce((a, b) => a + b, 0)
  // A haproxy.cfg of somebody's own may `chroot`, as Debian's does.
  const more = topology.haproxyFile !== undefined && services.includes('haproxy') ? ['SYS_CHROOT'] : []
  return bounds([...new Set([...services.flatMap(service => capabilities[service]), ...more])].sort(), {
    // Shells and tools of the faults, and what the engine starts for commands.
    memoryBytes: Math.min(mostMemoryBytes, 512 * MB + sum(one => one.memoryBytes)),
    processes: Math.min(mostProcesses, 256 + sum(one => one.processes)),
    logMB: sum(one => one.logMB),
  })
}

interface Need {
  readonly memoryBytes: number
  readonly processes: number
  readonly logMB: number
}

function need(topology: Topology, service: ServiceName): Need {
  switch (service) {
    case 'etcd':
      return {memoryBytes: GB, processes: 256, logMB: 100}
    case 'patroni':
      return database(topology)
    case 'haproxy':
      // `maxconn 2000`, two buffers of 16 kB and both ends' sockets for each.
      return {memoryBytes: 512 * MB, processes: 256, logMB: 100}
    case 'pgbouncer':
      // One thread; a few kB for each of `max_client_conn`, and what it keeps of prepared statements.
      return {memoryBytes: 256 * MB, processes: 64, logMB: 100}
    case 'keepalived':
      return {memoryBytes: 64 * MB, processes: 64, logMB: 20}
    case 'client':
      // Node for the agents, Python for psycopg, and programs of the person's own; each may have as many threads as clients.
      return {memoryBytes: 4 * GB, processes: 4096, logMB: 200}
  }
}

/**
 * Every connection that PostgreSQL allows may be open (the fault `overload` opens up to a thousand) and sort at once. As it may fork
 * for one that it then refuses, there are twice as many processes.
 */
function database({dataBytes = 0, postgresParameters}: Topology): Need {
  const given = new Map(Object.entries(postgresParameters).map(([name, value]) => [name.toLowerCase(), value]))
  const size = (name: string, unit: number, byDefault: number) => bytesOf(given.get(name), unit) ?? byDefault
  const connections = countOf(given.get('max_connections')) ?? 100
  const workers = (countOf(given.get('max_worker_processes')) ?? 8) + (countOf(given.get('max_wal_senders')) ?? 10)
  const perConnection = 10 * MB + size('work_mem', kB, 4 * MB)
  const maintenance = 4 * size('maintenance_work_mem', kB, 64 * MB)
  return {
    memoryBytes:
      // Patroni, and a second copy of the buffers' bookkeeping; and shared memory beside them (shm_size).
      GB +
      Math.ceil(1.25 * size('shared_buffers', 8 * kB, 128 * MB)) +
      (connections + workers) * perConnection +
      maintenance +
      dataBytes,
    processes: 256 + 2 * (connections + workers),
    // Each member may log every statement of a run.
    logMB: 400,
  }
}

const units: Readonly<Record<string, number>> = {b: 1, kb: kB, mb: MB, gb: GB, tb: 1024 * GB}

/** A size as PostgreSQL takes it, whose unit may be left out; undefined: it is none. */
function bytesOf(written: string | undefined, unit: number): number | undefined {
  const [, amount, named] = /^\s*(\d+(?:\.\d+)?)\s*([kMGT]?B)?\s*$/i.exec(written ?? '') ?? []
  if (amount === undefined) return undefined
  return Math.ceil(Number(amount) * (named === undefined ? unit : (units[named.toLowerCase()] ?? unit)))
}

function countOf(written: string | undefined): number | undefined {
  return /^\s*\d{1,6}\s*$/.test(written ?? '') ? Number(written) : undefined
}
