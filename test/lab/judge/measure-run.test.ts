import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {measureRun, sayValue} from '../../../lab/judge/measure-run.ts'
import {metricNames, metrics} from '../../../lab/judge/metrics.ts'
import {readRun} from '../../../lab/state/find-run.ts'
import {altered, cleanRun, quickRun} from '../checks/history-builder.ts'

const seconds = (micros: number | null) => (micros === null ? null : Math.round(micros / 1e4) / 100)

describe('a clean run', () => {
  const measured = measureRun(historyOf(cleanRun()))

  test('has every metric, each from the moments that were set', () => {
    const {refresh, keyGone, newKey, promoted, firstWrite, up, down} = quickRun
    expect(measured).toMatchObject({unfit: null, verdict: 'pass', scenario: 'kill-leader'})
    expect(metricNames.filter(name => measured.values[name] === null)).toEqual([])
    expect(seconds(measured.leaseAgeMicros)).toBeCloseTo(-refresh, 1)
    expect(seconds(measured.values.total)).toBeCloseTo(firstWrite, 1)
    expect(seconds(measured.values['old-server-down'])).toBeCloseTo(down, 1)
    expect(seconds(measured.values['lease-expiry'])).toBeCloseTo(keyGone, 1)
    expect(seconds(measured.values.election)).toBeCloseTo(newKey - keyGone, 1)
    expect(seconds(measured.values.promotion)).toBeCloseTo(promoted - newKey, 1)
    expect(seconds(measured.values['new-server-up'])).toBeCloseTo(up - newKey, 1)
    expect(seconds(measured.values.takeover)).toBeCloseTo(firstWrite - keyGone, 1)
    expect(measured.values['lost-writes']).toBe(0)
    // From the last write before the fault, a few milliseconds earlier.
    expect(seconds(measured.values['write-outage'])).toBeCloseTo(firstWrite, 1)
  })

  test('tells what it was a run of', () => {
    expect(measured.setting).toMatchObject({profile: 'fast', 'ttl/loop_wait/retry_timeout': '20/1/3'})
  })
})

test('a run whose fault did not take hold measures nothing', () => {
  const history = altered(cleanRun(), event => (event.kind === 'fault-proof' ? {...event, holds: false} : event))
  const {unfit, values} = measureRun(history)
  expect(unfit).toContain('did not take hold')
  expect(Object.values(values).every(value => value === null)).toBe(true)
})

test('times of a starved machine are not known, what was lost is', () => {
  const late = altered(cleanRun(), event =>
    event.kind === 'watching' && event.who === 'runner' ? {...event, worstMicros: 3_000_000} : event,
  )
  const {values} = measureRun(late)
  expect(values.total).toBeNull()
  expect(values.election).toBeNull()
  expect(values['write-outage']).toBeNull()
  expect(values['lost-writes']).toBe(0)
})

test('a phase that never came although somebody looked is the worst value there is, not a missing one', async () => {
  const {history} = await readRun(
    join(import.meta.dirname, '..', '..', 'histories', 'kill-leader-never-marked-down.fail.ndjson.gz'),
  )
  const {values, verdict} = measureRun(history)
  expect(verdict).toBe('fail')
  expect(values['old-server-down']).toBe(Number.POSITIVE_INFINITY)
  expect(sayValue(values['old-server-down']!, 'micros')).toBe('never')
})

test('a failover that never came in all the time it may take makes the total and the outage infinite', () => {
  const newOnes = (event: Event) =>
    (event.kind === 'leader-key' && event.holder === quickRun.newLeader) ||
    (event.kind === 'op' && event.server === quickRun.newLeader) ||
    (event.kind === 'postgres' && event.host === quickRun.newLeader && event.inRecovery === false) ||
    (event.kind === 'proxy' && event.server === quickRun.newLeader && event.backend === 'primary' && event.up)
  const history = altered(cleanRun({mend: 60, rejoined: 70, finalReads: 75}), event => (newOnes(event) ? null : event))
  const {values} = measureRun(history)
  expect([values.total, values['write-outage']]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
})

test('a run of any length can be judged and measured', () => {
  const long = cleanRun()
  const model = long.findLast(event => event.kind === 'op' && event.op === 'write' && event.outcome === 'ok')!
  const end = long.find(event => event.kind === 'fault-mending')!.at
  const more = Array.from({length: 300_000}, (_, index): Event => {
    const at = end - 300_000 * 2 + index * 2
    return {...(model as Of<'op'>), at, sentAt: at - 1, id: 1_000_000 + index}
  })
  const {values, verdict} = measureRun(historyOf([...long, ...more]))
  expect(verdict).not.toBe('pass') // these rows are not in the table
  expect(seconds(values['write-outage'])).toBeCloseTo(quickRun.firstWrite, 1)
})

test('the manual names every metric, and what it is', () => {
  const manual = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'how', 'many-runs.md'), 'utf8')
  for (const name of metricNames) expect(manual).toContain(`| ${name} | ${metrics[name].about}`)
})
