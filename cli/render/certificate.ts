/** What somebody did in the workshop, and what their own runs measured, as one HTML file that needs nothing else. Pure. */
import type {Figure, Kept} from '../../lab/inside/workshop.ts'
import {certificateStyle} from './html/certificate-style.ts'
import {html, Markup} from './html/markup.ts'

interface Certified {
  readonly title: string
  readonly about: string
  readonly kept: Kept | null
}

interface CertificateSources {
  /** null: nobody said a name. */
  readonly learner: string | null
  /** All that there are, also those that are not finished. */
  readonly lessons: readonly Certified[]
  readonly now: Date
}

export function renderCertificate({learner, lessons, now}: CertificateSources): string {
  const done = lessons.filter(one => one.kept?.finishedAt != null)
  const whole = done.length === lessons.length
  const title = `${learner === null ? 'A' : `${learner}: a`} workshop on PostgreSQL high availability`
  return `<!doctype html>\n${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${title}</title>
<style>${new Markup(certificateStyle)}</style>
</head>
<body>
<header>
<p class="over"><strong>pgha-lab</strong> workshop <time>${day(now)}</time></p>
<h1>${learner ?? 'PostgreSQL high availability'}</h1>
<p class="claim">${whole ? 'has played every lesson' : `has played ${done.length} of ${lessons.length} lessons`} on a real Patroni cluster, has broken it, and has said beforehand what would come of it.</p>
<dl class="figures">${figures(lessons).map(([what, value]) => html`<div><dt>${what}</dt><dd>${value}</dd></div>`)}</dl>
</header>
<main>
${predictions(lessons)}
<section aria-labelledby="h-lessons"><h2 id="h-lessons">Lessons</h2>
<ol class="lessons">${lessons.map(lessonRow)}</ol>
</section>
</main>
<footer>Made by pgha-lab from what it saw: answers were checked on the cluster, times are those of recorded runs. It proves nothing about who sat there.</footer>
</body>
</html>`.text
  }\n`
}

function figures(lessons: readonly Certified[]): (readonly [string, string])[] {
  const kept = lessons.flatMap(one => one.kept ?? [])
  const answers = kept.flatMap(one => Object.values(one.answers))
  const first = answers.filter(one => one.right && one.wrong === 0 && one.hints === 0).length
  return [
    ['lessons', `${kept.filter(one => one.finishedAt !== null).length} of ${lessons.length}`],
    ['questions answered', `${answers.filter(one => one.right).length} of ${answers.length}`],
    ['right at once', String(first)],
    ['own runs measured', String(new Set(kept.flatMap(one => one.figures.map(figure => figure.run))).size)],
  ]
}

/** What was said, what the model said, and what came. */
function predictions(lessons: readonly Certified[]): Markup | null {
  const rows = lessons.flatMap(({title, kept}) => (kept?.figures ?? []).map(figure => ({title, figure})))
  if (rows.length === 0) return null
  return html`<section aria-labelledby="h-figures"><h2 id="h-figures">Said, predicted, measured</h2>
<table><thead><tr><th scope="col">lesson and question</th><th scope="col">said</th><th scope="col">the model</th><th scope="col">own run</th></tr></thead>
<tbody>${rows.map(
    ({title, figure}) => html`<tr><th scope="row">${title}<small>${figure.what}</small></th>
<td data-label="said">${figure.said ?? '-'}</td>
<td data-label="the model">${predictedOf(figure)}</td>
<td data-label="own run"><b>${figure.measured}</b><small>${figure.run}</small></td></tr>
`,
  )}</tbody></table>
</section>`
}

function predictedOf({predicted}: Figure): string {
  return predicted === null ? '-' : `${predicted[0].toFixed(1)} to ${predicted[1].toFixed(1)} s`
}

function lessonRow({title, about, kept}: Certified): Markup {
  const done = kept?.finishedAt ?? null
  const answers = Object.values(kept?.answers ?? {})
  const [wrong, hints] = [sum(answers.map(one => one.wrong)), sum(answers.map(one => one.hints))]
  const skipped = (kept?.skipped ?? 0) + answers.filter(one => !one.right).length
  const told = [
    `${answers.filter(one => one.right).length} of ${answers.length} questions`,
    ...(wrong > 0 ? [`${wrong} wrong before`] : []),
    ...(hints > 0 ? [`${hints} hint${hints === 1 ? '' : 's'}`] : []),
    ...(skipped > 0 ? [`${skipped} passed over`] : []),
  ].join(', ')
  return html`<li class="${done === null ? 'open' : 'done'}"><h3>${title} <small>${done === null ? 'not finished' : html`<span aria-hidden="true">✔</span> ${day(new Date(done))}`}</small></h3>
<p>${about}</p>${done !== null && html`<p class="told">${told}</p>`}</li>
`
}

function sum(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0)
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
