/**
 * The report as one HTML file that needs nothing else: no network, no server, no script (the little there is adds a cursor).
 * Pure: made of the report, the history and the hosts' logs.
 */
import {createHash} from 'node:crypto'
import type {History, HostName, Of, Report} from '../../lab/index.ts'
import type {Caller} from '../../lab/inside/start.ts'
import {saidLimit} from './answer.ts'
import {bucketsOf} from './buckets.ts'
import {clientsSection} from './html/clients.ts'
import {driversSection} from './html/drivers.ts'
import {findingsSection} from './html/findings.ts'
import {logsSection} from './html/logs.ts'
import {html, Markup} from './html/markup.ts'
import {masthead} from './html/masthead.ts'
import {Moments} from './html/moments.ts'
import {phaseId, phasesSection} from './html/phases.ts'
import {script} from './html/script.ts'
import {aboutSection} from './html/setup.ts'
import {style} from './html/style.ts'
import {type Mark, timeline} from './html/timeline.ts'
import {lanesOf} from './lanes.ts'
import {logExcerpt, type Window} from './log-lines.ts'
import {lostWrites} from './lost-writes.ts'
import {zeroOf} from './moment.ts'
import {titleOf} from './verdict-words.ts'
import {writeGaps} from './write-gaps.ts'

interface HtmlSources {
  readonly report: Report
  readonly history: History
  /** Each host's log as the run's folder has it; empty where there is none. */
  readonly logs: ReadonlyMap<HostName, string>
  /** Who reads it; anybody when not given. */
  readonly called?: Caller
  /** Whether it is shown in a frame of `html-several.ts`, whose document its links would lead to otherwise. */
  readonly framed?: boolean
}

export function renderHtml({report, history, logs, called, framed = false}: HtmlSources): string {
  const zero = zeroOf(report)
  const lanes = lanesOf(history)
  const gaps = writeGaps(history)
  const moments = new Moments(zero, lanes.from, lanes.to)
  const marks = marksOf(report)
  const windows = windowsOf(report, marks)

  // The timeline stands above, but only these know which of its moments they lead to.
  const below = [
    phasesSection(report, moments),
    findingsSection(report, moments),
    driversSection(report),
    clientsSection(report, lostWrites(history), moments),
    story(report, moments),
    logsSection(logExcerpt(logs, history, windows), [...logs.keys()], moments),
    aboutSection(report, history, called),
  ]
  const drawn = timeline({
    ...{lanes, gaps, marks, zero, faults: report.faults, linked: moments.linked},
    buckets: bucketsOf(history, lanes.from, lanes.to),
  })
  const title = `${titleOf(report)} ${report.scenario}${saidLimit(report) === null ? '' : `: ${saidLimit(report)}`} - pgha-lab`
  return `<!doctype html>\n${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${new Markup(framed ? policy : `${policy}; base-uri 'none'`)}">
${framed && html`<base href="about:srcdoc">`}<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#timeline">Skip to the timeline</a>
${masthead(report, history, gaps)}
<main>
<section id="timeline" aria-labelledby="h-timeline"><h2 id="h-timeline">Timeline</h2>
${drawn}
</section>
${below}
</main>
<footer>Made by pgha-lab from the run's own history. It is one file, and needs no network.</footer>
<script>${new Markup(script)}</script>
</body>
</html>`.text
  }\n`
}

/** Nothing may be fetched from anywhere, and no script may run but ours: not even one that a log line brought along. */
export const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'; form-action 'none'`

/** The phases of the first finding that has any. Their times count from its own fault. */
function marksOf(report: Report): Mark[] {
  const index = report.findings.findIndex(finding => finding.phases !== undefined)
  const finding = report.findings[index]
  const fault = finding?.evidence?.find((event): event is Of<'fault-injecting'> => event.kind === 'fault-injecting')
  const t0 = fault?.at ?? zeroOf(report)
  return (finding?.phases ?? []).flatMap(({name, measured, verdict}, row) =>
    measured === null ? [] : {at: t0 + measured, name, verdict, href: `#${phaseId(index, row)}`},
  )
}

/** Around each fault, its mend, and everything that came of it. */
function windowsOf({faults}: Report, marks: readonly Mark[]): Window[] {
  const before = 2e6
  const after = 3e6
  return [
    ...faults.flatMap(({at, mendedAt}): Window[] => [
      [at - before, at + after],
      ...(mendedAt === null ? [] : [[mendedAt - before, mendedAt + after] as const]),
    ]),
    ...marks.map(({at}): Window => [at - before, at + after]),
  ]
}

function story({story, faults}: Report, moments: Moments): Markup {
  return html`<section id="story" aria-labelledby="h-story"><h2 id="h-story">What happened</h2>
<ol class="story">${story.map(
    line =>
      html`<li class="is-${line.event}">${moments.link(line.at)} <span>${line.says}</span></li>
`,
  )}</ol>
<p class="note">${faults.length > 0 ? 'Seconds after the fault.' : 'Seconds of the run.'} <span class="screen">Each time leads to its place on the timeline.</span></p>
</section>`
}
