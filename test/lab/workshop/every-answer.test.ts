/** Every question of every lesson: what is wrong is refused, each of it, and what is right is taken. */
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {loadHistory} from '../../../lab/history/read-events.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {predicted} from '../../../lab/workshop/answers.ts'
import {teach} from '../../../lab/workshop/course.ts'
import type {Form} from '../../../lab/workshop/facts.ts'
import {factForms} from '../../../lab/workshop/facts.ts'
import {loadLessons} from '../../../lab/workshop/index.ts'
import type {Ask, Lesson} from '../../../lab/workshop/lesson.ts'
import {begin} from '../../../lab/workshop/progress.ts'
import {played} from '../../../lab/workshop/run-values.ts'
import {truthOf} from '../../../lab/workshop/site.ts'
import {bytes, count, hosts, seconds, type Truth, type Value, word, yes} from '../../../lab/workshop/truth.ts'
import {FakeSite, FakeStage} from './fake-site.ts'

const histories = join(import.meta.dirname, '..', '..', 'histories')

/** What a lab might say: any value of the kind will do, since answers are held against it and nothing else. */
const said: Readonly<Record<Form, Truth>> = {
  hosts: hosts(['node2'], 'node2 it is'),
  seconds: seconds(20, 20, 'it is 20 s'),
  count: count(3, 'it is 3'),
  bytes: bytes(1_048_576, 'it is a megabyte'),
  word: word('strict', 'it is strict'),
  yes: yes(true, 'it is so'),
}

/** The model is real, runs are recorded ones. */
async function siteFor({lab}: Lesson, {answer}: Ask): Promise<FakeSite> {
  const site = new FakeSite()
  site.predicted = source => predicted(source, loadTopology({profile: 'fast', ...lab}))
  site.query = () => Promise.resolve('2')
  if (answer.kind !== 'source') return site
  const {source} = answer
  if (source.from === 'lab') site.facts.set(source.fact, said[factForms[source.fact]])
  if (source.from === 'run') {
    const file = join(histories, `${source.scenario}.pass.ndjson.gz`)
    expect(existsSync(file), file).toBe(true)
    site.runs.set(source.scenario, played(`20261128T090000Z-${source.scenario}`, await loadHistory(file)))
  }
  return site
}

/** As the lesson has it played: the first thing that it says to this answer. */
async function saysTo(typed: string, lesson: Lesson, part: Ask, site: FakeSite): Promise<string> {
  const stage = new FakeStage([typed])
  // It goes on to ask, or for Enter, and nobody answers.
  await teach({lesson: {...lesson, parts: [part]}, site, stage, keep: () => {}}, begin('')).catch(() => {})
  return stage.told[0] ?? ''
}

interface Answers {
  readonly right: readonly string[]
  readonly wrong: readonly string[]
}

const letters = 'abcdef'

async function answersTo({answer}: Ask, site: FakeSite): Promise<Answers> {
  if (answer.kind === 'choices') {
    const of = (right: boolean) =>
      answer.choices.flatMap((one, index) =>
        one.right === right ? [letters[index]!, `${letters[index]!.toUpperCase()})`] : [],
      )
    return {right: of(true), wrong: of(false)}
  }
  const {value} = await truthOf(answer.source, site, null)
  return around(value, answer.withinPercent ?? (answer.source.from === 'lab' ? 0 : null), site.hosts)
}

/** All kinds of wrong answers, and numbers right within the tolerance and right outside of it. */
function around(value: Value, within: number | null, known: readonly string[]): Answers {
  switch (value.kind) {
    case 'hosts':
      return {right: value.hosts, wrong: [...known.filter(one => !value.hosts.includes(one)), 'nobody']}
    case 'number': {
      const {least, most, unit} = value
      const isTime = unit === 'seconds'
      const room = Math.max((most * (within ?? (isTime ? 15 : 0))) / 100, isTime ? 0.5 : 0)
      const step = isTime ? 0.01 : 1
      const text = (number: number) => (isTime ? `${number.toFixed(2)} s` : String(Math.round(number)))
      const [low, high] = isTime ? [least - room, most + room] : [Math.ceil(least - room), Math.floor(most + room)]
      const lower = [low - step, low / 2].filter(one => one >= 0 && one < low)
      return {
        right: [Math.max(0, low + (isTime ? step : 0)), (least + most) / 2, high - (isTime ? step : 0)].map(text),
        wrong: [...lower, high + step, high * 3 + 7].map(text),
      }
    }
    case 'word':
      return {right: [value.word, value.word.toUpperCase()], wrong: [`${value.word}er`, 'nonsense']}
    case 'yes':
      return value.yes ? {right: ['yes', 'y', 'on'], wrong: ['no', 'off']} : {right: ['no'], wrong: ['yes']}
  }
}

const questions = loadLessons().flatMap(lesson =>
  lesson.parts.flatMap((part, index) => (part.do === 'ask' ? [{of: `${lesson.name} ${index + 1}`, lesson, part}] : [])),
)

describe.each(questions)('$of', ({lesson, part}) => {
  test('refuses every wrong answer, and takes every right one', async () => {
    const site = await siteFor(lesson, part)
    const {right, wrong} = await answersTo(part, site)
    expect(Math.min(right.length, wrong.length)).toBeGreaterThan(0)
    for (const typed of wrong) expect(await saysTo(typed, lesson, part, site), typed).toMatch(/^Not so\. /)
    for (const typed of right) expect(await saysTo(typed, lesson, part, site), typed).toMatch(/^Right[.:] /)
  })
})

test('a question has exactly one right choice, wherever it stands, and no letter beyond the last is taken', async () => {
  for (const {of, lesson, part} of questions) {
    if (part.answer.kind !== 'choices') continue
    const {choices} = part.answer
    expect(
      choices.filter(one => one.right),
      of,
    ).toHaveLength(1)
    for (const beyond of [...letters].slice(choices.length))
      expect(await saysTo(beyond, lesson, part, new FakeSite()), of).toMatch(/^Answer with a letter from a to /)
  }
})
