/** The top of the page: the verdict, the one number, what else one asks first, and what is wrong. */
import type {History, Report} from '../../../lab/index.ts'
import {sayMeasured} from '../../../lab/inside/reading.ts'
import {sayMicros} from '../../../lab/inside/start.ts'
import {comparedIn} from '../driver-cells.ts'
import {isTold, phasesIn, sayOpen} from '../explain.ts'
import {sayBounds} from '../moment.ts'
import {sayRecovery} from '../recovery.ts'
import {signs, titleOf, words} from '../verdict-words.ts'
import type {Gap} from '../write-gaps.ts'
import {findingId} from './findings.ts'
import {html, type Markup} from './markup.ts'
import {limitLine, setup} from './setup.ts'

export function masthead(report: Report, history: History, gaps: readonly Gap[]): Markup {
  const {verdict, scenario, headline, about, remarks = [], lab, startedAt} = report
  const {number, caption} = theNumber(report, gaps)
  const [amount, unit] = number.split(' ')
  return html`<header class="${verdict}">
<p class="over"><strong>pgha-lab</strong> <span>lab ${lab}</span> <time>${startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time></p>
<div class="first"><h1><span class="verdict"><span aria-hidden="true">${signs[verdict]}</span> ${titleOf(report)}</span> <span class="scenario">${scenario}</span></h1>
${limitLine(report)}</div>
<div class="lead">
<p class="number"><b>${amount ?? ''}${unit !== undefined && html`<small> ${unit}</small>`}</b> <span>${caption}</span></p>
<div><p class="headline">${sentence(headline)}</p>
${setup(report, history)}
<p class="claim"><span>The claim:</span> ${about}</p>${remarks.map(
    says => html`
<p class="claim"><span>To know besides:</span> ${says}</p>`,
  )}</div>
</div>
${wrong(report)}
<dl class="figures">${figures(report, gaps, number).map(
    ({name, value, note, bad}) =>
      html`<div${bad ? bad_class : null}><dt>${name}</dt><dd>${value}</dd><dd class="note">${note}</dd></div>`,
  )}</dl>
<nav aria-label="Sections">${sections
    .filter(([id]) => id !== 'phases' || phasesIn(report).length > 0)
    .filter(([id]) => id !== 'drivers' || comparedIn(report).length > 0)
    .map(([id, name]) => html`<a href="#${id}">${name}</a> `)}</nav>
</header>`
}

const bad_class = html` class="bad"`

const sections = [
  ['timeline', 'Timeline'],
  ['phases', 'Failover'],
  ['findings', 'Expectations'],
  ['drivers', 'Drivers'],
  ['clients', 'Clients'],
  ['story', 'What happened'],
  ['logs', 'Logs'],
  ['about', 'About'],
] as const

interface Figure {
  readonly name: string
  readonly value: string
  readonly note: string
  readonly bad?: boolean
}

/**
 * Lost writes where losing them is what failed; else how long clients could not write: as it was judged, so that the page does not
 * contradict its first line; else from the fault where there was a failover, or as the clients saw it.
 */
function theNumber(
  {findings, clients, limit, ended, faults}: Report,
  gaps: readonly Gap[],
): {number: string; caption: string} {
  if (ended !== null && faults.length === 0)
    return {number: '0', caption: 'faults came before the run ended: nothing was measured'}
  const failed = findings.find(finding => finding.verdict === 'fail')
  const lost = failed?.measures?.lost
  if (typeof lost === 'number' && lost > 0)
    return {number: grouped(lost), caption: lost === 1 ? 'acknowledged write lost' : 'acknowledged writes lost'}
  const judged = sayMeasured(limit)
  if (judged !== null) return {number: judged, caption: captions[limit!.of]}
  const total = findings.map(finding => finding.measures?.totalMicros).find(one => typeof one === 'number')
  if (typeof total === 'number') return {number: sayMicros(total), caption: captions['first-write']}
  if (clients.writes.ok === 0) return {number: '0', caption: 'writes were acknowledged'}
  const longest = longestOf(gaps)
  if (longest === undefined) return {number: '0', caption: 'pauses between acknowledged writes above 0.25 s'}
  const open = longest.ended ? '' : ', and it never ended'
  return {
    number: sayMicros(longest.to - longest.from),
    caption: `the longest pause between two acknowledged writes${open}`,
  }
}

const captions = {
  'time-without-writes': 'without writes',
  'first-write': 'from the fault to the first acknowledged write',
} as const

function longestOf(gaps: readonly Gap[]): Gap | undefined {
  return gaps.toSorted((a, b) => b.to - b.from - (a.to - a.from))[0]
}

/** Only what was measured: a finding that is not there has no figure, and what is large already is not told twice. */
function figures(report: Report, gaps: readonly Gap[], large: string): Figure[] {
  const {findings, clients} = report
  const measured = (check: string) => findings.find(finding => finding.check === check)?.measures ?? {}
  const figures: Figure[] = []
  const {predictedMinMicros, predictedMaxMicros, basis} = measured('failover')
  if (typeof predictedMinMicros === 'number' && typeof predictedMaxMicros === 'number')
    figures.push({
      ...{name: 'The model predicts', value: sayBounds([predictedMinMicros, predictedMaxMicros])},
      note: typeof basis === 'string' ? basis : 'for this run',
    })
  const gap = writeGap(report, gaps)
  if (gap.value !== large) figures.push(gap)
  const {lost, acknowledged, indeterminate} = measured('no-lost-writes')
  if (typeof lost === 'number')
    figures.push({
      ...{name: 'Lost writes', value: String(lost), note: `of ${grouped(Number(acknowledged))} acknowledged`},
      bad: lost > 0,
    })
  figures.push({
    ...{name: 'Never answered', value: String(indeterminate ?? clients.writes.unknown)},
    note: 'writes: neither lost nor kept',
  })
  const {fencingMarginMicros} = measured('one-writable-primary')
  if (typeof fencingMarginMicros === 'number')
    figures.push({
      ...{name: 'Fencing margin', value: sayMicros(fencingMarginMicros)},
      note: 'from the old primary’s last moment to the new one’s first',
      bad: fencingMarginMicros < 0,
    })
  return figures
}

/** As it was judged, where it was: the lane below shows single writes, and transfers are writes too. */
function writeGap({limit}: Report, gaps: readonly Gap[]): Figure {
  const name = 'Longest pause between writes'
  // Not the same: the time without writes begins with the fault, a pause with the last write before it.
  const judged = sayMeasured(limit)
  if (limit?.of === 'time-without-writes' && judged !== null)
    return {name: 'Time without writes', value: judged, note: 'as it was judged, over all clients of the proxy'}
  const longest = longestOf(gaps)
  return longest === undefined
    ? {name, value: 'none', note: 'no pause above 0.25 s'}
    : {name, value: sayMicros(longest.to - longest.from), note: 'between two acknowledged writes, over all clients'}
}

/** What stands between this run and a pass, each leading to its proof. */
function wrong(report: Report): Markup | null {
  const {findings, reasons, verdict, headline, ended, next} = report
  const not = findings.flatMap((finding, index) =>
    finding.verdict === 'pass' || !isTold(finding, report) ? [] : {finding, index},
  )
  const recovery = sayRecovery(report)
  if (recovery === null && (verdict === 'pass' || (not.length === 0 && reasons.length === 0))) return null
  const open = sayOpen(report)
  // The headline stands above already.
  const told = ended === null ? reasons : reasons.filter(reason => reason !== headline)
  return html`<ul class="wrong" aria-label="What is wrong">${told.map(
    reason =>
      html`<li class="unknown"><span class="tag"><span aria-hidden="true">?</span> ${words.unknown}</span> the run itself: ${reason}</li>`,
  )}${not.map(
    ({finding, index}) =>
      html`<li class="${finding.verdict}"><span class="tag"><span aria-hidden="true">${signs[finding.verdict]}</span> ${words[finding.verdict]}</span> <a href="#${findingId(index)}">${finding.expectation}</a></li>`,
  )}${recovery !== null && html`<li class="fail">${recovery}</li>`}${open !== null && html`<li class="unknown">${open}</li>`}${next.length > 0 && html`<li>Next: ${next.map((command, index) => html`${index > 0 && html`<br>`}<code>${command}</code>`)}</li>`}</ul>`
}

/** With a capital letter, unless it begins with the name of a host. */
function sentence(headline: string): string {
  return headline.replace(/^[a-z]+(?= )/, word => word.slice(0, 1).toUpperCase() + word.slice(1))
}

export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u2009')
}
