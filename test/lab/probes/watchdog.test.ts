import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {parseWatchdogLine} from '../../../lab/cluster/watchdog-line.ts'
import type {Event, Happening} from '../../../lab/history/event.ts'
import type {ProbeSite} from '../../../lab/probes/probe.ts'
import {Account} from '../../../lab/probes/watchdog.ts'
import {localLab} from '../local-lab.ts'

beforeEach(() => void vi.useFakeTimers({toFake: ['Date'], now: Date.parse('2026-11-20T16:01:00Z')}))
afterEach(() => void vi.useRealTimers())

/** Of a run that began at 16:00:00 by all clocks and is a minute old. */
async function events(...lines: string[]): Promise<Event[]> {
  const told: Event[] = []
  const on: ProbeSite = {
    lab: localLab('patroni', []),
    record: (happening: Happening, at = 0) => void told.push({at: Math.round(at), ...happening} as Event),
    now: () => 60_000_000,
    signal: new AbortController().signal,
  }
  const account = new Account(on, 'node1')
  for (const line of lines) account.hear(line)
  await new Promise(resolve => setTimeout(resolve, 20))
  return told.filter(event => event.kind === 'watchdog')
}

const seconds = (event: Event) => Math.round(event.at / 1000) / 1000

test('a line of the log and one that followers are told mean the same', () => {
  const says = '2026-11-20T16:00:10.123456Z fired timeout=15 silent=15.000335'
  const expected = {
    ...{state: 'fired', timeoutSeconds: 15, silentSeconds: 15.000335, key: '2026-11-20T16:00:10.123456Z fired'},
    atMs: Date.parse('2026-11-20T16:00:10.123Z') + 0.456,
  }
  expect(parseWatchdogLine(says)).toEqual(expected)
  expect(parseWatchdogLine(`watchdog | ${says}: resetting this host`)).toEqual(expected)
  expect(parseWatchdogLine('2026-11-20T16:00:10.123456Z idle timeout=60 silent=-')?.silentSeconds).toBeNull()
  expect(parseWatchdogLine('watchdog | ended by signal 9')).toBeNull()
})

test('a keepalive has the time at which it came, and is told once', async () => {
  const told = await events(
    '2026-11-20T16:00:10.500000Z running timeout=15 silent=0.400000',
    '2026-11-20T16:00:11.500000Z running timeout=15 silent=1.400005',
    '2026-11-20T16:00:12.500000Z running timeout=15 silent=0.100000',
  )
  expect(told.map(event => [event.kind === 'watchdog' && event.state, seconds(event)])).toEqual([
    ['fed', 10.1],
    ['fed', 12.4],
  ])
})

test('longer than a loop_wait and a second without one, and the countdown is told', async () => {
  const [starving] = await events('2026-11-20T16:00:10.000000Z running timeout=15 silent=5.500000')
  expect(starving).toMatchObject({state: 'starving', leftMicros: 9_500_000, timeoutSeconds: 15})
})

test('that it fires is told once, though the log and the connection both tell it', async () => {
  const fired = '2026-11-20T16:00:25.000000Z fired timeout=15 silent=15.000300'
  const told = await events(fired, `watchdog | ${fired}: resetting this host`)
  expect(told).toMatchObject([{state: 'fired', host: 'node1', leftMicros: 0}])
  expect(seconds(told[0]!)).toBe(25)
})

test('what the log has from before the run, and that nothing is armed, is no event', async () => {
  const told = await events(
    'watchdog | 2026-11-20T15:59:58.000000Z armed timeout=15 silent=0.000005: without a keepalive this host is reset after 15 s',
    '2026-11-20T16:00:10.000000Z idle timeout=60 silent=-',
  )
  expect(told).toEqual([])
})
