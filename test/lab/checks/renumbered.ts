/**
 * The ids that agents would have given, where a test takes out or moves what clients tried: dense from the first of each series. Rows
 * of what is not there any more are not in the tables either.
 */
import type {Event} from '../../../lab/history/event.ts'
import {countLeading} from '../../../lab/words/search.ts'
import {ranges} from './history-builder.ts'

const series = 500_000_000
const beginOf = (id: number) => Math.max(1, Math.floor(id / series) * series)
const keyOf = (kind: string, id: number) => `${kind} ${beginOf(id)}`

/** @param before with what was taken out. */
export function renumbered(events: readonly Event[], before: readonly Event[] = events): Event[] {
  const mostOf = (most: number, one: Event) => (one.kind === 'op' && one.id < series ? Math.max(most, one.id) : most)
  const most = before.reduce(mostOf, 0)
  const told = Map.groupBy(
    events.filter(event => event.kind === 'op' || event.kind === 'bank'),
    event => keyOf(event.kind, event.id),
  )
  const known = new Map(
    [...told].map(([key, all]) => [key, [...new Set(all.map(one => one.id))].toSorted((a, b) => a - b)]),
  )
  /** That of the last one that was told, up to this id; null: none was. */
  const upTo = (kind: 'op' | 'bank', id: number) => {
    const place = countLeading(known.get(keyOf(kind, id)) ?? [], one => one <= id)
    return place === 0 ? null : beginOf(id) + place - 1
  }
  const rows = (all: readonly (readonly [number, number])[]) => {
    const ids = known.get('op 1') ?? []
    const own = ids.filter(id => all.some(([from, to]) => from <= id && id <= to)).map(id => upTo('op', id)!)
    const others = all.flatMap(([from, to]) => (to > most ? [[Math.max(from, most + 1), to] as const] : []))
    return [...ranges(own), ...others]
  }
  return events.map((event): Event => {
    switch (event.kind) {
      case 'op':
        return {
          ...{...event, id: upTo('op', event.id)!},
          ...(event.seen == null ? {} : {seen: upTo('op', event.seen)}),
        }
      case 'bank':
        return {...event, id: upTo('bank', event.id)!}
      case 'final-rows':
        return {...event, ranges: rows(event.ranges)}
      default:
        return event
    }
  })
}
