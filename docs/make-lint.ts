/**
 * The tables of docs/lint.md, from the rules themselves:
 *
 *     node docs/make-lint.ts
 *
 * writes them into the page. A unit test holds that the page is current.
 */
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {rules} from '../lab/lint/rules/index.ts'
import {refusals} from '../lab/words/refusals.ts'

const page = join(import.meta.dirname, 'lint.md')

/** The page with its tables as they have to be. */
export function lintDoc(): string {
  const made = {refusals: refusalTable(), rules: ruleTable()}
  return Object.entries(made).reduce(
    (text, [name, table]) =>
      text.replace(
        new RegExp(`(<!-- ${name}: made by docs/make-lint\\.ts -->\n\n)[\\s\\S]*?(\n\n<!-- end -->)`),
        (_, begin: string, end: string) => begin + table + end,
      ),
    readFileSync(page, 'utf8'),
  )
}

function refusalTable(): string {
  const rows = Object.entries(refusals).map(([id, {about, source}]) => row(id, about, source))
  return [row('refused', 'what', 'proven'), row('---', '---', '---'), ...rows].join('\n')
}

function ruleTable(): string {
  const rows = rules.map(({id, severity, about, fix, source}) => row(id, severity, about, fix, source))
  return [row('rule', '', 'what is wrong', 'the fix', 'proven'), row('---', '---', '---', '---', '---'), ...rows].join(
    '\n',
  )
}

function row(...cells: readonly string[]): string {
  // A sign of Markdown's in a cell is none of ours.
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`
}

if (import.meta.main) writeFileSync(page, lintDoc())
