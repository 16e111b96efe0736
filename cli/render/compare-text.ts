/** A comparison for people: the answer first, then every metric, then what stands against it. Pure. */

import type {Comparison} from '../../lab/index.ts'
import type {ComparedMetric, Spread} from '../../lab/inside/reading.ts'
import {sayQuantile, sayValue} from '../../lab/inside/reading.ts'
import {printableValues} from '../../lab/inside/start.ts'
import {align, finished, type TextOptions, wrap} from './layout.ts'
import {letterColors} from './verdict-words.ts'

const titles = {pass: 'NOT SLOWER', fail: 'SLOWER', unknown: 'TOO FEW RUNS'} as const

export function renderComparison(compared: Comparison, {color, width, ascii = false}: TextOptions): string {
  const comparison = printableValues(compared)
  const {verdict, scenario, says, base, head, differs, moments} = comparison
  const bold = (text: string) => (color ? `\u001b[1m${text}\u001b[0m` : text)
  const title = `${comparedTitle(comparison)} ${scenario}`
  const [first = '', ...more] = wrap(`${title}: ${says}`, width)
  const answer = color ? `\u001b[1;${letterColors[verdict]}m${title}\u001b[0m${first.slice(title.length)}` : first
  const [header = '', ...rows] = align(tableOf(comparison), [2, 3, 4, 5, 6, 7, 8, 10])
  const notes = [
    `${base.length} runs in the base, ${head.length} in the head; the judged metric is marked with *, the others are shown without a verdict`,
    ...moments,
    ...differs.map(one => `differs: ${one}`),
    ...leftOut('base', comparison),
    ...leftOut('head', comparison),
  ]
  const text = [
    answer,
    ...more,
    '',
    bold(header),
    ...rows,
    '',
    ...notes.flatMap(note => wrap(note, width - 2).map((line, index) => (index === 0 ? line : `  ${line}`))),
    '',
  ].join('\n')
  return finished(text, {ascii})
}

export function comparedTitle({verdict, says}: Pick<Comparison, 'verdict' | 'says'>): string {
  return /moments of the faults/.test(says) ? 'CANNOT TELL' : titles[verdict]
}

/** Its head, and a row for each metric that was measured; numbers are flush right. */
export function tableOf({metrics}: Pick<Comparison, 'metrics'>): string[][] {
  const shown = metrics.filter(one => one.base !== null || one.head !== null || one.verdict !== null)
  return [
    ['', 'metric', 'runs', 'base p50', 'base max', 'head p50', 'head max', 'change', '', '95 % interval', 'p'],
    ...shown.map(one => [
      one.verdict === null ? '' : '*',
      one.name,
      `${one.base?.n ?? 0}/${one.head?.n ?? 0}`,
      ...[one.base, one.head].flatMap(side => [value(side, 'p50', one), value(side, 'max', one)]),
      ...(isBounded(one) ? ['', '', '', ''] : change(one)),
    ]),
  ]
}

/** Between values of which only bounds are known there is no one difference. */
function isBounded({base, head}: ComparedMetric): boolean {
  return base?.atMost !== undefined || head?.atMost !== undefined
}

function change(one: ComparedMetric): string[] {
  return [
    one.shift === null ? '' : signed(one.shift, one),
    one.share === null || one.shift === 0 ? '' : percent(one.share),
    one.interval === null ? '' : one.interval.map(end => signed(end, one)).join(' to '),
    one.p === null ? '' : one.p < 0.0001 ? '<0.0001' : one.p.toFixed(4),
  ]
}

function value(of: Spread | null, which: 'p50' | 'max', {unit}: ComparedMetric): string {
  return of === null ? '' : sayQuantile(of, which, unit)
}

function signed(of: number, {unit}: ComparedMetric): string {
  return `${of > 0 ? '+' : of < 0 ? '-' : ''}${sayValue(Math.abs(of), unit)}`
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %` : ''
}

/** Runs that were left out; a comparison that hides them would be of the lucky ones only. */
function leftOut(side: 'base' | 'head', {metrics, ...comparison}: Comparison): string[] {
  const judged = metrics.filter(one => one.verdict !== null)
  return comparison[side].flatMap(run => {
    if (run.unfit !== null) return `not counted in the ${side}: ${run.run}: ${run.unfit}`
    const missing = judged.filter(one => run.values[one.name] === null).map(one => one.name)
    if (missing.length === 0) return []
    return `not counted in the ${side} for ${missing.join(', ')}: ${run.run}: ${run.doubts.join(' ') || 'nobody measured it'}`
  })
}
