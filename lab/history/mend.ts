/** What undoes a part of a fault, as it is recorded, kept in the journal and done. */

import type {HostName} from '../topology/topology.ts'

/**
 * One mend: what undoes a part of a fault. Plain data, so that another process can do it from the journal. Each is idempotent,
 * and can be read off the engine, the kernel or Patroni as well (`lab/healing/broken.ts`): of `set-config` maintenance mode only.
 */
export type Mend =
  | {readonly do: 'start-host'; readonly host: HostName}
  | {readonly do: 'unpause-host'; readonly host: HostName}
  /** The container's network interface, after `docker network disconnect`. */
  | {readonly do: 'plug-in'; readonly host: HostName}
  | {readonly do: 'lift-cpu-limit'; readonly host: HostName}
  /** Let the supervisor start a service that is held down. */
  | {readonly do: 'start-service'; readonly host: HostName; readonly service: string}
  /** SIGCONT to every stopped process of the host. */
  | {readonly do: 'resume-processes'; readonly host: HostName}
  /** Delete the nftables table `pgha_lab_<cut>`. */
  | {readonly do: 'open-network'; readonly host: HostName; readonly cut: string}
  /** Delete our root qdisc. */
  | {readonly do: 'unslow-network'; readonly host: HostName}
  | {readonly do: 'resume-replay'; readonly host: HostName}
  | {readonly do: 'free-disk'; readonly host: HostName}
  /** Put back what PostgreSQL needs to start. */
  | {readonly do: 'repair-postgres'; readonly host: HostName}
  /** Take out of etcd what filled it, give the space back, and disarm the alarm. */
  | {readonly do: 'free-etcd'; readonly host: HostName}
  | {readonly do: 'replace-etcd'; readonly host: HostName}
  /** Let every fsync take as long as it takes. */
  | {readonly do: 'unslow-disk'; readonly host: HostName}
  | {readonly do: 'set-clock'; readonly host: HostName}
  /** End the load that `overload` started. */
  | {readonly do: 'end-load'; readonly host: HostName}
  /** Back to the tags of the host's own configuration. */
  | {readonly do: 'reset-tags'; readonly host: HostName}
  /** The container through which the hosts are reached. */
  | {readonly do: 'start-observer'; readonly host: null}
  /** The container of a program that was a client in a run; a run whose end was cut short leaves it. */
  | {readonly do: 'remove-program'; readonly host: null; readonly program: string}
  /** PATCH of Patroni's dynamic configuration; null removes a key. `{pause: null}` ends maintenance mode. */
  | {readonly do: 'set-config'; readonly host: HostName | null; readonly config: Readonly<Record<string, unknown>>}
