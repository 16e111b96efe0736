/** The processes of a host that a fault can hit, by name: how to find their pids, and what the kernel says of them. */

import type {Shell} from '../cluster/shell.ts'
import {type SupervisedName, services, supervisedNames} from '../topology/services.ts'
import {appDatabase, type HostName, roles} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'

/** Supervised by s6: one that dies is started again, unless it is held down. */
export const supervised = supervisedNames
/** Of PostgreSQL: its postmaster, and its children by the titles they give themselves. */
export const ofPostgres = ['postgres', 'walreceiver', 'checkpointer', 'startup', 'backend'] as const

export type ServiceProcess = SupervisedName
export type ProcessName = ServiceProcess | (typeof ofPostgres)[number]

export function isSupervised(name: string): name is ServiceProcess {
  return (supervised as readonly string[]).includes(name)
}

/** What a supervisor knows of these only starts the one that works. */
export const parents: ReadonlySet<ProcessName> = new Set<ProcessName>(['keepalived'])

/** What a process is called in a sentence. */
export const sayProcess: Readonly<Record<ProcessName, string>> = {
  ...ofServices(name => services[name].title),
  postgres: "PostgreSQL's postmaster",
  walreceiver: 'the WAL receiver',
  checkpointer: 'the checkpointer',
  startup: 'the startup process (which replays WAL)',
  backend: `a backend of a client of ${roles.app}`,
}

function ofServices<T>(of: (name: ServiceProcess) => T): Readonly<Record<ServiceProcess, T>> {
  return Object.fromEntries(supervised.map(name => [name, of(name)])) as Record<ServiceProcess, T>
}

/**
 * A script that prints the pid; nothing where there is no such process. Titles are PostgreSQL's
 * (`backend_status.c`, `ps_status.c`: `postgres: <cluster_name>: <title>`); Patroni sets cluster_name to the scope, whichever that is.
 */
export function findScript(name: ProcessName): string {
  if (isSupervised(name))
    return `if [ -e /run/service/${name}/supervise ]; then s6-svstat -o pid /run/service/${name} | grep -v '^-1$' || true; fi`
  switch (name) {
    case 'postgres':
      // The file may be that of a postmaster which died, and its pid another process by now.
      return `{ read -r pid < /data/postgresql/main/postmaster.pid && read -r comm < "/proc/$pid/comm"; } 2> /dev/null
if [ "$comm" = postgres ]; then echo "$pid"; fi`
    case 'backend':
      return titled(`${roles.app} ${appDatabase} `)
    default:
      return titled(name)
  }
}

function titled(title: string): string {
  return `pgrep -o -u postgres -f '^postgres: ([^ ]+: )?${title}' || true`
}

/** @throws LabError `no-target` when the host has no such process right now. */
export async function find(shell: Shell, host: HostName, name: ProcessName): Promise<number> {
  const pid = Number.parseInt(await shell.run(findScript(name)), 10)
  if (pid > 0) return pid
  throw new LabError('no-target', `${host} has no process \`${name}\` right now: ${why[name]}`, {
    hint: 'choose another `what` or another host with `on`',
  })
}

const why: Readonly<Record<ProcessName, string>> = {
  ...ofServices(() => 'that service does not run there'),
  postgres: 'PostgreSQL does not run there',
  walreceiver: 'only a replica that streams has one',
  checkpointer: 'PostgreSQL does not run there',
  startup: 'only a replica has one',
  backend: 'no client is connected to it',
}

/** A script that waits until the supervisor has started a service, which a host that has just booted does within a second. */
export function untilUp(service: ServiceProcess): string {
  return `tries=200
until [ "$(s6-svstat -o pid /run/service/${service} 2> /dev/null || echo -1)" -gt 0 ]; do
  tries=$((tries - 1))
  if [ $tries -eq 0 ]; then echo "${service} has not started within 10 s" >&2; exit 1; fi
  sleep 0.05
done`
}

/** Pids of the children of a process, e.g. all that a postmaster started. */
export async function childrenOf(shell: Shell, pid: number): Promise<number[]> {
  return pids(await shell.run(`pgrep -P ${pid} || true`))
}

function pids(printed: string): number[] {
  return printed.split(/\s+/).filter(Boolean).map(Number)
}

/** The state of each of these processes as the kernel says it (proc(5): R, S, D, T stopped, Z dead); who is gone is left out. */
export async function statesOf(shell: Shell, wanted: readonly number[]): Promise<Map<number, string>> {
  return parseStates(await shell.run(statesScript(wanted)))
}

export function statesScript(wanted: readonly number[]): string {
  return `for pid in ${wanted.join(' ')}; do
  { read -r line < /proc/$pid/stat; } 2> /dev/null || continue
  rest=\${line##*) }
  echo "$pid \${rest%% *}"
done`
}

export function parseStates(printed: string): Map<number, string> {
  const lines = printed.split('\n').flatMap((line): [number, string][] => {
    const [pid, state] = line.split(' ')
    return pid && state ? [[Number(pid), state]] : []
  })
  return new Map(lines)
}

/** Those that live: neither gone nor dead and waiting for their parent to take note. */
export async function alive(shell: Shell, wanted: readonly number[]): Promise<number[]> {
  return [...(await statesOf(shell, wanted))].filter(([, state]) => state !== 'Z' && state !== 'X').map(([pid]) => pid)
}
