import {describe, expect, test} from 'vitest'
import {LabError} from '../../../lab/words/errors.ts'
import {loadLessons} from '../../../lab/workshop/index.ts'
import {parseLesson} from '../../../lab/workshop/parse.ts'

const head = 'title: One\nabout: What one can do after it.\nminutes: 5\nlab: {}\n'
const say = 'parts:\n  - say: Words.\n'

function complaint(text: string): string {
  try {
    parseLesson('07-mine.yaml', text)
  } catch (error) {
    if (error instanceof LabError) return `${error.exitCode} ${error.message}`
    throw error
  }
  return 'no complaint'
}

test('a lesson is called by its file without the number, and its texts lose their line breaks', () => {
  const lesson = parseLesson('07-mine.yaml', `${head}parts:\n  - say: |\n      One\n      line.\n\n      Another.\n`)
  expect(lesson).toMatchObject({
    name: 'mine',
    lab: {set: []},
    parts: [{do: 'say', title: null, paragraphs: ['One line.', 'Another.']}],
  })
})

describe('a complaint names file, line and column', () => {
  const part = (text: string) => `${head}parts:\n  - say: Words.\n  - ${text}\n`
  test.each([
    ['no title', `about: What one can do.\nminutes: 5\nlab: none\n${say}`, /^2 07-mine\.yaml:1:1: `title` is missing/],
    ['an unknown key', `${head}abuot: x\n${say}`, /07-mine\.yaml:5:1: .*`abuot`.*`about`/],
    [
      'no verb',
      part('sya: Words.'),
      /:7:5: a part begins with one of say, type, ask, recall, phases, not `sya`, did you mean `say`\?/,
    ],
    [
      'a scenario that is not there',
      part('{type: chaos x, done: {run: kill-leadr}}'),
      /:7:33: there is no scenario `kill-leadr`, did you mean `kill-leader`\?/,
    ],
    [
      'a fact that is not there',
      part('{ask: Who leads?, answer: {lab: leadr}}'),
      /:7:37: nothing of a lab is called `leadr`, did you mean `leader`\?/,
    ],
    [
      'a value of a run that is not there',
      part('{ask: How long?, answer: {run: kill-leader, of: outtage}}'),
      /nothing of a run is called `outtage`, did you mean `outage`\?/,
    ],
    [
      'a fault that nobody predicts',
      part('{ask: How long?, answer: {model: kill-hots, of: outage}}'),
      /there is no fault `kill-hots` to predict, did you mean `kill-host`\?/,
    ],
    [
      'a host that no selector means',
      part('{type: "shell {leadr}", done: {lab: leader, changed: true}}'),
      /`\{leadr\}` stands for no host, did you mean `leader`\?/,
    ],
    [
      'a tolerance that takes whatever is typed',
      part('{ask: How long?, answer: {number: 2}, within: 100%}'),
      /:7:51: within 100% nearly whatever is typed would be right: say at most 50%/,
    ],
    [
      'a tolerance of a host',
      part('{ask: Who leads?, answer: {lab: leader}, within: 10%}'),
      /:7:54: `within` is for numbers/,
    ],
    [
      'a tolerance of choices',
      part('{ask: What?, within: 10%, choices: [{says: a, why: b, right: true}, {says: c, why: d}]}'),
      /:7:26: `within` is for numbers/,
    ],
    ['neither answer nor choices', part('ask: Who leads?'), /:7:5: a question has either `answer` or `choices`/],
    [
      'two right choices',
      part('{ask: What?, choices: [{says: a, why: b, right: true}, {says: c, why: d, right: true}]}'),
      /exactly one choice is `right: true`/,
    ],
    ['nothing that shows what was typed', part('type: status'), /:7:5: nothing would show whether this was typed/],
    [
      'neither is nor changed',
      part('{type: status, done: {lab: leader}}'),
      /either `is` with a value, or `changed: true`/,
    ],
    ['a query that is no SELECT', part('{type: status, done: {query: drop table x, is: y}}'), /`query` is a SELECT/],
    [
      'a recall of nothing',
      part('{recall: outage, run: kill-leader, of: outage}'),
      /no earlier question is called `outage`/,
    ],
    [
      'a lab that cannot be raised',
      `title: One\nabout: What one can do.\nminutes: 5\nlab: {topology: colocatd}\n${say}`,
      /:4:6: no such lab can be raised: there is no preset `colocatd`/,
    ],
    [
      'a setting without a value',
      `title: One\nabout: What one can do.\nminutes: 5\nlab: {set: [patroni.ttl]}\n${say}`,
      /:4:13: a setting is `key=value`/,
    ],
    [
      'a page that is too long',
      part(`say: ${'word '.repeat(400)}`),
      /:7:5: this page has \d+ lines on a terminal of 80 columns, and 19 fit/,
    ],
  ])('%s', (_, text, says) => expect(complaint(text)).toMatch(says))

  test('and all of them are told at once', () => {
    const both = `${head}parts:\n  - ask: What?\n  - sya: x\n`
    expect(complaint(both)).toMatch(/:6:5: .*\n07-mine\.yaml:7:5: /)
  })
})

test('nothing in a file but a complaint comes of whatever it holds', () => {
  for (const text of [
    '',
    '[]',
    '- a',
    'parts: 5',
    'parts: [1, null]',
    `${head}parts: [{ask: [], choices: {}}]`,
    `${head}parts: [{type: {}, done: [[]]}]`,
  ])
    expect(complaint(text), text).toMatch(/^2 07-mine\.yaml:\d+:\d+: |^2 07-mine/)
})

test('our lessons can be read, are at least fourteen, and each asks something', () => {
  const lessons = loadLessons()
  expect(lessons.length).toBeGreaterThanOrEqual(14)
  for (const {name, parts} of lessons) {
    expect(
      parts.some(one => one.do === 'ask'),
      name,
    ).toBe(true)
    for (const one of parts)
      if (one.do === 'ask' || (one.do === 'type' && one.done.length > 0))
        expect(one.hints.length, name).toBeGreaterThan(0)
  }
})
