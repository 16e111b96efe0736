/** `watch` where there is no screen, or where boxes would lock a screen reader out: a line for whatever happens. */
import type {Lab, Watched, WatchOptions} from '../../lab/index.ts'
import {watchLab} from '../../lab/index.ts'
import {onInterrupt} from '../interrupt.ts'
import {print} from '../output.ts'
import {PlainLines} from './plain-lines.ts'

const lookEveryMs = 500

/** Until a signal. */
export async function watchPlainly(lab: Lab, options: WatchOptions): Promise<void> {
  const lines = new PlainLines(line => print(line))
  using interrupt = onInterrupt({first: 'leaving ...', second: 'once more leaves at once'})
  const {promise: over, resolve} = Promise.withResolvers<void>()
  if (interrupt.signal.aborted) resolve()
  interrupt.signal.addEventListener('abort', () => resolve(), {once: true})
  let watching: Watched | undefined
  const now = () => watching?.now() ?? 0
  await using watched = await watchLab(
    lab,
    {
      event: event => lines.event(event),
      quorum: quorum => lines.quorum(quorum, now()),
      load: told => lines.load(told, now()),
    },
    options,
  )
  watching = watched
  const looking = setInterval(() => lines.look(now()), lookEveryMs)
  try {
    await over
  } finally {
    clearInterval(looking)
  }
}
