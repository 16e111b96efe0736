import {describe, expect, test} from 'vitest'
import {checks, find} from '../../../lab/checks/index.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {cleanRun, micros} from './history-builder.ts'

const run = cleanRun({readsPerSecond: 20})
const writes = run.filter(
  (event): event is Of<'op'> => event.kind === 'op' && event.op === 'write' && event.outcome === 'ok',
)
/** r1 reads ten times a second on a replica that is so many seconds behind. */
const reads = (behind: (at: number) => number, server = 'node3'): Event[] =>
  Array.from({length: 90}, (_, index): Event => {
    const at = 23 + index / 10
    return {
      ...{at: micros(at), sentAt: micros(at) - 2000, kind: 'op', client: 'r1', op: 'read', id: 1_500_000_000 + index},
      ...{outcome: 'ok', server, timeline: 2, lsn: 1, sqlstate: null, error: null},
      seen: writes.findLast(write => write.at < micros(at - behind(at)) - 5000)?.id ?? null,
    }
  })
const judge = (events: readonly Event[], params: object = {'at-most': '2s'}) =>
  find(historyOf(events), {check: 'stale-reads', params})
const lagging = [...run, ...reads(at => (at > 25 && at < 29 ? 3 : 0))]

test('passes where a replica is as far behind as it may be, or as it is to be', () => {
  expect(judge([...run, ...reads(() => 0)])).toMatchObject({verdict: 'pass', measures: {reads: 90, staleForMicros: 0}})
  expect(judge(lagging, {'at-most': '4s', 'at-least': '2s'}).verdict).toBe('pass')
})

test('fails where it is further behind, and says on which server and for how long', () => {
  expect(judge(lagging)).toMatchObject({
    verdict: 'fail',
    says: expect.stringMatching(
      /^The oldest answer .* was [23]\.\d\d s behind .* \(r1 on node3, 2\d\.\d\d s after the fault; node3 gave such answers for 3\.\d\d s\); 2\.00 s are allowed\.$/,
    ),
  })
})

test('fails where it was to lag, and does not', () => {
  expect(judge([...run, ...reads(() => 0)], {'at-least': '2s'})).toMatchObject({
    verdict: 'fail',
    says: expect.stringMatching(/; at least 2\.00 s was expected\.$/),
    pending: true,
  })
})

describe('is unknown', () => {
  const without = (events: readonly Event[], lost: (event: Event) => boolean) => events.filter(event => !lost(event))

  test('where nobody read there, or nobody wrote', () => {
    expect(judge(run).says).toMatch(/^No reads to judge/)
    const unwritten = without([...run, ...reads(() => 0)], event => event.kind === 'op' && event.op === 'write')
    expect(judge(unwritten).verdict).toBe('unknown')
  })

  test('where nobody knows which rows were lost, or what the clients were told', () => {
    expect(judge(without(lagging, event => event.kind === 'final-rows')).verdict).toBe('unknown')
    const deaf = without([...run, ...reads(() => 0)], ({kind, at}) => kind === 'watching' && at > micros(26))
    expect(judge(deaf).verdict).toBe('unknown')
  })

  test('where the agent was too late to tell', () => {
    const late = lagging.map(event =>
      event.kind === 'watching' && event.who === 'clients' ? {...event, worstMicros: 450_000} : event,
    )
    expect(judge(late, {'at-most': '3s'}).verdict).toBe('unknown')
    expect(judge(late, {'at-least': '3200ms'}).verdict).toBe('unknown')
  })
})

test('says of what it is to be, and nothing that no answer can be', () => {
  const {params} = checks['stale-reads']
  expect(params.safeParse({}).success).toBe(false)
  expect(params.safeParse({'at-least': '3s', 'at-most': '2s'}).success).toBe(false)
})
