/** A replica that streamed from a lost one streams from another: by the word of whoever sends, and by nobody's silence. */
import {expect, test} from 'vitest'
import {find} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {calmRun} from './calm-run.ts'
import {cascade, sends} from './cascade.ts'
import {micros} from './history-builder.ts'

const judge = (events: readonly Event[], within = '25s') =>
  find(historyOf(events), {check: 'streams-again', params: {within}})

test('from whom, and after how long, is told', () => {
  expect(judge(cascade({again: 21}))).toMatchObject({
    verdict: 'pass',
    says: 'node3 streamed from node1 21.00 s after the loss of node2, 25.00 s are allowed.',
    measures: {streamsAgainMicros: 21_000_000, limitMicros: 25_000_000},
  })
})

test('who comes late, or only after the mend, fails', () => {
  expect(judge(cascade({again: 30})).verdict).toBe('fail')
  expect(judge(cascade({again: 41}))).toMatchObject({
    verdict: 'fail',
    says: 'node3 streamed from nobody else in the 40.00 s from the loss of node2 to its mend, 25.00 s are allowed.',
    hint: expect.stringContaining('read the log of node3'),
  })
})

test('what a source says after it was struck is not about another one', () => {
  expect(judge([...cascade({again: null}), sends('node2', 3, ['node3'])]).verdict).toBe('fail')
})

test('nobody knows while it may still come, where nobody streamed from it, and where a source was not heard', () => {
  expect(judge(cascade({again: null}), '45s').verdict).toBe('unknown')
  expect(judge(calmRun())).toMatchObject({
    verdict: 'unknown',
    says: 'No replica was seen streaming from node2 before the fault.',
  })
  const deaf = cascade({again: 21}).filter(
    event =>
      event.at < micros(1) ||
      !(
        'host' in event &&
        event.host === 'node1' &&
        (event.kind === 'patroni' || (event.kind === 'watching' && event.who === 'patroni'))
      ),
  )
  expect(judge(deaf)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('node1')})
})
