import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {checks, find} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {loadScenario} from '../../../lab/scenario/index.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {calmRun} from './calm-run.ts'
import {cleanRun, micros} from './history-builder.ts'

const judge = (events: readonly Event[], allow: Record<string, string> = {}) =>
  find(historyOf(events), {check: 'errors', params: {allow}})

const refused = (at: number, sqlstate: string, client = 'w1'): Event => ({
  ...{at: micros(at), kind: 'client-disconnected', client, op: 'write', error: `${sqlstate} was told`, sqlstate},
})
const connected = (at: number, client = 'w1'): Event => ({
  ...{at: micros(at), kind: 'client-connected', client, op: 'write', server: 'node1', tookMicros: 1000},
})

test('passes where nobody is told an error, and where each is told in its time', () => {
  expect(judge(calmRun())).toMatchObject({verdict: 'pass', says: 'After the fault clients were told no error.'})
  // 25006 from 3 s to 5 s after the fault.
  const demoted = calmRun({outage: [2, 5]})
  expect(judge(demoted, {'25006': '2500ms'})).toMatchObject({
    verdict: 'pass',
    says: 'After the fault clients were told only what is allowed: 25006 for 2.00 s.',
    rows: [{code: '25006', firstMicros: 3_000_000, lastedMicros: 2_000_000, limitMicros: 2_500_000}],
  })
  expect(judge(demoted, {others: '3s'}).verdict).toBe('pass')
})

test("what a pooler says of itself is the pooler's, and of a lab without one nobody may say it", () => {
  const told = [...calmRun(), refused(3, '08P01')]
  const pooled = told.map(
    (one): Event =>
      one.kind === 'run-started'
        ? {...one, topology: loadTopology({topology: 'pgbouncer', profile: one.topology.profile})}
        : one,
  )
  expect(judge(pooled, {pooler: '1s'})).toMatchObject({verdict: 'pass', rows: [{code: 'pooler'}]})
  expect(judge(pooled)).toMatchObject({verdict: 'fail', says: expect.stringMatching(/^pooler was told/)})
  expect(judge(told, {pooler: '1s'})).toMatchObject({verdict: 'fail', says: expect.stringMatching(/^08P01 was told/)})
})

describe('fails', () => {
  test('for a code that nobody allowed, and names the client that was told it first', () => {
    expect(judge([...calmRun(), refused(3, 'ECONNREFUSED', 'w2')], {'25006': '1s'})).toMatchObject({
      verdict: 'fail',
      says: 'ECONNREFUSED was told (w2 was the first, 3.00 s after the fault: ECONNREFUSED was told), and is not allowed.',
    })
    expect(judge([...calmRun(), refused(3, 'closed')], {closed: '0s', others: '1m'}).verdict).toBe('fail')
  })

  test('for one that was told for longer than it may be', () => {
    expect(judge(calmRun({outage: [2, 5]}), {'25006': '1s'})).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(
        /^25006 was told for 2\.00 s \(w1 was the first, 3\.00 s after .*; 1\.00 s are allowed\.$/,
      ),
    })
  })

  test('where the expectations of switchover meet a proxy that only looks whether the port is open', () => {
    const file = join(import.meta.dirname, '..', '..', 'histories', 'switchover-tcp-check.fail.ndjson.gz')
    const expected = loadScenario('switchover').expect.find(one => one.check === 'errors')!
    expect(find(parseHistory(gunzipSync(readFileSync(file)).toString()), expected)).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/^25006 was told for 7\.02 s .*; ECONNREFUSED was told .*, and is not allowed\.$/),
    })
  })
})

describe('is unknown', () => {
  const allow = {others: '30s'}

  test('where a part of what the clients were told is missing', () => {
    const events = [...calmRun(), connected(-5), connected(6)]
    expect(judge(events, allow).says).toMatch(/w1 was connected again, and nobody told why/)
    expect(judge([...events, refused(5.5, 'closed')], allow).verdict).toBe('pass')
    const blind = calmRun().filter(({at, kind}) => kind !== 'watching' || at < micros(1) || at > micros(3))
    expect(judge(blind, allow).verdict).toBe('unknown')
    expect(
      judge(
        calmRun().filter(({kind}) => kind !== 'op'),
        allow,
      ).says,
    ).toMatch(/no client told anything/)
    expect(judge(cleanRun({readsPerSecond: 20}), allow)).toMatchObject({
      verdict: 'unknown',
      says: expect.stringMatching(/nothing that r1 asked for is in the record/),
    })
  })

  test('where nobody knows whether it came before the fault', () => {
    const late = calmRun().map(event =>
      event.kind === 'watching' && event.who === 'runner' ? {...event, worstMicros: 400_000} : event,
    )
    expect(judge([...late, refused(-0.1, 'closed')]).verdict).toBe('unknown')
    expect(judge([...late, refused(-2, 'closed')]).verdict).toBe('pass')
  })

  test('where a statement lost its connection, and its client told of no lost connection', () => {
    const closed = calmRun({outage: [2, 5]}).map(event =>
      event.kind === 'op' && event.sqlstate === '25006' ? {...event, sqlstate: 'closed'} : event,
    )
    expect(judge([...closed, refused(3, 'closed')], allow).verdict).toBe('pass')
    expect(judge(closed, allow).says).toMatch(/w1 lost its connection, and nobody told what it was told then/)
  })

  test('where nobody reported how late our timers ran, and by that much it was longer than it may be', () => {
    const told = calmRun({outage: [2, 9]})
    for (const who of ['runner', 'clients'] as const)
      for (const drop of [() => true, ({at}: Event) => at > micros(4) && at < micros(6)]) {
        const silent = told.filter(event => !(event.kind === 'watching' && event.who === who && drop(event)))
        expect(judge(silent, {'25006': '5500ms'}).verdict).toBe('unknown')
      }
    expect(judge(told, {'25006': '5500ms'}).verdict).toBe('fail')
  })

  test('where the limit is nearer than the times are known', () => {
    const late = calmRun({outage: [2, 9]}).map(event =>
      event.kind === 'watching' && event.who === 'clients' ? {...event, worstMicros: 400_000} : event,
    )
    expect(judge(late, {'25006': '5900ms'}).verdict).toBe('unknown')
    expect(judge(late, {'25006': '100ms'}).verdict).toBe('fail')
  })
})

describe('a code that no client is ever told is refused, with the one that was meant', () => {
  test.each([
    ['25066', '25006'],
    ['57p01', '57P01'],
    ['8006', '08006'],
    ['ECONREFUSED', 'ECONNREFUSED'],
    ['other s', 'others'],
    ['close', 'closed'],
  ])('%s', (written, meant) => {
    const {error} = checks.errors.params.safeParse({allow: {[written]: '1s'}})
    expect(JSON.stringify(error?.issues)).toContain(`did you mean \`${meant}\`?`)
  })

  test.each(['25006', '22P02', 'P0001', 'closed', 'others'])('%s is one', code => {
    expect(checks.errors.params.safeParse({allow: {[code]: '1s'}}).success).toBe(true)
  })
})
