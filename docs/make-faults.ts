/**
 * The table on top of docs/reference/faults.md, from what each fault says it is done to, in the order of the page's sections:
 *
 *     node docs/make-faults.ts
 *
 * The sections are written by hand. A unit test holds that the table is current.
 */
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {areas} from '../lab/breaking/fault.ts'
import {faults} from '../lab/faults/index.ts'

const path = join(import.meta.dirname, 'reference', 'faults.md')

/** @param page as it is. */
export function faultsDoc(page: string): string {
  const told = [...page.matchAll(/^## (.+)$/gm)].map(([, name = '']) => name)
  const columns = areas.map(area => told.filter(name => faults[name]?.area === area).map(name => `[${name}](#${name})`))
  const rows = [areas, areas.map(() => '---'), columns.map(names => names.join(', '))]
  const table = rows.map(cells => `| ${cells.join(' | ')} |\n`).join('')
  // What looks like a replacement in a name stays what it is.
  return page.replace(/^(\|.*\|\n)+(?=\n## )/m, () => table)
}

if (import.meta.main) writeFileSync(path, faultsDoc(readFileSync(path, 'utf8')))
