import {join} from 'node:path'
import {expect, test} from 'vitest'
import {plain} from '../../../lab/history/event-table.ts'
import {of} from '../../../lab/history/history.ts'
import {loadHistory as loadRows} from '../../../lab/history/read-events.ts'
import {judge, loadHistory, loadRun, readRun} from '../../../lab/index.ts'

const file = join(import.meta.dirname, '..', '..', 'histories', 'kill-leader.pass.ndjson.gz')

test('what the library reads has events that can be copied, cloned and compared, whichever way it is asked', async () => {
  const [rows, ...read] = await Promise.all([
    loadRows(file),
    loadHistory(file),
    readRun(file).then(run => run.history),
    loadRun({folder: null, events: file}).then(run => run.history),
  ])
  const [row] = of(rows, 'op').slice(-1)
  expect(Object.keys(row!)).toEqual([]) // the command line reads it so, or this would compare nothing
  for (const history of read) {
    const [op] = of(history, 'op').slice(-1)
    expect({...op}).toEqual(plain(row!))
    expect(structuredClone(op)).toEqual(plain(row!))
    expect(JSON.stringify(history.events)).toBe(JSON.stringify(rows.events))
    expect(judge(history)).toEqual(judge(rows))
  }
})
