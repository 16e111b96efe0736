/** What the clients were answered, and every write that was acknowledged and is gone. */
import type {Of, Report} from '../../../lab/index.ts'
import {sayLsn} from '../../../lab/inside/reading.ts'
import {sayMicros} from '../../../lab/inside/start.ts'
import {html, type Markup} from './markup.ts'
import {grouped} from './masthead.ts'
import type {Moments} from './moments.ts'
import {lostOnPaper} from './style.ts'

/** One by one; beyond it as ranges of ids. */
const mostRows = 500

export function clientsSection({clients}: Report, lost: readonly Of<'op'>[] | null, moments: Moments): Markup {
  const row = (name: string, {ok, fail, unknown}: {ok: number; fail: number; unknown: number}) =>
    html`<tr><th scope="row">${name}</th>${[ok, fail, unknown].map(count => html`<td class="num">${grouped(count)}</td>`)}</tr>`
  return html`<section id="clients" aria-labelledby="h-clients"><h2 id="h-clients">Clients</h2>
<div class="two">
<table><caption>Answers</caption><thead><tr><th scope="col">operation</th><th scope="col" class="num">acknowledged</th><th scope="col" class="num">failed</th><th scope="col" class="num">no answer</th></tr></thead>
<tbody>${row('writes', clients.writes)}${row('reads', clients.reads)}</tbody></table>
${
  clients.errors.length > 0
    ? html`<table><caption>Errors</caption><thead><tr><th scope="col">code</th><th scope="col">first words</th><th scope="col" class="num">times</th></tr></thead>
<tbody>${clients.errors.map(({code, says, count}) => html`<tr><th scope="row"><code>${code}</code></th><td>${says}</td><td class="num">${grouped(count)}</td></tr>`)}</tbody></table>`
    : html`<p>No client saw an error.</p>`
}
</div>
<h3 id="lost">Lost writes</h3>
${lostTable(lost, moments)}
</section>`
}

function lostTable(lost: readonly Of<'op'>[] | null, moments: Moments): Markup {
  if (lost === null) return html`<p>The table was not read at the end, so nobody knows whether a write was lost.</p>`
  if (lost.length === 0) return html`<p>None: every acknowledged write is in the table at the end.</p>`
  const more = lost.slice(mostRows)
  return html`<div class="wide" tabindex="0" role="group" aria-label="Lost writes"><table class="lost"><caption>${grouped(lost.length)} acknowledged, and not in the table at the end</caption>
<thead><tr><th scope="col" class="num">id</th><th scope="col">client</th><th scope="col">acknowledged</th><th scope="col" class="num">after</th><th scope="col">by</th><th scope="col" class="num">timeline</th><th scope="col">at</th></tr></thead>
<tbody>${lost
    .slice(0, mostRows)
    .map(
      op =>
        html`<tr><th scope="row" class="num">${op.id}</th><td>${op.client}</td><td>${moments.link(op.at)}</td><td class="num">${sayMicros(op.at - op.sentAt)}</td><td>${op.server ?? 'unknown'}</td><td class="num">${op.timeline ?? '?'}</td><td>${op.lsn === null ? '' : sayLsn(op.lsn)}</td></tr>`,
    )}</tbody></table></div>
${lost.length > lostOnPaper && html`<p class="print">${lostOnPaper} of ${grouped(lost.length)} are printed; the others stand in this report's HTML file.</p>`}
${more.length > 0 && html`<p>And ${grouped(more.length)} more, with the ids ${ranges(more.map(op => op.id))}.</p>`}`
}

/** `4 to 7, 9` */
function ranges(ids: readonly number[]): string {
  const found: [number, number][] = []
  for (const id of ids.toSorted((a, b) => a - b)) {
    const last = found.at(-1)
    if (last && last[1] === id - 1) last[1] = id
    else found.push([id, id])
  }
  return found.map(([first, last]) => (first === last ? String(first) : `${first} to ${last}`)).join(', ')
}
