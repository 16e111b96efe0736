/** Every acknowledged write that is not in the table at the end; `no-lost-writes` says which of them may be lost. */
import type {Of} from '../../lab/event.ts'
import {type History, of} from '../../lab/history.ts'

/** Null when nobody read the table at the end, so that nothing is known. In the order of the answers. */
export function lostWrites(history: History): Of<'op'>[] | null {
  const tables = of(history, 'final-rows')
  if (tables.length === 0) return null
  // The newest timeline is what became of the cluster; of one host the last reading counts.
  const latest = new Map(tables.map(table => [table.host, table]))
  const [reference] = [...latest.values()].toSorted((a, b) => b.timeline - a.timeline)
  const ranges = reference!.ranges.toSorted((a, b) => a[0] - b[0])
  return of(history, 'op').filter(op => op.op === 'write' && op.outcome === 'ok' && !holds(ranges, op.id))
}

function holds(ranges: readonly (readonly [number, number])[], id: number): boolean {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ranges[middle]![1] < id) low = middle + 1
    else high = middle
  }
  return low < ranges.length && ranges[low]![0] <= id
}
