/** Two lessons from an empty machine on: the lab is raised by the workshop itself, and each answer is checked on the cluster. */
import {afterAll, beforeAll, expect, test} from 'vitest'
import {expectExit} from './cli.ts'
import {playLesson} from './workshop.ts'

const lab = 'workshop-live'

beforeAll(() => expectExit(0, ['down', '--name', lab]))
afterAll(() => expectExit(0, ['down', '--name', lab]))

test('the parts: a lab is raised where there is none, and its leader is asked for', async () => {
  const {transcript, wrongAnswers} = await playLesson('parts', lab)
  expect(transcript).toContain(`up --profile fast --name ${lab}`)
  expect(transcript).toMatch(/Not so\. You said \w+\. It is another one\./)
  expect(transcript).toMatch(/Right: node\d leads right now\./)
  expect(wrongAnswers).toBe(3)
})

test('a host is lost: what was said beforehand, the model and the run, and then phase by phase', async () => {
  const {transcript} = await playLesson('host-lost', lab)
  // Runs outlive their lab: there may be one from before.
  expect(transcript).toMatch(/Not yet: (lab \S+ has no|the newest) run of kill-leader/)
  expect(transcript).toContain('Done: the lab shows it.')
  expect(transcript).toMatch(
    /you said +\d.*\n +the model says +\d+\.\d to \d+\.\d s\n +the same for this run .*\n +your run shows +\d+\.\d\d s/,
  )
  for (const phase of ['LEASE EXPIRY', 'ELECTION', 'PROMOTION', 'FIRST ACKNOWLEDGED WRITE'])
    expect(transcript).toContain(`\n${phase}\n`)
})
