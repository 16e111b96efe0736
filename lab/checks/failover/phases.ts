/** The rows of a failover's table: when each phase was seen, and whether that is as the timing model says. */
import {type FailoverBudget, type Phase, phaseLabel} from '../../budget/index.ts'
import type {Event} from '../../history/event.ts'
import type {Failover} from '../../history/failover.ts'
import {type History, of} from '../../history/history.ts'
import {between, inTime, sayDoubt, starvedFor} from '../../history/lateness.ts'
import {coarseness} from '../../history/steady-writes.ts'
import {type Micros, sayMicros} from '../../words/quantity.ts'
import type {PhaseRow} from '../check.ts'

/** One phase as it was seen, or was not. */
interface PhaseSeen {
  readonly phase: Phase
  readonly event: Event | undefined
  /** What the model's `took` counts from. */
  readonly after: Event | undefined
  readonly says: string
  readonly absent: string
}

/** The phases in the order in which they wait for each other. */
export function phaseRows(history: History, found: Failover, budget: FailoverBudget | null): PhaseRow[] {
  const seen = [...meanwhile(found, budget), ...ofTheOld(found, budget), ...ofTheNew(found)]
  const coarse = coarseness(history, found)
  return seen.map(one =>
    phaseRow(history, {t0: found.t0, budget, coarse: one.phase === 'firstWrite' ? coarse : 0}, one),
  )
}

function phaseRow(
  history: History,
  {t0, budget, coarse}: {readonly t0: Micros; readonly budget: FailoverBudget | null; readonly coarse: Micros},
  {phase, event, after, says, absent}: PhaseSeen,
): PhaseRow {
  const called = {phase, name: phaseLabel(phase, budget?.key)}
  const {at, took: allowed, tookLimit} = budget?.phases[phase] ?? noModel
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

/** What ends the old leader by itself, where the model has that. */
function meanwhile({fault, oldLeader, demoted, reset}: Failover, budget: FailoverBudget | null): PhaseSeen[] {
  const both: readonly PhaseSeen[] = [
    {
      ...{phase: 'demotion', event: demoted, after: fault},
      says: `${oldLeader} was seen taking no more writes`,
      absent: `nobody saw ${oldLeader} stop taking writes`,
    },
    {
      ...{phase: 'reset', event: reset, after: fault},
      says: `the watchdog of ${oldLeader} fired`,
      absent: `the watchdog of ${oldLeader} was not seen firing`,
    },
  ]
  return both.filter(({phase}) => budget?.phases[phase] !== undefined)
}

function ofTheOld({fault, oldLeader, oldDown, keyGone}: Failover, budget: FailoverBudget | null): PhaseSeen[] {
  return [
    {
      ...{phase: 'oldServerDown', event: oldDown, after: fault},
      says: `${oldLeader} went ${oldDown?.status} in ${oldDown?.proxy}, its check: ${oldDown?.check}`,
      absent: `${oldLeader} was never seen going down`,
    },
    {
      ...{phase: 'keyGone', event: keyGone, after: fault},
      says: keyGone?.holder
        ? `${keyGone.holder} took the leader key over; no deletion was seen`
        : `the leader key was deleted (revision ${keyGone?.revision})${budget ? `; ${budget.says}` : ''}`,
      absent: 'the leader key was never seen going away',
    },
  ]
}

function ofTheNew(found: Failover): PhaseSeen[] {
  const {keyGone, newKey, promoted, newUp, firstWrite, newLeader, oldTimeline} = found
  const ready =
    promoted && newUp && newKey ? [newKey, promoted, newUp].reduce((a, b) => (b.at > a.at ? b : a)) : undefined
  const write = firstWrite?.kind === 'op' ? `write ${firstWrite.id}` : 'a transaction'
  return [
    {
      ...{phase: 'election', event: newKey, after: keyGone},
      says: `${newLeader} holds the leader key (revision ${newKey?.revision})`,
      absent: 'no other host was seen with the leader key',
    },
    {
      ...{phase: 'promotion', event: promoted, after: newKey},
      says: `${newLeader} takes writes on timeline ${promoted?.timeline}, after ${oldTimeline}`,
      absent: 'no new primary was seen taking writes on a higher timeline',
    },
    {
      ...{phase: 'newServerUp', event: newUp, after: newKey},
      says: `${newLeader} went ${newUp?.status} in ${newUp?.proxy}`,
      absent: newLeader ? `${newLeader} was never seen coming up` : 'there was no new leader to route to',
    },
    {
      ...{phase: 'firstWrite', event: firstWrite, after: ready},
      says: `${write} of ${firstWrite?.client}, answered by ${firstWrite?.server} on timeline ${firstWrite?.timeline}`,
      absent: 'no write was acknowledged by a new leader',
    },
  ]
}

/** Who tells of the phase that another one waits for. */
const sources: Readonly<Partial<Record<Event['kind'], string>>> = {
  proxy: 'HAProxy',
  postgres: 'PostgreSQL',
  'leader-key': 'etcd',
}

/** So often probes that nobody reports on look. */
const usualSampling: Micros = 50_000
const observers = {proxy: 'proxy', postgres: 'postgres', 'leader-key': 'etcd'} as const

/** The longest time between two looks of the probe that told of this event, in the seconds around it. */
function betweenSamples(history: History, {at, kind}: Event): Micros {
  const who = Object.entries(observers).find(([one]) => one === kind)?.[1]
  const around = of(history, 'watching').filter(one => one.who === who && Math.abs(one.at - at) <= 1_500_000)
  return Math.max(usualSampling, ...around.map(one => one.worstMicros))
}

/** Of a phase that the model says nothing about. */
const noModel = {at: null, took: null, tookLimit: Number.POSITIVE_INFINITY}
