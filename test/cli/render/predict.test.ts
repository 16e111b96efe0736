import {expect, test} from 'vitest'
import {type PredictView, renderPrediction} from '../../../cli/render/predict.ts'
import {predictionJson} from '../../../cli/render/predict-json.ts'
import {boughtBy, type PredictedName, predict, sayLoopWait} from '../../../lab/budget/prediction.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {layOver} from '../../../lab/history/laid-over.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {fast, standard} from '../../lab/budget/topologies.ts'
import {cleanRun} from '../../lab/checks/history-builder.ts'

function viewOf(topology: Topology, only?: readonly PredictedName[]): PredictView {
  const bought = boughtBy(topology)
  return {prediction: predict(topology, only), bought, loopWait: sayLoopWait(topology, bought), laidOver: []}
}
const plain = {color: false, width: 100}
const [quick, usual] = [viewOf(fast), viewOf(standard)]
const text = renderPrediction(usual, plain)

test('each fault has its table: a row a phase, with four numbers and a chart', () => {
  const [, block = ''] = text.split('kill-host  ')
  expect(block.split('\n').slice(0, 8).join('\n')).toMatch(
    /loses power\.\n +least +p50 +p95 +most +0 +\d+ s\n +HAProxy: old server down( +\d+\.\d){4} +[·▁▂▃▄▅▆▇█]+\n +lease expiry +20\.0 +25\.\d +29\.\d +30\.8 /,
  )
})

test('no line is longer than the width, and none ends in blanks', () => {
  for (const width of [80, 100, 140])
    for (const line of renderPrediction(usual, {color: false, width}).split('\n')) {
      expect(line.length).toBeLessThanOrEqual(width)
      expect(line).not.toMatch(/ $/)
    }
})

test('ASCII is ASCII, and colour only adds escape sequences', () => {
  expect(renderPrediction(quick, {...plain, ascii: true})).toMatch(/^[\n -~]*$/)
  expect(renderPrediction(usual, {...plain, color: true}).replace(/\u001b\[\d+m/g, '')).toBe(text)
})

test('what most people believe the other way round is said', () => {
  expect(text.replaceAll('\n', ' ')).toContain('A smaller loop_wait makes the failover from a killed host slower')
})

test('what Patroni would adjust stands at the top', () => {
  const view = viewOf({...fast, patroni: {...fast.patroni, ttlSeconds: 10}}, ['kill-host'])
  expect(renderPrediction(view, plain)).toMatch(
    /Patroni: ttl 20s[\s\S]*Patroni uses ttl 20s instead of 10s: it accepts no less than 20s\.\n`up` refuses/,
  )
})

test('measured runs are marks in the chart and lines below, and what lies outside is named', () => {
  const view = quick
  const laid = (changes: Parameters<typeof cleanRun>[0]) => ({
    ...view,
    laidOver: layOver(view.prediction, [{run: 'run-7', history: historyOf(cleanRun(changes))}]),
  })
  expect(renderPrediction(laid({}), plain)).toMatch(
    /lease expiry .*×[\s\S]*run-7 \(kill-host\): [\s\S]*all within the model/,
  )
  expect(renderPrediction(laid({down: 9}), plain)).toContain('OUTSIDE of the model: oldServerDown')
})

test('two settings are compared fault by fault', () => {
  const written = 'patroni.loop_wait=1s'
  const other = {...standard, patroni: {...standard.patroni, loopWaitSeconds: 1}}
  const compared = renderPrediction({...usual, against: {written, prediction: predict(other)}}, plain)
  expect(compared).toMatch(/against patroni\.loop_wait=1s/)
  expect(compared).toMatch(/kill-host +32\.\d s +36\.\d s +\+4\.\d s/)
  expect(compared).toMatch(/crash-postgres +\d\.\d s +\d\.\d s +-4\.\d s/)
})

test('a fault without a failover says why', () => {
  const failsafe = {...fast, patroni: {...fast.patroni, failsafeMode: true}}
  expect(renderPrediction(viewOf(failsafe), plain).replace(/\n +/g, ' ')).toContain('No failover: failsafe_mode is on')
})

test('the data has bounds, percentiles and a histogram that sums to one', () => {
  const data = JSON.parse(predictionJson(viewOf(fast, ['kill-host'])))
  expect(data).toMatchObject({schemaVersion: 1, effective: {ttlSeconds: 20}, adjustments: [], against: null})
  const lease = data.faults[0].phases.find((one: {phase: string}) => one.phase === 'keyGone').at
  expect(lease.boundsMicros).toEqual([19_000_000, 20_750_000])
  expect(lease.histogram.reduce((total: number, one: number) => total + one, 0)).toBeCloseTo(1)
})
