/**
 * Where the wall time of a run went, read from its own events alone. Every moment between the beginning and the end is given to exactly
 * one part, so that the parts add up to the whole. Where several went on at once it goes to what could not have been shorter: to a
 * fault that was taking hold, then to a failover under way, then to a mend, and only what is left to the step that waited or held.
 */
import {isModelled} from '../budget/index.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {median} from '../words/statistics.ts'
import {firstView} from './cluster-view.ts'
import {failoversOf} from './failover.ts'
import {type History, of} from './history.ts'
import type {Step} from './scenario-values.ts'

/**
 * The parts of a run, in the order in which they are told. `set-up`: until the lab was asked anything for it. `healthy`: until the lab
 * was, with the settings of the run, its probes and its clients. `aiming`: from the beginning of a step that breaks to the break: whom,
 * with which mend, at which moment. `injection`: from the break to its proof, `returning`: from there until the call that breaks was
 * done. `failover`: until clients of a struck leader wrote again. `between`: what is in none of the steps.
 * `judging` and `evidence` come after the last event: a history has nothing of them.
 */
export const timedParts = [
  'set-up',
  'leftovers',
  'healthy',
  'steady',
  'aiming',
  'injection',
  'returning',
  'failover',
  'waits',
  'holds',
  'mending',
  'recovery',
  'final-reads',
  'between',
  'judging',
  'evidence',
] as const

export type TimedPart = (typeof timedParts)[number]

/** What one part took, all times of it together. */
export interface PartTook {
  readonly part: TimedPart
  readonly micros: Micros
  /** What it was made of, in the order of time: faults, steps; they add up to it. Empty where it is one thing. */
  readonly of: readonly {readonly says: string; readonly micros: Micros}[]
}

/** Where the time of one run went; the parts that took no time are left out. */
export interface Timings {
  /** All parts together. */
  readonly totalMicros: Micros
  readonly parts: readonly PartTook[]
}

/** Of several runs. The medians of the parts need not add up to that of the whole. */
export interface MedianTimings {
  readonly runs: number
  readonly totalMicros: Micros
  /** A run without this part counts with nothing. */
  readonly parts: readonly {readonly part: TimedPart; readonly micros: Micros}[]
}

/** What a run took before its history began and after that had ended, where somebody measured it. */
export interface AroundHistory {
  readonly beforeMicros: Micros
  readonly judgingMicros: Micros
  /** Logs fetched, reports written, programs removed. */
  readonly evidenceMicros: Micros
}

/** From `from` until `to`; where several are there at once, the lowest rank has the time, and of one rank what began last. */
interface Span {
  readonly from: Micros
  readonly to: Micros
  readonly rank: Rank
  readonly part: TimedPart
  /** Null: the part is one thing. */
  readonly says: string | null
}

type Rank = (typeof ranks)[keyof typeof ranks]
const ranks = {injection: 0, failover: 1, mending: 2, step: 3, phase: 4} as const

/** Pure. Of a run that broke off: up to its last event. */
export function timingsOf(history: History, around?: AroundHistory): Timings {
  const end = history.events.at(-1)?.at ?? 0
  const steps = stepsOf(history, end)
  const injections = injectionsOf(history, steps, end)
  const spans = [
    ...phasesOf(history, end),
    ...steps.flatMap(step => spansOf(step, injections)),
    ...injections.map(({from, to, says}): Span => ({from, to, says, rank: ranks.injection, part: 'injection'})),
    ...failovers(history),
    ...mends(history, end),
  ]
  const {beforeMicros = 0, judgingMicros = 0, evidenceMicros = 0} = around ?? {}
  const told = [
    {part: 'set-up', micros: beforeMicros, says: null, began: 0} as const,
    ...laidOut(spans, end),
    {part: 'judging', micros: judgingMicros, says: null, began: end} as const,
    {part: 'evidence', micros: evidenceMicros, says: null, began: end} as const,
  ]
  return {
    totalMicros: told.reduce((sum, {micros}) => sum + micros, 0),
    parts: timedParts.flatMap(part => partOf(part, told) ?? []),
  }
}

/** @throws RangeError of no runs. */
export function medianTimings(runs: readonly Timings[]): MedianTimings {
  const took = ({parts}: Timings, part: TimedPart) => parts.find(one => one.part === part)?.micros ?? 0
  return {
    runs: runs.length,
    totalMicros: Math.round(median(runs.map(run => run.totalMicros))),
    parts: timedParts
      .filter(part => runs.some(run => took(run, part) > 0))
      .map(part => ({part, micros: Math.round(median(runs.map(run => took(run, part))))})),
  }
}

/** `began`: the span that it is of. */
type Told = Pick<Span, 'part' | 'says'> & {readonly began: Micros; readonly micros: Micros}

function partOf(part: TimedPart, told: readonly Told[]): PartTook | null {
  const own = told.filter(one => one.part === part && one.micros > 0)
  if (own.length === 0) return null
  const each = Map.groupBy(own, one => one.says)
  const sum = (ones: readonly Told[]) => ones.reduce((all, {micros}) => all + micros, 0)
  return {
    part,
    micros: sum(own),
    of: [...each].flatMap(([says, ones]) => {
      if (says === null) return []
      const times = part === 'waits' || part === 'holds' ? new Set(ones.map(one => one.began)).size : 1
      return [{says: times === 1 ? says : `${says}, ${times} times`, micros: sum(ones)}]
    }),
  }
}

/** Each stretch of time in which the same is going on, with what it is given to. */
function laidOut(spans: readonly Span[], end: Micros): readonly Told[] {
  const clipped = spans.map(span => ({...span, from: Math.max(0, span.from), to: Math.min(end, span.to)}))
  const edges = [...new Set(clipped.flatMap(({from, to}) => [from, to]))].sort((a, b) => a - b)
  const coming = clipped.filter(({from, to}) => from < to).sort((a, b) => a.from - b.from)
  let open: Span[] = []
  let next = 0
  return edges.slice(1).flatMap((to, index): Told[] => {
    const from = edges[index]!
    while (next < coming.length && coming[next]!.from <= from) open.push(coming[next++]!)
    open = open.filter(span => span.to > from)
    const [first, ...more] = open
    if (first === undefined) return []
    const {part, says, from: began} = more.reduce((best, one) => (one.rank <= best.rank ? one : best), first)
    return [{part, says, began, micros: to - from}]
  })
}

const ofPhase = {
  leftovers: 'leftovers',
  healthy: 'healthy',
  steady: 'steady',
  steps: 'between',
  healing: 'mending',
  recovery: 'recovery',
  'final-reads': 'final-reads',
} as const satisfies Record<string, TimedPart>

/** What lies under all else: every moment is in one of them. */
function phasesOf(history: History, end: Micros): readonly Span[] {
  const phases = of(history, 'phase')
  const first: Span = {from: 0, to: phases[0]?.at ?? end, rank: ranks.phase, part: 'set-up', says: null}
  return [
    first,
    ...phases.map(
      ({at, name}, index): Span => ({
        ...{from: at, to: phases[index + 1]?.at ?? end, rank: ranks.phase, part: ofPhase[name]},
        says: name === 'healing' ? 'whatever else was in force' : null,
      }),
    ),
  ]
}

interface PlayedStep {
  readonly from: Micros
  readonly to: Micros
  readonly says: string
  /** Undefined: the scenario that was recorded does not have it. */
  readonly step: Step | undefined
}

/** One that was under way when the run ended early lasted until the healing. */
function stepsOf(history: History, end: Micros): readonly PlayedStep[] {
  const {steps = []} = of(history, 'run-started')[0]?.scenario ?? {}
  const over = of(history, 'phase').find(({name}) => name === 'healing')?.at ?? end
  const ended = new Map(of(history, 'step-ended').map(({index, at}) => [index, at]))
  return of(history, 'step-started').map(({at, index, says}) => ({
    ...{from: at, to: ended.get(index) ?? over, says, step: steps[index]},
  }))
}

interface PlayedInjection {
  readonly id: string
  readonly from: Micros
  /** When its effect was seen. */
  readonly to: Micros
  readonly says: string
}

/** A proof after the step is of something else: that the fault still held. One without a proof took hold at the call's return, if at all. */
function injectionsOf(history: History, steps: readonly PlayedStep[], end: Micros): readonly PlayedInjection[] {
  const proofs = Map.groupBy(of(history, 'fault-proof'), one => one.id)
  const returns = Map.groupBy(of(history, 'fault-injected'), one => one.id)
  return of(history, 'fault-injecting').map(({id, at, what}) => {
    const over = steps.find(one => isOf(one, id))?.to ?? end
    const isOwn = (one: {readonly at: Micros}) => one.at >= at && one.at <= over
    const seen = proofs.get(id)?.findLast(isOwn) ?? returns.get(id)?.findLast(isOwn)
    return {id, from: at, to: seen?.at ?? at, says: what}
  })
}

function isOf({step}: PlayedStep, id: string): boolean {
  return step?.do === 'inject' && step.as === id
}

/** A step that breaks has what comes before the break, and what comes after its effect. */
function spansOf(played: PlayedStep, injections: readonly PlayedInjection[]): readonly Span[] {
  const {from, to, says, step} = played
  const span = (part: TimedPart, begins = from, ends = to): Span => ({
    ...{from: begins, to: ends, rank: ranks.step, part, says},
  })
  switch (step?.do) {
    case 'inject': {
      const own = injections.find(one => isOf(played, one.id))
      if (own === undefined) return [span('aiming')]
      return [span('aiming', from, own.from), span('returning', own.to, to)]
    }
    case 'hold':
      return [span('holds')]
    case 'until':
      return [span('waits')]
    case 'heal':
      return [span('mending')]
    default:
      return []
  }
}

/** Of those that the cluster got through by itself: where clients wrote only once it was mended, or never, it was not waited for. */
function failovers(history: History): readonly Span[] {
  const found = failoversOf(firstView(history))
  if (typeof found === 'string') return []
  return found.flatMap(({t0, until, next, fault, struck, newKey, firstWrite, resumedWrite}): Span[] => {
    const written = (firstWrite ?? resumedWrite)?.at
    if (written === undefined || written > Math.min(until, next)) return []
    // A fault that is none of a leader's by the model, after which the same one led on.
    if (!isModelled(struck) && newKey === undefined) return []
    const says = `${fault.what}: writes again ${sayMicros(written - t0)} after it`
    return [{from: t0, to: written, rank: ranks.failover, part: 'failover', says}]
  })
}

/** Also those of the settings of the run, which come after its final reads. */
function mends(history: History, end: Micros): readonly Span[] {
  const mended = of(history, 'fault-mended')
  return of(history, 'fault-mending').map(({id, at, mend}): Span => {
    const is = JSON.stringify(mend)
    const done = mended.find(one => one.id === id && one.at >= at && JSON.stringify(one.mend) === is)
    return {from: at, to: done?.at ?? end, rank: ranks.mending, part: 'mending', says: `heal ${id}`}
  })
}
