/**
 * The network cable of a host is pulled: `docker network disconnect`. Not a partition: the interface goes with all its addresses,
 * programs on the host get "network is unreachable" at once, and the ports published for the runner are closed too, so that
 * whoever watches from outside sees nothing of the host. `partition` is what loses packets.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {stillSo} from '../breaking/lasting.ts'
import {Shells} from '../breaking/paths.ts'
import {strikeOn} from '../breaking/strike.ts'
import type {Lab} from '../engine/lab.ts'
import type {HostName} from '../topology/topology.ts'

const effectWithinMs = 2000

export const unplug: Fault<Record<string, never>> = {
  area: 'the network',
  about:
    'The network cable of a host is pulled: its interface is gone, both for the host and for everybody who watches it',
  neverDrawn: 'the probes lose the host as well; `partition` does the same and leaves it visible',
  params: z.strictObject({}),
  needs: () => ['network-disconnect'],
  limitMs: () => null,
  strikes: (_, {on, topology}) => ({
    ...strikeOn(on, 'isolated'),
    cut: on.map(host => ({
      ...{host, service: null, ways: 'both'},
      from: topology.hosts.map(one => one.name).filter(one => one !== host),
    })),
  }),

  async inject(on) {
    const {lab, hosts, mend, broke, proof, signal} = on
    await using shells = await Shells.open(lab, hosts)
    const containers = await Promise.all(hosts.map(host => lab.container(host)))
    const before = await addressed(lab, shells)
    for (const host of hosts) {
      await mend(
        {do: 'plug-in', host},
        stillSo(host, ({plugged}) => !plugged, "is in the lab's network"),
      )
      // The engine keeps a container unplugged when it restarts.
      on.again(host, async () => {
        const {id} = await lab.container(host)
        const engine = lab.engineOf(host)
        if ((await engine.condition(id, lab.name)).plugged) await engine.disconnect(id, lab.name)
      })
    }
    await broke(() => Promise.all(containers.map(({host, id}) => lab.engineOf(host).disconnect(id, lab.name))))

    const deadline = performance.now() + effectWithinMs
    let still = await addressed(lab, shells)
    while (still.length > 0 && performance.now() < deadline && !signal.aborted) {
      await sleep(20)
      still = await addressed(lab, shells)
    }
    const had = before.length === hosts.length
    proof(
      had && still.length === 0,
      !had
        ? `${hosts.filter(host => !before.includes(host)).join(', ')} had no address in the lab's network before`
        : still.length > 0
          ? `${still.join(', ')} still has its address`
          : `${hosts.join(', ')} has no address in the lab's network any more`,
    )
  },
}

/** The hosts that have their own address on one of their interfaces. */
async function addressed(lab: Lab, shells: Shells): Promise<readonly HostName[]> {
  const printed = await shells.run(() => 'ip -o -4 address show')
  return [...printed].filter(([host, out]) => out.includes(` ${lab.allocation.addresses[host]}/`)).map(([host]) => host)
}
