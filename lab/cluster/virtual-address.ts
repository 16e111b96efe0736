/** Who has the virtual address: each host is asked for its own addresses, since whoever asks the network hears one answer of two. */
import type {Lab} from '../engine/lab.ts'
import {virtualAddress} from '../topology/keepalived.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'

/** What it prints is empty where the host has it not. */
export function questionFor(lab: Pick<Lab, 'allocation'>): readonly string[] {
  return ['ip', '-o', '-4', 'address', 'show', 'to', virtualAddress(lab.allocation)]
}

/** All hosts that have it right now; one that is down or frozen has nothing. */
export async function holdersOf(lab: Lab): Promise<readonly HostName[]> {
  const asked = hostsWith(lab.topology, 'keepalived').map(async host => {
    const {id, state} = await lab.container(host)
    if (state !== 'running') return []
    const {code, out} = await lab.engineOf(host).run(id, [...questionFor(lab)])
    return code === 0 && out.trim() !== '' ? [host] : []
  })
  return (await Promise.all(asked.map(one => one.catch(() => [])))).flat()
}
