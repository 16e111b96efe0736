/** A lesson is taught: page by page, each answer held against the lab, and after each part the place is kept. */
import {LabError} from '../words/errors.ts'
import {answered} from './answering.ts'
import type {Condition, Part, Type} from './lesson.ts'
import type {Kept} from './progress.ts'
import {hintAt, type Place, reply, type Teaching, turned} from './prompt.ts'
import {recalled, walked} from './run-pages.ts'
import type {Site} from './site.ts'
import {asText, isValue} from './truth.ts'

/** From where it was left to its end. @throws Left; what was reached is kept. */
export async function teach(teaching: Teaching, from: Kept): Promise<Kept> {
  const {lesson, keep, now = () => new Date()} = teaching
  let kept = from
  while (kept.at < lesson.parts.length) {
    const index = kept.at
    const part = lesson.parts[index]!
    if (kept.shownAt === null) {
      kept = {...kept, shownAt: now().toISOString(), before: await seenBefore(part, teaching.site)}
      keep(kept)
    }
    const heading = `${lesson.title}  ${index + 1}/${lesson.parts.length}`
    const after = await played(part, {...teaching, kept, index, heading})
    const isTold = part.do === 'ask' || (part.do === 'type' && part.done.length > 0 && after.skipped === kept.skipped)
    kept = {...after, at: index + 1, shownAt: null, before: {}}
    keep(kept)
    // Before the next page pushes it away.
    if (isTold) await reply(teaching.stage, 'Enter goes on')
  }
  kept = {...kept, finishedAt: kept.finishedAt ?? now().toISOString()}
  keep(kept)
  return kept
}

async function played(part: Part, place: Place): Promise<Kept> {
  switch (part.do) {
    case 'say': {
      const {heading, lesson} = place
      await turned(place, {heading, caption: part.title ?? lesson.title, paragraphs: titled(part)})
      return place.kept
    }
    case 'type':
      return typed(part, place)
    case 'ask':
      return answered(part, place)
    case 'recall':
      return recalled(part, place)
    case 'phases':
      return walked(part, place)
  }
}

function titled({title, paragraphs}: Extract<Part, {do: 'say'}>): readonly string[] {
  return title === null ? paragraphs : [title.toUpperCase(), ...paragraphs]
}

async function typed(part: Type, place: Place): Promise<Kept> {
  const {stage, site, heading, kept} = place
  const words = await resolved(part.words, site)
  const show = () =>
    stage.show({
      heading,
      caption: `pgha-lab ${words[0] ?? ''}`,
      paragraphs: ['Type in your own shell:'],
      commands: [words],
      ...(part.look === null ? {} : {after: `Look at: ${part.look}`}),
    })
  show()
  let hints = 0
  for (;;) {
    const said = await reply(stage, 'Enter: it is done | run: do it here | hint | skip')
    if (said === 'again') show()
    else if (said === 'hint') stage.tell(hintAt(part.hints, hints++))
    else if (said === 'skip') return {...kept, skipped: kept.skipped + 1}
    else if (said === '' || said === 'run') {
      if (said === 'run') await stage.perform(words)
      const missing = await undone(part.done, place)
      if (missing === null) {
        if (part.done.length > 0) stage.tell(`Done: the lab shows it.${await runsTold(part.done, place)}`)
        return kept
      }
      stage.tell(`Not yet: ${missing}.`)
      if (hints === 0 && part.hints.length > 0) stage.tell('`hint` helps, `run` does it for you.')
    } else stage.tell('It is typed in another shell, not here. `run` does it here for you.')
  }
}

/** `{leader}` is a host by now. */
async function resolved(words: readonly string[], site: Site): Promise<readonly string[]> {
  return Promise.all(
    words.map(async word => {
      const [whole, selector] = /\{([^{}]+)\}/.exec(word) ?? []
      return whole === undefined || selector === undefined ? word : word.replace(whole, await site.host(selector))
    }),
  )
}

/** What does not hold yet, as a sentence without its full stop; null: all of it does. */
async function undone(done: readonly Condition[], {site, kept}: Place): Promise<string | null> {
  for (const one of done) {
    try {
      const missing = await lacking(one, site, kept)
      if (missing !== null) return missing
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      return error.message
    }
  }
  return null
}

const verdicts = {pass: 'passed', fail: 'FAILED, which this lesson does not expect', unknown: 'proves nothing'} as const

/** What became of the runs that were asked for: one that proves nothing is played again by whoever wants its figures. */
async function runsTold(done: readonly Condition[], {site}: Place): Promise<string> {
  const runs = await Promise.all(done.flatMap(one => ('run' in one ? [site.run(one.run, null)] : [])))
  return runs
    .flatMap(one =>
      typeof one === 'string'
        ? []
        : [` The run ${verdicts[one.report.verdict]}: ${one.report.headline.replace(/\.$/, '')}.`],
    )
    .join('')
}

async function lacking(condition: Condition, site: Site, {shownAt, before}: Kept): Promise<string | null> {
  if ('run' in condition) {
    const found = await site.run(condition.run, shownAt === null ? null : new Date(shownAt))
    return typeof found === 'string' ? found : null
  }
  if ('query' in condition) {
    const said = await site.query(condition.query)
    return said === condition.is ? null : `PostgreSQL says ${said === '' ? 'nothing' : said}, not ${condition.is}`
  }
  const {value, says} = await site.fact(condition.lab)
  if ('changed' in condition) return asText(value) === before[condition.lab] ? `${says}, as before` : null
  return isValue(value, condition.is) ? null : says
}

async function seenBefore(part: Part, site: Site): Promise<Record<string, string>> {
  const facts = part.do === 'type' ? part.done.flatMap(one => ('changed' in one ? [one.lab] : [])) : []
  const seen: Record<string, string> = {}
  for (const fact of facts) seen[fact] = asText((await site.fact(fact)).value)
  return seen
}
