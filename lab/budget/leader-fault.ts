/** The faults of a leader that the model knows, and what is known about one of them in a run. */
import type {Micros} from '../words/quantity.ts'
import type {Bounds} from './variable.ts'

/** What may befall a leader. "The leader died" is several different faults, and each has its own timing. */
export type LeaderFault =
  /** Its machine is gone: nothing answers any more. */
  | 'host-killed'
  /** All its processes are frozen: connections are accepted by the kernel and never answered. */
  | 'host-paused'
  /** Only Patroni is dead: its port refuses, PostgreSQL lives on. */
  | 'patroni-killed'
  /** Only Patroni is frozen: its port accepts and never answers, PostgreSQL lives on. */
  | 'patroni-frozen'
  /** It reaches no etcd; everybody else still reaches it. */
  | 'cut-from-etcd'
  /** It reaches nobody, and nobody reaches it. */
  | 'isolated'
  /** An orderly stop of its Patroni, or of its whole host. */
  | 'stopped'
  /** The operator's switchover, or failover while there is a healthy leader. */
  | 'switchover'
  /** Only PostgreSQL is dead; its Patroni notices at its next loop. */
  | 'postgres-killed'

/** What is known about one fault of a leader. */
export interface FaultFacts {
  readonly fault: LeaderFault
  /** How long before the fault the lease was last refreshed; a little below zero when the call overtook a refresh. */
  readonly refreshAge: Micros | null
  /**
   * What befell etcd's leader. died: it was struck as well. changed: it moved for another reason. `newTerm`: when its
   * successor's term began, after the fault.
   */
  readonly etcd:
    | {readonly leader: 'elsewhere' | 'unknown'}
    | {readonly leader: 'died' | 'changed'; readonly newTerm: Bounds | null}
  /** How long the call that breaks took: the effect began within. */
  readonly callTook: Micros
  /** Of a cut: whether packets vanish or are refused; absent: not known. */
  readonly cut?: 'drop' | 'reject'
  /** Of a leader without its Patroni: clients go on writing to it past HAProxy; absent: not known. */
  readonly orphanIsWritten?: boolean
  /** Of an isolation: HAProxy still reaches the leader. */
  readonly proxyReaches?: boolean
}

/** How the old leader looks to whoever asks it. */
export type Look = 'silent' | 'hung' | 'refusing' | 'answering' | 'unknown'

export function lookOf({fault, cut}: Pick<FaultFacts, 'fault' | 'cut'>): Look {
  switch (fault) {
    case 'host-killed':
      return 'silent'
    case 'host-paused':
    case 'patroni-frozen':
      return 'hung'
    case 'isolated':
      return cut === 'drop' ? 'silent' : 'unknown'
    case 'patroni-killed':
    case 'stopped':
      return 'refusing'
    case 'cut-from-etcd':
    case 'switchover':
    case 'postgres-killed':
      return 'answering'
  }
}

/** Whether an etcd member on the leader's own host is struck with it. */
export function strikesEtcd(fault: LeaderFault): boolean {
  return fault === 'host-killed' || fault === 'host-paused' || fault === 'isolated'
}
