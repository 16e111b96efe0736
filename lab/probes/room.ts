/** How much room the engine's disk has. A full one is told by no log: that lies on the same disk. */
import {openObserverShell, type Shell} from '../cluster/shell.ts'
import {every} from './every.ts'
import type {Probe} from './probe.ts'
import {Watching} from './watching.ts'

const periodMs = 1000
/** A segment of WAL, the least that PostgreSQL takes at once: with less free, a server that needs the next one ends in a PANIC. */
export const leastBytes = 16 * 1024 * 1024

/** The observer has no volume: its root lies where the engine keeps containers, with their logs and the volumes of the hosts. */
const question = "stat -f -c '%a %S' /"

/** Asks once a second; an event when it falls below `leastBytes`, and when it is back. */
export const room: Probe = {
  name: 'room',
  async run(on) {
    using watching = new Watching(on, 'room')
    let shell: Shell | undefined
    let full = false
    const hangUp = async () => {
      await shell?.[Symbol.asyncDispose]()
      shell = undefined
    }
    on.signal.addEventListener('abort', hangUp, {once: true})
    await every(periodMs, on, async () => {
      let freeBytes: number
      try {
        shell ??= await openObserverShell(on.lab)
        freeBytes = parseRoom(await shell.run(question))
      } catch {
        await hangUp() // the engine or the observer is away: nobody has looked, and it is asked again
        return
      }
      watching.sample(true)
      if (freeBytes < leastBytes === full) return
      full = !full
      on.record({kind: 'room', freeBytes, full})
    })
    await hangUp()
  },
}

/** Blocks that anybody but root may still take, and how many bytes each has. @throws Error for anything else. */
export function parseRoom(printed: string): number {
  const match = /^(\d+) (\d+)$/.exec(printed.trim())
  if (match === null) throw new Error(`\`stat -f\` printed ${printed}`)
  return Number(match[1]) * Number(match[2])
}
