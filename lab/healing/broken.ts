/** What is broken in a lab as the engine, the kernels of its hosts and Patroni show it, whatever the journal says. */

import type {Lab} from '../engine/lab.ts'
import type {Mend} from '../history/event.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'

/** One mend for each thing that is broken; hosts first, because inside a host that is down nothing can be mended. */
export async function broken(lab: Lab): Promise<Mend[]> {
  const containers = await lab.docker.containers(lab.name)
  const hosts = await Promise.all(containers.map(one => lab.docker.condition(one.id, lab.name)))
  const ofHosts = containers.flatMap((one, index): Mend[] => {
    const {paused, running, plugged, cpuLimited} = hosts[index]!
    return [
      ...(running ? [] : [{do: 'start-host', host: one.host} as const]),
      ...(paused ? [{do: 'unpause-host', host: one.host} as const] : []),
      ...(plugged ? [] : [{do: 'plug-in', host: one.host} as const]),
      ...(cpuLimited ? [{do: 'lift-cpu-limit', host: one.host} as const] : []),
    ]
  })
  // No fault leaves anything inside the clients' host, which has none of the hosts' tools.
  const clients = hostsWith(lab.topology, 'client')
  const alive = containers.filter(
    ({host}, index) => hosts[index]!.running && !hosts[index]!.paused && !clients.includes(host),
  )
  const inside = await Promise.all(
    alive.map(async ({id, host}) => {
      const {out, code, err} = await lab.docker.run(id, ['whats-broken'])
      if (code !== 0)
        throw new LabError('engine', `${host} cannot tell what is broken: ${err.trim() || `exit code ${code}`}`, {
          hint: onLab(lab.name, 'down'),
        })
      return out.split('\n').flatMap(line => signOf(host, line))
    }),
  )
  const [programs, observer] = await Promise.all([lab.docker.programs(lab.name), lab.docker.observer(lab.name)])
  return [
    // First: without it nothing in the lab can be asked.
    ...(observer?.state === 'running' ? [] : [{do: 'start-observer', host: null} as const]),
    ...ofHosts,
    ...inside.flat(),
    ...programs.map(({program}) => ({do: 'remove-program', host: null, program}) as const),
    ...(await maintenance(lab)),
  ]
}

/**
 * What nobody will mend by himself. A program's container is no leftover while the run that started it goes on; what a fault has
 * broken is broken all the same, and is mended by that run.
 */
export function leftover(signs: readonly Mend[], inUse: boolean): Mend[] {
  return signs.filter(sign => !(inUse && sign.do === 'remove-program'))
}

/** A line of images/host/bin/whats-broken. */
export function signOf(host: HostName, line: string): Mend[] {
  const [sign, name = ''] = line.trim().split(' ')
  switch (sign) {
    case 'stopped':
      return [{do: 'resume-processes', host}]
    case 'down':
      return [{do: 'start-service', host, service: name}]
    case 'cut':
      return [{do: 'open-network', host, cut: name}]
    case 'slow':
      return [{do: 'unslow-network', host}]
    case 'filled':
      return [{do: 'free-disk', host}]
    case 'clock':
      return [{do: 'set-clock', host}]
    case 'tags':
      return [{do: 'reset-tags', host}]
    case 'load':
      return [{do: 'end-load', host}]
    case 'replay':
      return [{do: 'resume-replay', host}]
    default:
      return []
  }
}

/** Maintenance mode outlives everything, and nothing fails over in it. */
async function maintenance(lab: Lab): Promise<Mend[]> {
  for (const host of hostsWith(lab.topology, 'patroni')) {
    try {
      const {code, body} = await lab.ask(host, 'patroni', '/config', {withinMs: 1000})
      if (code !== 200) continue
      const {pause} = JSON.parse(body) as {pause?: boolean}
      return pause === true ? [{do: 'set-config', host: null, config: {pause: null}}] : []
    } catch {
      // down or frozen: another member has the same configuration
    }
  }
  return []
}
