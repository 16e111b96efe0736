/** Pages about a run of one's own: what was said before it beside what came, and its phases one by one. */
import type {PhaseRow} from '../checks/check.ts'
import {sayMicros} from '../words/quantity.ts'
import type {Ask, Phases, Recall} from './lesson.ts'
import {phaseWords} from './phase-words.ts'
import type {Figure, Kept} from './progress.ts'
import {type Place, reply, turned} from './prompt.ts'
import {type Played, predictedFor, runValue} from './run-values.ts'
import {isValue, type Truth} from './truth.ts'

/** The run there is, or null when it was passed over. */
async function runOf(scenario: string, place: Place): Promise<Played | null> {
  const {site, stage, kept} = place
  for (;;) {
    const found = await site.run(scenario, new Date(kept.startedAt))
    if (typeof found !== 'string') return found
    stage.tell(`This page is about a run of ${scenario} of yours: ${found}.`)
    const said = await reply(stage, 'Enter looks again | run: play it here | skip')
    if (said === 'skip') return null
    if (said === 'run') await stage.perform(['chaos', scenario])
  }
}

export async function recalled(part: Recall, place: Place): Promise<Kept> {
  const {lesson, kept, site, heading} = place
  const run = await runOf(part.run, place)
  if (run === null) return {...kept, skipped: kept.skipped + 1}
  const index = lesson.parts.findIndex(one => one.do === 'ask' && one.name === part.of)
  const asked = lesson.parts[index] as Ask
  const answer = kept.answers[String(index)]
  const truth = runValue(run, part.value)
  const bounds = boundsOf(asked, run, part, place)
  const own = predictedFor(run, part.value)
  const said = answer === undefined || !answer.right ? null : answer.said
  const figure: Figure = {
    ...{what: asked.asks, said, predicted: bounds, run: run.name},
    measured: truth === null ? 'not measured' : measuredOf(truth),
  }
  await turned(place, {
    ...{heading, caption: truth === null ? 'not measured' : measuredOf(truth), paragraphs: [asked.asks]},
    figures: [
      ['you said', said ?? 'nothing'],
      ...(bounds === null ? [] : [['the model says', range(bounds)] as const]),
      ...(own === null || bounds === null
        ? []
        : [['the same for this run', range([own[0] / 1e6, own[1] / 1e6])] as const]),
      ['your run shows', figure.measured],
    ],
    ...(part.why === null ? {} : {paragraphs: [asked.asks, ...comment(truth, answer?.said), part.why]}),
  })
  return {...kept, figures: [...kept.figures.filter(one => one.what !== figure.what), figure]}

  function comment(of: Truth | null, typed: string | undefined): string[] {
    if (of === null || typed === undefined || of.value.kind !== 'hosts' || !site.hosts.includes(typed)) return []
    return [isValue(of.value, typed) ? 'You were right.' : 'It was another one.']
  }
}

function range([least, most]: readonly [number, number]): string {
  return `${least.toFixed(1)} to ${most.toFixed(1)} s`
}

/** In seconds: of the question where that is about the model, else what the run's own check went by. */
function boundsOf({answer}: Ask, run: Played, {value}: Recall, {site}: Place): [number, number] | null {
  if (answer.kind === 'source' && answer.source.from === 'model') {
    const {value: model} = site.predicted(answer.source)
    return model.kind === 'number' ? [model.least, model.most] : null
  }
  const bounds = predictedFor(run, value)
  return bounds === null ? null : [bounds[0] / 1e6, bounds[1] / 1e6]
}

function measuredOf({value, says}: Truth): string {
  if (value.kind === 'hosts') return value.hosts.join(', ') || 'nobody'
  if (value.kind === 'number' && value.unit === 'seconds') return sayMicros(value.least * 1e6)
  return value.kind === 'number' ? String(value.least) : says
}

export async function walked(part: Phases, place: Place): Promise<Kept> {
  const {kept, heading} = place
  const run = await runOf(part.run, place)
  if (run === null) return {...kept, skipped: kept.skipped + 1}
  const rows = run.report.findings.find(one => one.phases !== undefined)?.phases ?? []
  if (rows.length === 0) {
    const says = `No phase of this run was measured: ${run.report.headline}`
    await turned(place, {heading, caption: 'no phases', paragraphs: [says]})
    return kept
  }
  for (const [index, row] of rows.entries()) {
    const {phase, name, measured, predicted} = row
    const seen = measured === null ? 'not seen' : sayMicros(measured)
    await turned(place, {
      heading: `${heading}  phase ${index + 1} of ${rows.length}`,
      caption: `${name} ${seen}`,
      paragraphs: [name.toUpperCase(), phaseWords[phase], ...remarkOn(row, rows)],
      figures: [
        ['after the fault', seen],
        ...(predicted === null
          ? []
          : [['the model, for this run', `${sayMicros(predicted[0])} to ${sayMicros(predicted[1])}`] as const]),
        ...sinceWhat(row, rows),
      ],
    })
  }
  return kept
}

/** How long it took, with the name of what that counts from, which is not always the page before. */
function sinceWhat({after, took, apart}: PhaseRow, rows: readonly PhaseRow[]): (readonly [string, string])[] {
  const name = rows.find(one => one.phase === after)?.name
  // From the fault all of them are told already.
  if (name === undefined || took == null) return []
  return apart === undefined
    ? [[`after "${name}"`, sayMicros(took)]]
    : [[`beside "${name}"`, `at most ${sayMicros(apart)} apart`]]
}

/** Of one that was seen before what it waits for: to a reader of the figures alone that is a contradiction. */
function remarkOn({measured, after, apart}: PhaseRow, rows: readonly PhaseRow[]): string[] {
  if (measured === null || apart === undefined) return []
  const later = rows.filter(one => (one.measured ?? 0) > measured && (one.phase === after || one.after !== 'fault'))
  const early = Math.max(0, ...later.map(one => (one.measured ?? 0) - measured))
  const names = later.map(one => `"${one.name}"`).join(' and ')
  const waits = `It was seen before ${names}, which it waits for.`
  return early < apart
    ? [
        `${waits} Both are right: a client's answer is noted as it comes, but servers and proxies are only looked at, 10 to 20 times a second, on a busy machine less often. Here up to ${sayMicros(apart)} lay between two looks, and what had happened was seen up to so much later.`,
      ]
    : [
        `${waits} That is earlier than the lab's looks at that explain. On a busy machine the answer to a look may come late, too: the moment of a write is exact, that of what is looked at is the latest possible.`,
      ]
}
