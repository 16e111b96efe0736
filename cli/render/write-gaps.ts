/** Times in which no client of the proxy had a write acknowledged; where all writers go past it, none of those. */

import type {History, Micros} from '../../lab/index.ts'
import {attemptsOf, proxiedOrAll} from '../../lab/inside/reading.ts'
import {gapFrom} from '../ui/throughput.ts'

export interface Gap {
  /** The last acknowledged write before. */
  readonly from: Micros
  /** The first one after; when there was none, the moment in which the writers were stopped, or the end of the record. */
  readonly to: Micros
  readonly ended: boolean
}

/** Longer than jitter (0.25 s), in the order of time. Before the first acknowledged write nothing is missing yet. */
export function writeGaps(history: History): Gap[] {
  const stopped = history.events.find(event => event.kind === 'phase' && event.name === 'final-reads')?.at
  // A run that broke off had its writers wanting to write until then, even where they got as far as no attempt.
  const end = stopped ?? history.events.at(-1)?.at ?? 0
  const answers = proxiedOrAll(attemptsOf(history).filter(op => op.op === 'write'))
    .filter(op => op.outcome === 'ok' && op.at <= end)
    .map(op => op.at)
  const gaps = answers.slice(1).map((to, index): Gap => ({from: answers[index]!, to, ended: true}))
  const last = answers.at(-1)
  if (last !== undefined) gaps.push({from: last, to: end, ended: false})
  return gaps.filter(gap => gap.to - gap.from > gapFrom)
}
