/**
 * Attempts of clients that the record lacks. An agent numbers what its clients begin, one after the other, and tells each when it has
 * ended: an id that nobody told, between two that were told or next to them, is of a line that is lost.
 */
import {Distinct} from '../words/distinct.ts'
import type {Micros} from '../words/quantity.ts'
import {joined, type Stretch} from './at-rest.ts'
import {readersLookBelow} from './client-group.ts'
import type {Of} from './event.ts'
import {type History, of, once} from './history.ts'

/** A client gives up an attempt after some seconds. */
export const patience: Micros = 5_000_000

type Numbered = Of<'op'> | Of<'bank'>

/** When those that are missing were answered, or given up. In the order of time. */
export const idsUntold = once((history): readonly Stretch[] => {
  return joined((['op', 'bank'] as const).flatMap(kind => untoldOf(history, of(history, kind))))
})

/** Each agent counts writes, reads and what bankers do from a beginning of its own (`firstIds` of the agents). */
function untoldOf(history: History, told: readonly Numbered[]): Stretch[] {
  return [...seriesIn(told)].flatMap(([series, one]) =>
    // As nearly always: then there is nothing to sort.
    isWhole(one)
      ? untoldAtEnd(history, one.first, one.last)
      : gapsIn(
          history,
          told.filter(({id}) => seriesOf(id) === series),
        ),
  )
}

interface Series {
  readonly ids: Distinct
  /** Those with the smallest and the greatest id. */
  first: Numbered
  last: Numbered
}

function seriesIn(told: readonly Numbered[]): ReadonlyMap<number, Series> {
  const found = new Map<number, Series>()
  for (const one of told) {
    const {id} = one
    const series = seriesOf(id)
    let known = found.get(series)
    if (known === undefined) {
      known = {ids: new Distinct(), first: one, last: one}
      found.set(series, known)
    }
    known.ids.add(id - series * readersLookBelow)
    if (id < known.first.id) known.first = one
    if (id >= known.last.id) known.last = one
  }
  return found
}

const isWhole = ({ids, first, last}: Series) => first.id === firstOf(first.id) && ids.size === last.id + 1 - first.id

const seriesOf = (id: number) => Math.floor(id / readersLookBelow)
const firstOf = (id: number) => Math.max(1, seriesOf(id) * readersLookBelow)

function gapsIn(history: History, told: readonly Numbered[]): Stretch[] {
  const inOrder = told.toSorted((a, b) => a.id - b.id)
  const clients = new Set<string>()
  for (const {client} of told) clients.add(client)
  // While a run goes on an answer may be under way.
  const isOver = of(history, 'run-ended').length > 0
  const known = isOver ? Number.POSITIVE_INFINITY : told.reduce((last, {at}) => Math.max(last, at), 0) - patience
  const [first] = inOrder
  let next = firstOf(first!.id)
  let from: Micros = 0
  const found: Stretch[] = []
  for (const [index, {id, sentAt}] of inOrder.entries()) {
    if (id > next && sentAt < known) found.push({from, to: overBy(inOrder, index, clients)})
    next = id + 1
    from = sentAt
  }
  return [...found, ...untoldAtEnd(history, first!, inOrder.at(-1)!)]
}

/** A row that is there was written, whoever told it. */
function untoldAtEnd(history: History, first: Numbered, {id, sentAt: from}: Numbered): Stretch[] {
  const isInTable = first.kind === 'op' && first.op === 'write' && isRow(history, id + 1)
  return isInTable ? [{from, to: Math.max(from, history.events.at(-1)!.at)}] : []
}

/** One that begins something is through with what it began before: so all that has a smaller id is over when each has begun another. */
function overBy(inOrder: readonly Numbered[], index: number, clients: ReadonlySet<string>): Micros {
  const latest = inOrder[index]!.sentAt + patience
  const busy = new Set(clients)
  for (let at = index; at < inOrder.length && inOrder[at]!.sentAt < latest; at++) {
    busy.delete(inOrder[at]!.client)
    if (busy.size === 0) return inOrder[at]!.sentAt
  }
  return latest
}

function isRow(history: History, id: number): boolean {
  return of(history, 'final-rows').some(({ranges}) => ranges.some(([from, to]) => from <= id && id <= to))
}
