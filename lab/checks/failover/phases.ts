/** The rows of a failover's table: when each phase was seen, and whether that is as the timing model says. */
import {type FailoverBudget, type Phase, phaseLabel} from '../../budget/index.ts'
import type {Event} from '../../history/event.ts'
import type {Failover} from '../../history/failover.ts'
import type {History} from '../../history/history.ts'
import {coarseness} from '../../history/steady-writes.ts'
import {type PhaseSeen, phaseRow} from '../check/phase-row.ts'
import type {PhaseRow} from '../check.ts'

/** The phases in the order in which they wait for each other. */
export function phaseRows(history: History, found: Failover, budget: FailoverBudget | null): PhaseRow[] {
  const seen = [...meanwhile(found, budget), ...ofTheOld(found, budget), ...ofTheNew(found)]
  const coarse = coarseness(history, found)
  return seen.map(one =>
    phaseRow(history, found.t0, {
      ...one,
      name: phaseLabel(one.phase, budget?.key),
      budget: budget?.phases[one.phase] ?? null,
      coarse: one.phase === 'firstWrite' ? coarse : 0,
    }),
  )
}

/** What is told of each in the same way. */
type Seen = Omit<PhaseSeen, 'name' | 'budget' | 'coarse'>

/** What ends the old leader by itself, where the model has that. */
function meanwhile({fault, oldLeader, demoted, reset}: Failover, budget: FailoverBudget | null): Seen[] {
  const both: readonly Seen[] = [
    {
      ...{phase: 'demotion', event: demoted, waitsFor: 'fault', after: fault},
      says: `${oldLeader} was seen taking no more writes`,
      absent: `nobody saw ${oldLeader} stop taking writes`,
    },
    {
      ...{phase: 'reset', event: reset, waitsFor: 'fault', after: fault},
      says: `the watchdog of ${oldLeader} fired`,
      absent: `the watchdog of ${oldLeader} was not seen firing`,
    },
  ]
  return both.filter(({phase}) => budget?.phases[phase] !== undefined)
}

function ofTheOld({fault, oldLeader, oldDown, keyGone}: Failover, budget: FailoverBudget | null): Seen[] {
  return [
    {
      ...{phase: 'oldServerDown', event: oldDown, waitsFor: 'fault', after: fault},
      says: `${oldLeader} went ${oldDown?.status} in ${oldDown?.proxy}, its check: ${oldDown?.check}`,
      absent: `${oldLeader} was never seen going down`,
    },
    {
      ...{phase: 'keyGone', event: keyGone, waitsFor: 'fault', after: fault},
      says: keyGone?.holder
        ? `${keyGone.holder} took the leader key over; no deletion was seen`
        : `the leader key was deleted (revision ${keyGone?.revision})${budget ? `; ${budget.says}` : ''}`,
      absent: 'the leader key was never seen going away',
    },
  ]
}

function ofTheNew(found: Failover): Seen[] {
  const {keyGone, newKey, promoted, newUp, firstWrite, newLeader, oldTimeline} = found
  const ready = lastOf({election: newKey, promotion: promoted, newServerUp: newUp})
  const write = firstWrite?.kind === 'op' ? `write ${firstWrite.id}` : 'a transaction'
  return [
    {
      ...{phase: 'election', event: newKey, waitsFor: 'keyGone', after: keyGone},
      says: `${newLeader} holds the leader key (revision ${newKey?.revision})`,
      absent: 'no other host was seen with the leader key',
    },
    {
      ...{phase: 'promotion', event: promoted, waitsFor: 'election', after: newKey},
      says: `${newLeader} takes writes on timeline ${promoted?.timeline}, after ${oldTimeline}`,
      absent: 'no new primary was seen taking writes on a higher timeline',
    },
    {
      ...{phase: 'newServerUp', event: newUp, waitsFor: 'election', after: newKey},
      says: `${newLeader} went ${newUp?.status} in ${newUp?.proxy}`,
      absent: newLeader ? `${newLeader} was never seen coming up` : 'there was no new leader to route to',
    },
    {
      ...{phase: 'firstWrite', event: firstWrite, ...ready},
      says: `${write} of ${firstWrite?.client}, answered by ${firstWrite?.server} on timeline ${firstWrite?.timeline}`,
      absent: 'no write was acknowledged by a new leader',
    },
  ]
}

/** The one of them that was seen last, once all of them were. */
function lastOf(all: Readonly<Partial<Record<Phase, Event | undefined>>>): Pick<PhaseSeen, 'waitsFor' | 'after'> {
  const seen = Object.entries(all) as [Phase, Event | undefined][]
  const [waitsFor, after] = seen.reduce((a, b) => (a[1] && b[1] && b[1].at <= a[1].at ? a : b))
  return {waitsFor, after: seen.every(([, event]) => event !== undefined) ? after : undefined}
}
