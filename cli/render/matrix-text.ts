/** Scenarios on labs that differ, as a table for each scenario: what each lab took, and what of it differs from the first. Pure. */
import type {Cell, Matrix} from '../../lab/inside/engine.ts'
import {sayQuantile, sayValue} from '../../lab/inside/reading.ts'
import {printableValues} from '../../lab/inside/start.ts'
import {align, finished, type TextOptions, wrap} from './layout.ts'
import {letterColors, titles, words} from './verdict-words.ts'

export function renderMatrix(played: Matrix, {color, width, ascii = false}: TextOptions): string {
  const matrix = printableValues(played)
  const sgr = (code: string | number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const title = `${titles[matrix.verdict]} matrix`
  const [first = '', ...more] = wrap(`${title}: ${matrix.says}`, width)
  const tables = matrix.scenarios.flatMap(scenario => {
    const cells = matrix.cells.filter(one => one.scenario === scenario)
    const [header = '', ...rows] = align(
      [['', 'lab', 'median', 'least', 'most', 'beside the first'], ...cells.map(row)],
      [2, 3, 4],
    )
    return [
      sgr(1, scenario),
      sgr(1, header),
      ...rows.map((line, index) => {
        const verdict = cells[index]?.summary?.verdict
        return verdict === undefined || verdict === 'pass' ? line : sgr(letterColors[verdict], line)
      }),
      ...cells
        .flatMap(cell => wrap(notes(cell), width - 2).map(line => `  ${line}`))
        .filter(line => line.trim() !== ''),
      '',
    ]
  })
  const text = [
    ...tables,
    `${sgr(`1;${letterColors[matrix.verdict]}`, title)}${first.slice(title.length)}`,
    ...more,
    '',
  ].join('\n')
  return finished(text, {ascii})
}

/** Times are those from the fault to the first acknowledged write. */
function row(cell: Cell): string[] {
  const {variant, summary, skipped, says} = cell
  if (summary === null) return [skipped ? 'skipped' : words.unknown, variant, '', '', '', skipped ? '' : says]
  const {total} = summary.metrics
  const of = (which: 'p50' | 'min' | 'max') => (total === null ? '' : sayQuantile(total, which, 'micros'))
  return [words[summary.verdict], variant, of('p50'), of('min'), of('max'), beside(cell)]
}

function beside({against}: Cell): string {
  if (against === null || against.shift === null) return ''
  const {shift, significant, needed} = against
  if (significant === null) return `${needed} runs each could tell`
  if (!significant) return 'no more than chance'
  if (!Number.isFinite(shift)) return shift > 0 ? 'it comes no more' : 'only here it comes'
  return `${sayValue(Math.abs(shift), 'micros')} ${shift > 0 ? 'longer' : 'shorter'}`
}

/** What did not pass says why. */
function notes({variant, summary, skipped, says}: Cell): string {
  if (skipped) return `${variant}: skipped: ${says}`
  return summary === null || summary.verdict === 'pass' ? '' : `${variant}: ${says}`
}
