/** A row of a table of phases: when one was seen, and whether that is as the timing model says. */
import type {Phase, PhaseBudget} from '../../budget/index.ts'
import type {Event} from '../../history/event.ts'
import {type History, of} from '../../history/history.ts'
import {between, inTime, sayDoubt, starvedFor} from '../../history/lateness.ts'
import type {HostName} from '../../topology/topology.ts'
import {type Micros, sayMicros} from '../../words/quantity.ts'
import type {PhaseRow} from '../check.ts'

/** One phase as it was seen, or was not. */
export interface PhaseSeen {
  readonly phase: Phase
  readonly name: string
  /** null: the model says nothing about it. */
  readonly budget: PhaseBudget | null
  readonly event: Event | undefined
  /** What the model's `took` counts from: what it is, and as it was seen. */
  readonly waitsFor: Phase | 'fault'
  readonly after: Event | undefined
  readonly says: string
  readonly absent: string
  /** So much earlier it may have been, had anybody tried then. */
  readonly coarse: Micros
}

/** @param t0 when the fault came: `measured` counts from it. */
export function phaseRow(
  history: History,
  t0: Micros,
  {phase, name, budget, event, waitsFor, after, says, absent, coarse}: PhaseSeen,
): PhaseRow {
  const called = {phase, name, after: waitsFor}
  const {at, took: allowed, tookLimit} = budget ?? noModel
  if (!event) return {...called, measured: null, predicted: at, took: null, allowed, verdict: 'unknown', says: absent}
  const measured = event.at - t0
  if (after === undefined) return {...called, measured, predicted: at, took: null, allowed, verdict: 'unknown', says}
  const took = Math.max(0, event.at - after.at)
  // A write may be acknowledged before a probe has seen the server ready for it: that is early, and early is fine.
  if (event.at < after.at) {
    const early = after.at - event.at
    const sampling = betweenSamples(history, after)
    const apart = Math.max(early, sampling)
    const remark =
      early <= sampling
        ? `seen before ${sources[after.kind] ?? 'what it waits for'} was looked at again, so they are at most ${sayMicros(apart)} apart`
        : `seen ${sayMicros(early)} before what it waits for as a rule`
    return {...called, measured, predicted: at, took, allowed, apart, verdict: 'pass', says: `${says}; ${remark}`}
  }
  if (allowed === null) return {...called, measured, predicted: at, took, allowed, verdict: 'pass', says}
  const beyond = took - allowed[1]
  const starved = starvedFor(history, after.at, event.at)
  // What was seen so late that it may have come before is not held against anybody.
  const timely = inTime({from: between(history, after, event).from - coarse, to: took}, tookLimit, starved)
  const remark =
    timely === 'fail'
      ? `; ${sayMicros(beyond)} longer than the model allows, too much for any slow machine`
      : timely === 'unknown'
        ? `; ${sayMicros(beyond)} longer than the model allows, but ${sayDoubt(starved)}`
        : beyond > 0
          ? `; ${sayMicros(beyond)} longer than on a quiet machine, within the slack for a slow one`
          : ''
  return {...called, measured, predicted: at, took, allowed, verdict: timely, says: says + remark}
}

/** Who tells of the phase that another one waits for. */
const sources: Readonly<Partial<Record<Event['kind'], string>>> = {
  proxy: 'HAProxy',
  postgres: 'PostgreSQL',
  'leader-key': 'etcd',
  'virtual-address': 'keepalived',
}

/** So often probes that nobody reports on look. */
const usualSampling: Micros = 50_000
const observers = {proxy: 'proxy', postgres: 'postgres', 'leader-key': 'etcd', 'virtual-address': 'address'} as const

/** The longest time between two looks of the probe that told of this event, in the seconds around it. */
export function betweenSamples(history: History, event: Event): Micros {
  const who = Object.entries(observers).find(([one]) => one === event.kind)?.[1]
  // Another host that is dead is asked less often.
  const ofHost = (host: HostName | undefined) => !('host' in event) || host === undefined || host === event.host
  const around = of(history, 'watching').filter(
    one => one.who === who && ofHost(one.host) && Math.abs(one.at - event.at) <= 1_500_000,
  )
  return Math.max(usualSampling, ...around.map(one => one.worstMicros))
}

/** Of a phase that the model says nothing about. */
const noModel = {at: null, took: null, tookLimit: Number.POSITIVE_INFINITY}
