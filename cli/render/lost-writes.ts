/** Every acknowledged write that is not in the table at the end; `no-lost-writes` says which of them may be lost. */
import type {History, Of} from '../../lab/index.ts'
import {of, Rows, referenceTable} from '../../lab/inside/reading.ts'

/** Null when nobody read the table at the end, so that nothing is known. In the order of the answers. */
export function lostWrites(history: History): Of<'op'>[] | null {
  const reference = referenceTable(history)
  if (reference === undefined) return null
  const rows = new Rows(reference.table)
  return of(history, 'op').filter(op => op.op === 'write' && op.outcome === 'ok' && !rows.has(op.id))
}
