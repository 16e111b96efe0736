/** `watch` where there is no screen, or where boxes would lock a screen reader out: a line for whatever happens. */
import type {Event, Lab, WatchOptions} from '../../lab/index.ts'
import {watchLab} from '../../lab/index.ts'
import {printable} from '../../lab/inside/start.ts'
import {onInterrupt} from '../interrupt.ts'
import {print} from '../output.ts'
import {plainRun} from '../ui/plain.ts'
import {sayLoad} from '../ui/say-load.ts'

/** Until a signal. */
export async function watchPlainly(lab: Lab, options: WatchOptions): Promise<void> {
  const listeners = new Set<(event: Event) => void>()
  plainRun(line => print(line), {
    events: [],
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  using interrupt = onInterrupt({first: 'leaving ...', second: 'once more leaves at once'})
  const {promise: over, resolve} = Promise.withResolvers<void>()
  if (interrupt.signal.aborted) resolve()
  interrupt.signal.addEventListener('abort', () => resolve(), {once: true})
  const beganMs = performance.now()
  const line = (says: string) => print(`[+${((performance.now() - beganMs) / 1000).toFixed(2)} s] ${printable(says)}\n`)
  await using watched = await watchLab(
    lab,
    {
      event: event => {
        for (const listener of listeners) listener(event)
      },
      load: told => line(sayLoad(told)),
    },
    options,
  )
  void watched
  await over
}
