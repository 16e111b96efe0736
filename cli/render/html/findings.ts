/** Every expectation with what was found; what did not pass with expected, seen, the events that prove it, and what to try. */

import type {Report} from '../../../lab/index.ts'
import {sayMicros} from '../../../lab/inside/start.ts'
import {explain, isTold, type ReportFinding, sayOpen} from '../explain.ts'
import {signs, words} from '../verdict-words.ts'
import {html, type Markup} from './markup.ts'
import type {Moments} from './moments.ts'

export function findingId(index: number): string {
  return `finding-${index + 1}`
}

export function findingsSection(report: Report, moments: Moments): Markup {
  return html`<section id="findings" aria-labelledby="h-findings"><h2 id="h-findings">Expectations</h2>
${report.findings.map((finding, index) => isTold(finding, report) && one(finding, index, report, moments))}
${sayOpen(report) !== null && html`<p>${sayOpen(report)}.</p>`}
${report.findings.length === 0 && html`<p>Nothing was expected of this run.</p>`}
</section>`
}

function one(finding: ReportFinding, index: number, report: Report, moments: Moments): Markup {
  const {verdict, expectation} = finding
  const {expected, seen, proof, more, hint, next} = explain(finding, report)
  const place = report.file !== null && finding.line !== null ? `${report.file}:${finding.line}` : null
  const events = html`<ol class="proof">${proof.map(({at, says}) => html`<li>${moments.link(at)} <span>${says}</span></li>`)}</ol>${
    more > 0 && html`<p class="note">and ${more} more in report.json</p>`
  }`
  const rows: (Markup | false)[] = [
    verdict !== 'pass' && html`<div><dt>Expected</dt><dd>${expected}</dd></div>`,
    html`<div><dt>Seen</dt><dd>${seen}</dd></div>`,
    proof.length > 0 && verdict !== 'pass' && html`<div><dt>Proof</dt><dd>${events}</dd></div>`,
    verdict !== 'pass' &&
      html`<div><dt>Next</dt><dd>${hint}${next.map(command => html`<br><code>${command}</code>`)}</dd></div>`,
  ]
  return html`<article class="finding ${verdict}" id="${findingId(index)}">
<h3><span class="tag"><span aria-hidden="true">${signs[verdict]}</span> ${words[verdict]}</span> <span>${expectation}</span>${place !== null && html` <small>${place}</small>`}</h3>
<dl class="explained">${rows}</dl>
${detail(finding, proof.length > 0 && verdict === 'pass' ? events : null)}
</article>`
}

function detail({measures = {}, rows = [], phases}: ReportFinding, proof: Markup | null): Markup | null {
  const told = Object.entries(measures).filter(([, value]) => value !== null)
  if (told.length === 0 && rows.length === 0 && proof === null) return null
  const columns = Object.keys(rows[0] ?? {})
  return html`<details><summary>${[
    told.length > 0 && 'measures',
    rows.length > 0 && `${rows.length} rows`,
    proof !== null && 'evidence',
  ]
    .filter(part => part !== false)
    .join(', ')}</summary>
${told.length > 0 && html`<dl class="measures">${told.map(([name, value]) => html`<div><dt>${nameOf(name)}</dt><dd>${sayValue(name, value)}</dd></div>`)}</dl>`}
${
  rows.length > 0 &&
  html`<div class="wide" tabindex="0" role="group" aria-label="Table"><table><thead><tr>${columns.map(name => html`<th scope="col">${nameOf(name)}</th>`)}</tr></thead><tbody>${rows.map(
    row => html`<tr>${columns.map(name => html`<td class="num">${sayValue(name, row[name] ?? null)}</td>`)}</tr>`,
  )}</tbody></table></div>`
}
${proof}
${phases !== undefined && html`<p class="note"><a href="#phases">The phases</a> stand in a table of their own.</p>`}
</details>`
}

/** `reconnectionP95Micros` -> `reconnection p95` */
function nameOf(measure: string): string {
  return measure.replace(/Micros$/, '').replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}

function sayValue(name: string, value: number | string | null): string {
  if (value === null) return '–'
  return name.endsWith('Micros') && typeof value === 'number' ? sayMicros(value) : String(value)
}
