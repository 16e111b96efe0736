/** The hosts' own words around the fault and what came of it, in one order of time; each line leads to its moment. */
import type {HostName} from '../../../lab/index.ts'
import type {LogExcerpt, LogLine} from '../log-lines.ts'
import {sayMoment} from '../moment.ts'
import {html, type Markup} from './markup.ts'
import type {Moments} from './moments.ts'

export function logsSection({lines, left}: LogExcerpt, hosts: readonly HostName[], moments: Moments): Markup {
  const heading = html`<h2 id="h-logs">Logs around the fault</h2>`
  if (lines.length === 0)
    return html`<section id="logs" aria-labelledby="h-logs">${heading}
<p>${hosts.length === 0 ? 'There are no logs beside this run.' : 'No host said anything around the fault.'}</p></section>`
  const speaking = hosts.filter(host => lines.some(line => line.host === host))
  return html`<section id="logs" aria-labelledby="h-logs">${heading}
<style>${speaking.map((_, nth) => html`.logs:has(#log-of-${nth}:not(:checked)) tr[data-host='${nth}']{display:none}`)}</style>
<div class="logs">
<fieldset class="hosts"><legend>Show</legend>${speaking.map(
    (host, nth) => html`<label><input type="checkbox" id="log-of-${nth}" checked><span>${host}</span></label>`,
  )}</fieldset>
<div class="log" tabindex="0" role="group" aria-label="Log lines"><table>
<thead><tr><th scope="col">after the fault</th><th scope="col">host</th><th scope="col">service</th><th scope="col">says</th></tr></thead>
<tbody>${lines.map(line => one(line, speaking.indexOf(line.host), moments))}</tbody></table></div>
</div>
<p class="note print">${lines.length} lines stand in this report's HTML file, and everything in the run's folder: <code>logs/</code>.</p>
<p class="note screen">Lines that differ from the one before in numbers only are counted (×). ${left > 0 && `${left} more lines of this time`}${left > 0 && ' and everything else is'}${left === 0 && 'Everything is'} in the run's folder: <code>logs/</code>.</p>
</section>`
}

/** In a style sheet a host is its number: there are no escapes for a name in one that could be anything. */
function one({at, host, service, says, level, times, last}: LogLine, nth: number, moments: Moments): Markup {
  return html`<tr data-host="${nth}"${level !== null && html` class="${level}"`}><td class="num">${moments.link(at)}</td><td>${host}</td><td>${service}</td><td>${says}${
    times > 1 && html` <b class="times">×${times} until ${sayMoment(last, moments.zero)}</b>`
  }</td></tr>
`
}
