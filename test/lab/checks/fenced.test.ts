import {describe, expect, test} from 'vitest'
import {fenced} from '../../../lab/checks/fenced.ts'
import type {Event, Happening} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {strikeOf} from '../strike-of.ts'
import {cleanRun, micros, sample} from './history-builder.ts'

const judge = (history: History, margin = 0) => fenced.judge(history, {margin})
const at = (seconds: number, happening: Happening) => ({at: micros(seconds), ...happening}) as Event

/**
 * Patroni of node1 hangs at 0; its PostgreSQL takes writes until `until`; its watchdog, last fed at -0.4, resets it at `fired`.
 * The key goes at 19.8 and node2 takes writes from 21.85 on.
 */
function orphan({until, fired}: {until: number; fired: number | null}): Event[] {
  const shape = {
    patroni: {watchdog: fired === null ? 'off' : 'required'},
    mend: 35,
    rejoined: 45,
    finalReads: 50,
  } as const
  const events = cleanRun(shape).flatMap((event): Event[] => {
    if (event.kind === 'fault-injecting')
      return [
        {
          ...event,
          fault: 'freeze-watchdog',
          what: 'freeze: freeze-watchdog on leader',
          params: {},
          strike: strikeOf('freeze-watchdog'),
        },
      ]
    if (event.kind === 'container' && event.action === 'die') return []
    if (event.kind === 'postgres' && event.host === 'node1' && event.at > micros(0) && event.at < micros(until))
      return [sample('node1', event.at / 1e6 - 8, {inRecovery: false, receiver: null})]
    return [event]
  })
  if (fired !== null)
    events.push(
      at(-0.4, {kind: 'watchdog', host: 'node1', state: 'fed', timeoutSeconds: 15, leftMicros: 15_000_000}),
      at(fired, {kind: 'watchdog', host: 'node1', state: 'fired', timeoutSeconds: 15, leftMicros: 0}),
    )
  return events
}

describe('fenced', () => {
  test('a host that died with its leader was out of the way long before the new primary', () => {
    const found = judge(historyOf(cleanRun()))
    expect(found).toMatchObject({verdict: 'pass', measures: {how: 'was dead'}})
    expect(found.measures?.marginMicros).toBeGreaterThan(21_000_000)
  })

  test('a watchdog that fires before the key expires is told with the seconds it had to spare', () => {
    const found = judge(historyOf(orphan({until: 14.6, fired: 14.6})))
    expect(found.says).toContain('with 5.20 s to spare before its leader key was gone')
    expect(found).toMatchObject({
      verdict: 'pass',
      measures: {
        how: 'was reset by its watchdog',
        spareMicros: 5_200_000,
        unfedMicros: 15_000_000,
        resetMicros: 14_600_000,
      },
    })
    expect(found.measures?.marginMicros).toBeGreaterThan(6_900_000)
    expect(found.measures?.marginMicros).toBeLessThan(found.measures?.marginAtMostMicros as number)
    expect(found.evidence?.map(event => event.kind)).toContain('watchdog')
  })

  test('a watchdog that fires after the key is free fails, even if nobody took writes before', () => {
    const found = judge(historyOf(orphan({until: 20.5, fired: 20.5})))
    expect(found).toMatchObject({verdict: 'fail', measures: {spareMicros: -700_000}})
    expect(found.says).toContain('too late to protect anybody')
  })

  test('without a watchdog the orphaned primary takes writes beside the new one, and that fails', () => {
    const found = judge(historyOf(orphan({until: 30, fired: null})))
    expect(found.verdict).toBe('fail')
    expect(found.says).toMatch(/^node1 still took writes .* after node2 took its first: nothing had fenced it/)
  })

  test('a write that the old primary acknowledged after the new one began fails, whatever the probe saw', () => {
    const late = cleanRun({rejoined: 40, finalReads: 45}).find(one => one.kind === 'op' && one.server === 'node1')!
    const moved = {...late, at: micros(25), sentAt: micros(24.99)} as Event
    expect(judge(historyOf([...cleanRun(), moved])).verdict).toBe('fail')
  })

  test('a margin smaller than the one that is wanted fails, and one as large passes', () => {
    const history = historyOf(orphan({until: 14.6, fired: 14.6}))
    expect(judge(history, 6000).verdict).toBe('pass')
    expect(judge(history, 10_000)).toMatchObject({verdict: 'fail', says: expect.stringContaining('10.00 s are wanted')})
  })

  test('of a margin that may be too small or not, nothing can be told', () => {
    const history = historyOf(orphan({until: 14.6, fired: 14.6}))
    const {marginMicros, marginAtMostMicros} = judge(history).measures as Record<string, number>
    const found = judge(history, (marginMicros! + marginAtMostMicros!) / 2000)
    expect(found).toMatchObject({verdict: 'unknown', says: expect.stringContaining('the margin is somewhere from')})
  })

  test('an old primary that only fell silent may have taken writes from others: unknown', () => {
    const silent = cleanRun()
      .filter(event => event.kind !== 'container' && event.kind !== 'fault-proof')
      .map(event =>
        event.kind === 'postgres' && event.host === 'node1' && !event.up ? {...event, error: 'timeout'} : event,
      )
    expect(judge(historyOf(silent)).verdict).toBe('unknown')
  })

  test('when the engine says that it died, by a clock that was set meanwhile, nobody knows when that was', () => {
    const unasked = orphan({until: 21.6, fired: null}).filter(
      event =>
        !(event.kind === 'postgres' && event.host === 'node1' && event.at >= micros(21.6) && event.at < micros(22.3)),
    )
    const died = at(21.61, {kind: 'container', host: 'node1', action: 'die', exitCode: 137})
    const clock = (seconds: number, offsetMicros: number) =>
      at(seconds, {kind: 'clock', who: 'engine', offsetMicros, uncertaintyMicros: 500})
    expect(judge(historyOf([...unasked, died])).verdict).toBe('pass')
    const set = judge(historyOf([...unasked, clock(-5, 0), died, clock(23, 5_000_000)]))
    expect(set).toMatchObject({verdict: 'unknown', says: expect.stringContaining('the margin is somewhere from')})
  })

  test('on a machine so late that the key may have gone before the watchdog fired, nothing can be told', () => {
    const starved = at(19.9, {kind: 'watching', who: 'runner', samples: 1, failures: 0, worstMicros: 6_000_000})
    const found = judge(historyOf([...orphan({until: 14.6, fired: 14.6}), starved]))
    expect(found).toMatchObject({verdict: 'unknown', says: expect.stringContaining('that is known to 6.00 s only')})
  })

  test('nobody saw the key expire, nobody took over, or no fault: unknown', () => {
    const reset = orphan({until: 14.6, fired: 14.6})
    const noNewPrimary = reset.filter(
      event => !(event.kind === 'postgres' && event.host === 'node2' && event.inRecovery === false),
    )
    expect(judge(historyOf(noNewPrimary)).verdict).toBe('unknown')
    expect(judge(historyOf(reset.filter(event => event.kind !== 'leader-key'))).verdict).toBe('unknown')
    expect(judge(historyOf(reset.filter(event => event.kind !== 'fault-injecting'))).verdict).toBe('unknown')
    expect(judge(historyOf([])).verdict).toBe('unknown')
  })
})
