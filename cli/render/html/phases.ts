/** Where the seconds went: each phase of the failover, measured beside what the timing model predicts, in numbers and to scale. */

import type {Micros, Report} from '../../../lab/index.ts'
import type {PhaseRow} from '../../../lab/inside/reading.ts'
import {sayMicros} from '../../../lab/inside/start.ts'
import {isPhaseTold, isTold} from '../explain.ts'
import {sayBounds, sayTook} from '../moment.ts'
import {signs, words} from '../verdict-words.ts'
import {html, type Markup} from './markup.ts'
import type {Moments} from './moments.ts'

export function phaseId(finding: number, row: number): string {
  return `phase-${finding + 1}-${row + 1}`
}

export function phasesSection(report: Report, moments: Moments): Markup | null {
  const tables = report.findings.flatMap((finding, index) => {
    const {phases = [], expectation, evidence} = finding
    const t0 = evidence?.find(event => event.kind === 'fault-injecting')?.at ?? moments.zero
    const rows = phases.flatMap((row, nth) => (isPhaseTold(row, report) ? {row, id: phaseId(index, nth)} : []))
    const caption = isTold(finding, report) ? expectation : 'what was seen until it ended'
    return rows.length === 0 ? [] : table(rows, caption, t0, moments)
  })
  if (tables.length === 0) return null
  return html`<section id="phases" aria-labelledby="h-phases"><h2 id="h-phases">Where the seconds went</h2>
${tables}
<p class="note">Times count from the fault. The bar is what the model predicts for this very run, the tick what was measured; <i>took</i> counts from the phase that this one waits for.</p>
</section>`
}

function table(
  rows: readonly {readonly row: PhaseRow; readonly id: string}[],
  caption: string,
  t0: Micros,
  moments: Moments,
): Markup {
  const end =
    Math.max(1, ...rows.flatMap(({row: {measured, predicted}}) => [measured ?? 0, predicted?.[1] ?? 0])) * 1.04
  return html`<div class="wide" tabindex="0" role="group" aria-label="Phases of the failover"><table class="phases"><caption>${caption}</caption>
<thead><tr><th scope="col">phase</th><th scope="col" class="num">measured</th><th scope="col" class="num">predicted</th><th scope="col" class="scale"><span>to scale</span><span class="num">${sayMicros(end)}</span></th><th scope="col" class="num">took</th><th scope="col" class="num">model</th></tr></thead>
<tbody>${rows.map(({row, id}) => one(row, id, t0, end, moments))}</tbody></table></div>`
}

function one(row: PhaseRow, id: string, t0: Micros, end: Micros, moments: Moments): Markup {
  const {name, measured, predicted, allowed, verdict, says} = row
  return html`<tr id="${id}" class="${verdict}">
<th scope="row"><span class="tag"><span aria-hidden="true">${signs[verdict]}</span><span class="quiet">${words[verdict]}</span></span> ${name}<small>${says}</small></th>
<td class="num" data-label="measured">${measured === null ? 'not seen' : moments.named(t0 + measured, sayMicros(measured))}</td>
<td class="num" data-label="predicted">${predicted && sayBounds(predicted)}</td>
<td class="scale">${bar(measured, predicted, end)}</td>
<td class="num" data-label="took">${sayTook(row)}</td>
<td class="num" data-label="model">${allowed ? sayBounds(allowed) : ''}</td>
</tr>`
}

/** The numbers say the same in the cells beside it. */
function bar(measured: Micros | null, predicted: readonly [Micros, Micros] | null, end: Micros): Markup {
  const share = (at: Micros) => `${((at / end) * 100).toFixed(3)}%`
  return html`<svg width="100%" height="22" aria-hidden="true"><line class="base" x2="100%" y1="11" y2="11"/>${
    predicted &&
    html`<rect class="predicted" x="${share(predicted[0])}" width="${share(Math.max(end / 250, predicted[1] - predicted[0]))}" y="4" height="14" rx="2"/>`
  }${
    measured !== null && html`<line class="measured" x1="${share(measured)}" x2="${share(measured)}" y1="0" y2="22"/>`
  }</svg>`
}
