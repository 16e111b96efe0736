/** What a step of ours did by hand, past Patroni: all else of that kind, somebody else did. */
import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import type {Of} from './event.ts'
import {type History, of} from './history.ts'
import type {Strike} from './strike.ts'

/** It is told so much later than the call that did it returned, and may be told a moment before that is stamped. */
const toldLate: Micros = 2_000_000
const toldEarly: Micros = 100_000

type ByHand = NonNullable<Strike['byHand']>

/** Who deleted the leader key then. */
export function whoDeletedKey(history: History, at: Micros): string {
  return says(find(history, ({deletesKey}) => deletesKey === true, at))
}

/** Who emptied or dropped the table of the clients. */
export function whoTookTable(history: History): string {
  return stepThatTookTable(history) ?? says(undefined)
}

/** The step that emptied or dropped it; null: none of ours did. */
export function stepThatTookTable(history: History): string | null {
  const step = find(history, ({takesTable}) => takesTable === true)
  return step === undefined ? null : says(step)
}

/** The step that promoted this host past Patroni; null: none of ours did. */
export function stepThatPromoted(history: History, host: HostName, at: Micros): string | null {
  const step = find(history, ({promotes = []}) => promotes.includes(host), at)
  return step === undefined ? null : says(step)
}

function find(history: History, did: (hand: ByHand) => boolean, at?: Micros): Of<'fault-injecting'> | undefined {
  return of(history, 'fault-injecting').findLast(one => {
    if (one.strike.byHand === undefined || !did(one.strike.byHand)) return false
    const returned = of(history, 'fault-injected').find(other => other.id === one.id && other.at >= one.at)
    const to = (returned?.at ?? Number.POSITIVE_INFINITY) + toldLate
    return at === undefined || (at >= one.at - toldEarly && at <= to)
  })
}

function says(step: Of<'fault-injecting'> | undefined): string {
  return step === undefined ? 'somebody' : `the step \`${step.id}\``
}
