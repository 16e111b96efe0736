/** `watch` where there is no screen, or where boxes would lock a screen reader out: a line for whatever happens. */
import type {Lab, WatchOptions} from '../../lab/index.ts'
import {onInterrupt} from '../interrupt.ts'
import {print} from '../output.ts'
import {NamedWatch} from './named-watch.ts'
import {PlainLines} from './plain-lines.ts'

const lookEveryMs = 500

/** Until a signal, whose exit code it has. */
export async function watchPlainly(lab: Lab, options: WatchOptions): Promise<void> {
  let lines = new PlainLines(line => print(line))
  using interrupt = onInterrupt({first: 'leaving ...', second: 'once more leaves at once'})
  const {promise: over, resolve} = Promise.withResolvers<void>()
  if (interrupt.signal.aborted) resolve()
  interrupt.signal.addEventListener('abort', () => resolve(), {once: true})
  const now = () => named.watched?.now() ?? 0
  await using named = new NamedWatch(
    lab,
    {
      event: event => lines.event(event),
      quorum: quorum => lines.quorum(quorum, now()),
      load: told => lines.load(told, now()),
      gone: () => print(`lab ${lab.name} is gone; it is watched again as soon as it is up\n`),
      anew() {
        lines = new PlainLines(line => print(line))
        print(`lab ${lab.name} was raised anew; the time begins with it\n`)
      },
    },
    options,
  )
  await named.begin()
  const looking = setInterval(() => {
    named.look()
    lines.look(now())
  }, lookEveryMs)
  try {
    await over
  } finally {
    clearInterval(looking)
    process.exitCode = interrupt.code()
  }
}
