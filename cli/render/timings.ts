/** Where the time of a run went, or of several in the median, as a table. Pure. */
import type {MedianTimings, Timings} from '../../lab/index.ts'
import type {TimedPart} from '../../lab/inside/reading.ts'
import {printableValues, sayMicros} from '../../lab/inside/start.ts'
import {align, cut, finished, styleOf, type TextOptions, wrap} from './layout.ts'

const names: Readonly<Record<TimedPart, string>> = {
  'set-up': 'set-up',
  leftovers: 'leftovers of earlier runs',
  healthy: 'healthy, clients ready',
  steady: 'steady state',
  aiming: 'before the break',
  injection: 'injection -> effect',
  returning: 'effect -> next step',
  failover: 'failover, inherent',
  waits: 'waits',
  holds: 'holds',
  mending: 'mending',
  recovery: 'recovery',
  'final-reads': 'final reads',
  between: 'between the steps',
  judging: 'judging',
  evidence: 'logs and reports',
}

/** What it was made of stands under each part, where that is more than its name says. */
export function renderTimings(told: Timings, options: TextOptions): string {
  const timings = printableValues(told)
  const rows = timings.parts.flatMap(({part, micros, of}) => [
    {name: names[part], micros, isPart: true},
    ...of.map(one => ({name: `  ${one.says}`, micros: one.micros, isPart: false})),
  ])
  return table('where the time went', timings.totalMicros, rows, [], options)
}

/** Of runs that may be of different scenarios: the parts alone. */
export function renderMedianTimings({runs, totalMicros, parts}: MedianTimings, options: TextOptions): string {
  const rows = parts.map(({part, micros}) => ({name: names[part], micros, isPart: true}))
  const caption = 'each the median of its own: they need not add up to that of the whole'
  return table(`where the time went, median of ${runs} runs`, totalMicros, rows, [caption], options)
}

interface Row {
  readonly name: string
  readonly micros: number
  readonly isPart: boolean
}

function table(
  title: string,
  totalMicros: number,
  rows: readonly Row[],
  caption: readonly string[],
  options: TextOptions,
): string {
  const {width, paint} = styleOf(options)
  const share = (micros: number) => (totalMicros === 0 ? '' : `${((micros / totalMicros) * 100).toFixed(1)} %`)
  const cells = [
    ['took', 'share', title],
    ...rows.map(({name, micros, isPart}) => [sayMicros(micros), isPart ? share(micros) : '', name]),
    [sayMicros(totalMicros), share(totalMicros), 'total'],
  ]
  const lines = align(cells, [0, 1]).map(line => cut(line, width))
  const painted = lines.map((line, index) => {
    if (index === 0 || index === lines.length - 1) return paint.bold(line)
    return rows[index - 1]?.isPart === false ? paint.dim(line) : line
  })
  const under = caption.flatMap(says => wrap(says, width - 4)).map(line => paint.dim(`    ${line}`))
  return finished(`${[...painted, ...under].join('\n')}\n`, options)
}
