/** Every acknowledged write that is not in the table at the end; `no-lost-writes` says which of them may be lost. */
import type {History, Of} from '../../lab/index.ts'
import {of, Rows} from '../../lab/inside/reading.ts'

/** Null when nobody read the table at the end, so that nothing is known. In the order of the answers. */
export function lostWrites(history: History): Of<'op'>[] | null {
  const tables = of(history, 'final-rows')
  if (tables.length === 0) return null
  // The newest timeline is what became of the cluster; of one host the last reading counts.
  const latest = new Map(tables.map(table => [table.host, table]))
  const [reference] = [...latest.values()].toSorted((a, b) => b.timeline - a.timeline)
  const rows = new Rows(reference!)
  return of(history, 'op').filter(op => op.op === 'write' && op.outcome === 'ok' && !rows.has(op.id))
}
