/** How hard a machine had it during a run: its own timers, those of the clients, and etcd's disk. */
import type {Micros} from '../words/quantity.ts'
import {sayMicros} from '../words/quantity.ts'
import {type History, of} from './history.ts'
import {diskUsual, lateness, slowedDisks, usual} from './lateness.ts'

export interface Strain {
  /** The worst lateness of a timer, of this process or of the clients. */
  readonly timer: Micros
  /** The slowest write of etcd's log, but for those that a fault held up. */
  readonly disk: Micros
  /** Of what a machine that is not starved has; above 1 it was starved. */
  readonly share: number
}

/** null: the record says neither. */
export function strainOf(history: History): Strain | null {
  const onPurpose = slowedDisks(history)
  const writes = of(history, 'fsync').filter(one => !onPurpose(one))
  if (writes.length === 0 && of(history, 'watching').length === 0) return null
  const timer = lateness(history, 0, Number.POSITIVE_INFINITY).micros
  const disk = writes.reduce((most, one) => Math.max(most, one.worstMicros), 0)
  return {timer, disk, share: Math.max(timer / usual, disk / diskUsual)}
}

/** `a timer ran 310 ms late, and a write of etcd's log took 64 ms` */
export function sayStrain({timer, disk}: Strain): string {
  return `a timer ran ${sayMicros(timer)} late, and a write of etcd's log took ${sayMicros(disk)}`
}
