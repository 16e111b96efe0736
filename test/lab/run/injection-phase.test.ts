import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import type {InjectionPhase} from '../../../lab/history/scenario-values.ts'
import {type Growing, untilInjectionPhase} from '../../../lab/run/injection-phase.ts'

// Fake timers do not reach Node's own promises of them.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms)),
}))
beforeEach(() => vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance']}))
afterEach(() => vi.useRealTimers())

const loopWaitMicros = 2_000_000
const refresh = (at: number): Event => ({
  at,
  kind: 'status-key',
  scope: 'pgha',
  optime: at,
  revision: at,
  term: 1,
  told: 'node1',
})

/** A leader that refreshes every two seconds from 0.5 s on. */
function growing(): Growing & {stop(): void} {
  const listeners = new Set<(event: Event) => void>()
  const zero = performance.now()
  const events: Event[] = []
  const now = () => Math.round((performance.now() - zero) * 1000)
  let stopped = false
  const tick = () => {
    if (stopped) return
    const event = refresh(now())
    events.push(event)
    for (const listener of listeners) listener(event)
    setTimeout(tick, 2000)
  }
  setTimeout(tick, 500)
  return {
    events,
    now,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop: () => (stopped = true),
  }
}

async function moment(phase: InjectionPhase, random = 0.25) {
  const history = growing()
  const done = untilInjectionPhase(phase, {history, loopWaitMicros, signal: new AbortController().signal}, () => random)
  const at = done.then(says => ({at: history.now(), says}))
  await vi.advanceTimersByTimeAsync(10_000)
  return at
}

test('just after a refresh is when the refresh is told', async () => {
  expect(await moment('just-after-refresh')).toEqual({
    at: 500_000,
    says: 'injection phase just-after-refresh: the lease was refreshed 0.00 s ago',
  })
})

test('just before is 0.3 s before the next refresh is due', async () => {
  expect((await moment('just-before')).at).toBe(2_200_000)
})

test('random is anywhere in a loop', async () => {
  expect((await moment('random', 0)).at).toBe(500_000)
  expect((await moment('random', 0.25)).at).toBe(1_000_000)
  expect((await moment('random', 0.999)).at).toBe(2_498_000)
})

test('where no refresh is seen, no moment is made up', async () => {
  const history = growing()
  history.stop()
  const done = untilInjectionPhase('random', {history, loopWaitMicros, signal: new AbortController().signal})
  const told = expect(done).rejects.toMatchObject({code: 'timeout', hint: expect.stringContaining('leave out --phase')})
  await vi.advanceTimersByTimeAsync(9000)
  await told
})

test('an interrupted run waits for nothing', async () => {
  const controller = new AbortController()
  const done = untilInjectionPhase('just-before', {history: growing(), loopWaitMicros, signal: controller.signal})
  const told = expect(done).rejects.toThrow('stop')
  controller.abort(new Error('stop'))
  await told
  const again = untilInjectionPhase('just-before', {history: growing(), loopWaitMicros, signal: controller.signal})
  await expect(again).rejects.toThrow('stop')
})
