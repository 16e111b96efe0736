import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {predict} from '../../../lab/budget/prediction.ts'
import {historyOf, of} from '../../../lab/history/history.ts'
import {layOver} from '../../../lab/history/laid-over.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {fast, standard} from '../budget/topologies.ts'
import {altered, cleanRun} from '../checks/history-builder.ts'
import {strikeOf} from '../strike-of.ts'

const folder = join(import.meta.dirname, '..', '..', 'histories')
const recorded = globSync('kill-leader*.pass.ndjson.gz', {cwd: folder}).map(file => ({
  run: file,
  history: parseHistory(gunzipSync(readFileSync(join(folder, file))).toString()),
}))

describe('recorded runs', () => {
  test.each(recorded)('$run lies within the prediction of its own topology, in every phase', ({run, history}) => {
    const topology = of(history, 'run-started')[0]!.topology
    const [laid] = layOver(predict(topology, ['kill-host', 'kill-host-and-etcd-leader']), [{run, history}])
    expect(laid).toMatchObject({fault: expect.stringMatching(/^kill-host/), why: null, outside: []})
    expect(Object.keys(laid!.phases).sort()).toEqual([
      'election',
      'firstWrite',
      'keyGone',
      'newServerUp',
      'oldServerDown',
      'promotion',
    ])
  })
})

test('a phase that is not where the model has it is named', () => {
  const [laid] = layOver(predict(fast), [
    {
      run: 'late',
      history: historyOf(cleanRun({promoted: 27, firstWrite: 27.2, mend: 30, rejoined: 35, finalReads: 40})),
    },
  ])
  expect(laid!.outside).toEqual(['promotion'])
})

test('a run with other timings, of another fault, or without one is laid over nothing, and the reason is told', () => {
  const run = historyOf(cleanRun())
  const unknown = altered(cleanRun(), event =>
    event.kind === 'fault-injecting' ? {...event, strike: strikeOf('fill-disk')} : event,
  )
  const none = altered(cleanRun(), event => (event.kind === 'fault-injecting' ? null : event))
  const asked = predict(fast, ['kill-host'])
  const why = (history: typeof run, prediction = asked) => layOver(prediction, [{run: 'r', history}])[0]!.why
  expect(why(run, predict(standard, []))).toBe('it was recorded with another ttl')
  expect(why(run, predict({...fast, haproxy: {...fast.haproxy, fall: 9}}, []))).toMatch(/HAProxy timings/)
  expect(why(run, predict(fast, ['stop']))).toBe('it is a run of kill-host, which is not asked for')
  expect(why(unknown)).toMatch(/no bounds for such a fault/)
  expect(why(none)).toBe('no fault was injected')
})
