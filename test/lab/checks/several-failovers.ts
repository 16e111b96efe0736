/** A run by hand in which one leader after the other loses its power: clean runs of kill-leader, laid one behind the other. */
import type {Event} from '../../../lab/history/event.ts'
import {cleanRun, faultAt, micros, quickRun, type RunShape, ranges} from './history-builder.ts'
import {renumbered} from './renumbered.ts'

const nodes = ['node1', 'node2', 'node3']
/** So far each part's ids, WAL positions and revisions are from those of the part before it. */
const idsApart = 100_000
const bytesApart = 10_000_000

/** What only one run has, and what only its last part has. */
const beginning = new Set(['run-started'])
const ending = new Set(['run-ended', 'final-rows'])

/**
 * @param parts what is special of each failover. The faults are `crash-1`, `crash-2` and so on; node1 dies first, then node2, which
 *   followed it, then node3, and node1 again.
 * @param edit of one part, with its times as of a single run: the fault comes at 0.
 */
export function severalFailovers(
  parts: readonly Partial<RunShape>[],
  edit: (event: Event, part: number) => Event | null = event => event,
): Event[] {
  let offset = 0
  const kept: number[] = []
  const events = parts.flatMap((changes, part) => {
    const shape = {...quickRun, ...changes}
    const isLast = part === parts.length - 1
    const from = offset
    offset += micros(shape.finalReads) - 1_000_000
    return cleanRun(shape).flatMap((event): Event[] => {
      const changed = edit(event, part)
      if (changed === null) return []
      if (changed.kind === 'final-rows' && changed.host === 'node1')
        for (const [first, last] of changed.ranges)
          for (let id = first; id <= last; id++) kept.push(id + part * idsApart)
      if (part > 0 && (beginning.has(changed.kind) || (changed.kind === 'phase' && changed.at <= micros(0)))) return []
      // The watch has told who holds it.
      if (part > 0 && changed.kind === 'leader-key' && changed.at <= micros(0)) return []
      if (part > 0 && changed.at < micros(1 - faultAt) + 50_000) return []
      if (!isLast && (ending.has(changed.kind) || (changed.kind === 'phase' && changed.at > micros(0)))) return []
      if (!isLast && changed.at >= micros(shape.finalReads)) return []
      return [moved(changed, part, from)]
    })
  })
  return renumbered(events.map(event => (event.kind === 'final-rows' ? {...event, ranges: ranges(kept)} : event)))
}

/** As it would be told of a later part: other hosts, timelines, ids and places, and a later time. */
function moved(event: Event, part: number, offset: number): Event {
  const named = (value: unknown): unknown => {
    if (typeof value === 'string')
      return nodes.includes(value) ? nodes[(nodes.indexOf(value) + part) % nodes.length] : value
    if (Array.isArray(value)) return value.map(named)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, named(inner)]))
  }
  if (event.kind === 'run-started') return event
  const more = (key: string, by: number) => {
    const value = (event as unknown as Record<string, unknown>)[key]
    return typeof value === 'number' ? {[key]: value + by * part} : {}
  }
  const id = 'id' in event && typeof event.id === 'string' ? {id: `${event.id}-${part + 1}`} : more('id', idsApart)
  return {
    ...(named(event) as Event),
    ...more('timeline', 1),
    ...more('lsn', bytesApart),
    ...more('replayedLsn', bytesApart),
    ...more('optime', bytesApart),
    ...more('revision', 1000),
    ...more('term', 1),
    ...id,
    ...('askedAt' in event ? {askedAt: event.askedAt + offset} : {}),
    ...('sentAt' in event ? {sentAt: event.sentAt + offset} : {}),
    at: event.at + offset,
  } as Event
}
