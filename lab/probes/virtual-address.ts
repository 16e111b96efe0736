/** Which host has the virtual address, by its own word: two may have it at once. */
import {openShell, type Shell} from '../cluster/shell.ts'
import {questionFor} from '../cluster/virtual-address.ts'
import {unlooked} from '../history/looks.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {every} from './every.ts'
import type {Probe, ProbeSite} from './probe.ts'
import {Watching} from './watching.ts'

const periodMs = 100

/** Asks each host with keepalived ten times a second, in a shell of its own; an event at first, and whenever its answer changes. */
export const virtualAddress: Probe = {
  name: 'address',
  async run(on) {
    await Promise.all(hostsWith(on.lab.topology, 'keepalived').map(host => watch(on, host)))
  },
}

async function watch(on: ProbeSite, host: HostName): Promise<void> {
  using watching = new Watching(on, 'address', host)
  const question = questionFor(on.lab).join(' ')
  let shell: Shell | undefined
  let known: boolean | undefined
  const hangUp = async () => {
    await shell?.[Symbol.asyncDispose]()
    shell = undefined
  }
  on.signal.addEventListener('abort', hangUp, {once: true})
  await every(periodMs, on, async () => {
    let held: boolean
    try {
      shell ??= await openShell(on.lab, host)
      held = (await shell.run(question)).trim() !== ''
    } catch {
      known = undefined // it is down, or the engine is away: nobody has looked, and what stands then is told again
      await hangUp()
      return
    }
    if (on.signal.aborted) return
    if (watching.sample(true) > unlooked) known = undefined
    if (known === held) return
    known = held
    on.record({kind: 'virtual-address', host, held})
  })
  await hangUp()
}
