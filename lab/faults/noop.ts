/**
 * Does nothing, and looks whether that is so. For the dry run of a scenario, of which all else is real: selectors, clients, probes,
 * checks. And the template for the next fault: docs/how/add-a-unit.md goes through it.
 */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {Shells} from '../breaking/paths.ts'
import type {Seen} from '../breaking/prove.ts'
import type {HostName} from '../topology/topology.ts'

export const noop: Fault<Record<string, never>> = {
  area: 'nothing',
  about: 'Does nothing to the hosts of `on`: for a dry run of a scenario',
  neverDrawn: 'it breaks nothing, and a storm is there to break something',
  params: z.strictObject({}),
  strikes: () => ({struck: []}),

  async inject(on) {
    // Open before the blow: what comes is felt by them, and a shell that takes its time to open delays nothing.
    await using shells = await Shells.open(on.lab, on.hosts)
    // What `heal` would mend on each host.
    const look = () => shells.run(() => 'whats-broken')
    const before = await look()
    // A fault that leaves something calls `on.mend(undo, still)` for each host here, before it breaks anything: how it is undone, and
    // how it is seen that nobody else has done so (`lab/breaking/lasting.ts`).
    await on.broke(async () => {})
    const {holds, says} = judgeSame(before, await look())
    on.proof(holds, says)
  },
}

type Printed = ReadonlyMap<HostName, string>

export function judgeSame(before: Printed, after: Printed): Seen {
  const changed = [...before.keys()].filter(host => after.get(host) !== before.get(host))
  return {
    holds: changed.length === 0,
    says:
      changed.length === 0
        ? `nothing has changed on ${[...before.keys()].join(', ')}`
        : `meanwhile something else was broken or mended on ${changed.join(', ')}`,
  }
}
