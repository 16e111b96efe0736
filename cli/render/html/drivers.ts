/** Drivers beside each other: how long each was without an acknowledged write, how soon it was back, what it was told. */
import type {Report} from '../../../lab/index.ts'
import {comparedIn, driverCaption, driverCells, driverColumns, sayErrors} from '../driver-cells.ts'
import {html, type Markup} from './markup.ts'

export function driversSection(report: Report): Markup | null {
  const rows = comparedIn(report)
  if (rows.length === 0) return null
  const head = driverColumns.map((name, column) =>
    column === 0 ? html`<th scope="col">${name}</th>` : html`<th scope="col" class="num">${name}</th>`,
  )
  return html`<section id="drivers" aria-labelledby="h-drivers"><h2 id="h-drivers">Drivers</h2>
<div class="wide" tabindex="0" role="group" aria-label="Drivers"><table class="drivers"><caption>${driverCaption[0]!.toUpperCase()}${driverCaption.slice(1)}</caption>
<thead><tr>${head}<th scope="col">errors</th></tr></thead>
<tbody>${rows.map(row => {
    const [name = '', ...cells] = driverCells(row)
    return html`<tr><th scope="row">${name}${row.says !== null && html`<small>${row.says}</small>`}</th>${cells.map(cell => html`<td class="num">${cell}</td>`)}<td>${sayErrors(row) ?? 'none'}</td></tr>
`
  })}</tbody></table></div>
<p class="note">Outage: from a client's last acknowledged write to its next one. Back: from the moment that there was a primary for it (behind the proxy, that the proxy routed to it) to its first write there. A program counts as one client. Errors of connections are told once a second at most.</p>
</section>`
}
