import {expect, test} from 'vitest'
import {lostWrites} from '../../../cli/render/lost-writes.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {altered, cleanRun, withRows} from '../../lab/checks/history-builder.ts'
import {recorded, recordedNames} from './recorded.ts'

const clean = cleanRun()
const lostOf = (history: ReturnType<typeof historyOf>) =>
  judge(history, [{check: 'no-lost-writes', params: {allow: 'async-tail'}}]).findings[0]?.measures?.lost

test('a clean run has lost none', () => expect(lostWrites(historyOf(clean))).toEqual([]))

test('every lost write is listed, and no other', () => {
  const gone = [3, 10, 11, 200]
  const history = historyOf(withRows(clean, rows => void gone.map(id => rows.delete(id))))
  expect(lostWrites(history)!.map(op => op.id)).toEqual(gone)
})

test('a table that nobody read is not an empty list', () =>
  expect(lostWrites(altered(clean, event => (event.kind === 'final-rows' ? null : event)))).toBeNull())

test.each(recordedNames)('%s: as many are listed as the check counted', name => {
  const history = recorded(name)
  expect(lostWrites(history)?.length).toBe(lostOf(history))
})
