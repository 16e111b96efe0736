import {expect, test} from 'vitest'
import {progressLine, table} from '../../../cli/suite/render.ts'
import type {SuiteOutcome} from '../../../lab/suite/outcome.ts'

const outcomes: readonly SuiteOutcome[] = [
  {
    scenario: 'stop-leader',
    lab: 'lab-1',
    ending: 'failed',
    seconds: 31.4,
    headline: 'Two servers took writes for 3.10 s.',
    limit: null,
    held: [4, 5],
    folder: '/evidence/stop-leader',
  },
  {
    scenario: 'kill-leader',
    lab: 'lab-2',
    ending: 'passed',
    seconds: 45.6,
    headline: 'Writes were back after 21.93 s.',
    limit: null,
    held: [5, 5],
    folder: '/evidence/kill-leader',
  },
  {
    scenario: 'skew-clock',
    lab: 'lab-1',
    ending: 'skipped',
    seconds: 1.2,
    headline: 'skew-clock cannot run here: libfaketime is not in the image',
    limit: null,
    held: null,
    folder: null,
  },
]

test('the table has every scenario, its verdict, what held, and where the evidence is', () => {
  expect(table(outcomes, 52.3, 2)).toBe(`\
scenario     verdict  expected  took  in a sentence
kill-leader  passed   5/5       46 s  Writes were back after 21.93 s.
  evidence: /evidence/kill-leader
skew-clock   skipped  -         1 s   skew-clock cannot run here: libfaketime is not in the image
stop-leader  FAILED   4/5       31 s  Two servers took writes for 3.10 s.
  evidence: /evidence/stop-leader

1 passed, 1 FAILED, 1 skipped, 2 not played; 78 s of runs in 52 s
`)
})

test('over several engines it says which one each was played on, and what was played again', () => {
  const [failed, passed] = outcomes
  const why = 'the engine far did not answer any more'
  const over = [
    {...failed!, engine: 'near', again: [{engine: 'far', lab: 'lab-3', why}]},
    {...passed!, engine: 'ssh://me@there'},
  ]
  expect(table(over, 52.3, 0)).toBe(`\
scenario     verdict  expected  took  engine          in a sentence
kill-leader  passed   5/5       46 s  ssh://me@there  Writes were back after 21.93 s.
  evidence: /evidence/kill-leader
stop-leader  FAILED   4/5       31 s  near            Two servers took writes for 3.10 s.
  played again: the engine far did not answer any more
  evidence: /evidence/stop-leader

1 passed, 1 FAILED; 77 s of runs in 52 s
`)
})

test('a line of progress says what runs where, and why something did not pass', () => {
  expect(progressLine({lab: 'lab-1', what: 'playing', says: 'kill-leader'}, 61, 0, 3)).toBe(
    '  1:01  lab-1  kill-leader\n',
  )
  const [failed] = outcomes
  expect(progressLine({lab: 'lab-1', what: 'ended', says: failed!.headline, outcome: failed!}, 92, 1, 3)).toBe(
    '  1:32  lab-1  stop-leader: FAILED after 31 s (1 of 3)\n         Two servers took writes for 3.10 s.\n',
  )
})
