/**
 * The pages of several runs in one file that needs nothing else: a table, and each page whole in a frame of its own, which is drawn
 * when it is opened. A frame obeys the policy of both, so they have one. Pure.
 */
import type {Report} from '../../lab/index.ts'
import {answer} from './answer.ts'
import {asAttribute, html, Markup} from './html/markup.ts'
import {style} from './html/style.ts'
import {policy} from './html.ts'
import {titleOf} from './verdict-words.ts'

/** @param pages `renderHtml` of each report, to be framed. */
export function renderHtmlSeveral(reports: readonly Report[], pages: readonly string[]): string {
  const passed = reports.filter(report => report.verdict === 'pass').length
  const title = `${passed} of ${reports.length} runs passed - pgha-lab`
  return `<!doctype html>\n${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<title>${title}</title>
<style>${new Markup(style + framed)}</style>
</head>
<body>
<h1>${passed} of ${reports.length} runs passed</h1>
<main>${reports.map(
      (report, index) => html`
<details class="${report.verdict}"><summary><span class="tag">${titleOf(report)}</span> <b>${report.scenario}</b> ${answer(report)} <small>${report.run}</small></summary>
<iframe loading="lazy" title="${`${report.scenario}, ${report.run}`}" srcdoc="${asAttribute(pages[index] ?? '')}"></iframe>
</details>`,
    )}
</main>
</body>
</html>`.text
  }\n`
}

const framed = `
details{border-top:1px solid var(--rule);padding:.6rem 0}summary{cursor:pointer}
iframe{display:block;width:100%;height:92vh;margin-top:.6rem;border:1px solid var(--rule)}`
