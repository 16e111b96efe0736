/** Every other lesson, in order, each with a wrong answer before each right one; the labs change as the lessons ask. */
import {afterAll, beforeAll, expect, test} from 'vitest'
import {loadLessons} from '../../../lab/workshop/index.ts'
import {expectExit} from '../cli.ts'
import {playLesson} from '../workshop.ts'

const lab = 'workshop-long'
const elsewhere = ['parts', 'host-lost']

beforeAll(() => expectExit(0, ['down', '--name', lab]))
afterAll(() => expectExit(0, ['down', '--name', lab]))

test.each(
  loadLessons()
    .map(one => one.name)
    .filter(name => !elsewhere.includes(name)),
)('%s', async name => {
  const {transcript, wrongAnswers} = await playLesson(name, lab)
  expect(wrongAnswers).toBeGreaterThan(0)
  expect(transcript).toContain('Not so. ')
  // A machine that was too busy may make a run inconclusive, and the lesson says so; none that it plays may fail.
  expect(transcript).not.toMatch(/^FAILED /m)
})
