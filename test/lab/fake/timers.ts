/**
 * Instead of `node:timers/promises`, whose timers vitest does not replace: waits that go by the global `setTimeout`, and so by the
 * virtual clock. A test file says `vi.mock('node:timers/promises', () => import('../fake/timers.ts'))`.
 */

export function setTimeout<T>(ms = 0, value?: T, {signal}: {signal?: AbortSignal} = {}): Promise<T | undefined> {
  const {promise, resolve, reject} = Promise.withResolvers<T | undefined>()
  const abort = () => {
    clearTimeout(timer)
    reject(new DOMException('The operation was aborted', 'AbortError'))
  }
  const timer = globalThis.setTimeout(() => {
    signal?.removeEventListener('abort', abort)
    resolve(value)
  }, ms)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, {once: true})
  return promise
}
