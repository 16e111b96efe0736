/** One lab over several Docker engines, such as those of several machines: which host lies on which. */
import {z} from 'zod'
import {anEngine, isEngineName} from '../words/engine-name.ts'
import {name} from '../words/schemas.ts'
import type {HostName, Topology} from './topology.ts'

/** As `chaos --engines` takes one. */
const engine = z.string({error: `an engine is ${anEngine}`}).refine(isEngineName, `an engine is ${anEngine}`)

/** What a lab.yaml says: by host, the engine that has it. */
export const enginesSetting = z.record(name('host'), engine, {
  error: '`engines` is a mapping of hosts, each with its Docker engine',
})

/** As a file of ours has them. */
export const enginesSchema = z.record(z.string(), engine)
/** In the order in which they are written: the first one has all that is not named. */
export type Engines = Readonly<Record<HostName, string>>

interface Layer {
  readonly engines?: Engines | undefined
}

/** Later layers win, host by host. */
export function enginesOf(layers: readonly Layer[]): Pick<Topology, 'engines'> {
  const all: Engines = Object.assign({}, ...layers.map(({engines}) => engines))
  return Object.keys(all).length === 0 ? {} : {engines: all}
}

/** Each engine of a lab once, the first of them first; undefined: the lab lies on one, which the topology does not say. */
export function engineNames({engines}: Pick<Topology, 'engines'>): readonly string[] | undefined {
  return engines === undefined ? undefined : [...new Set(Object.values(engines))]
}

/** Which engine has a host; of what is no host (the observer, a program) the first. undefined as of `engineNames`. */
export function engineNameOf(topology: Pick<Topology, 'engines'>, host: HostName): string | undefined {
  const {engines} = topology
  if (engines === undefined) return undefined
  return Object.hasOwn(engines, host) ? engines[host] : engineNames(topology)?.[0]
}

/** Hosts that are not there, engines that are one, and what Docker's overlay network cannot carry. */
export function engineMistakes(topology: Topology) {
  const {engines, hosts, network} = topology
  if (engines === undefined) return []
  const stranger = Object.keys(engines).filter(name => !hosts.some(one => one.name === name))
  const strangers = stranger.map(name => ({
    path: ['engines', name],
    says: `${name} is no host of this lab, which has ${hosts.map(one => one.name).join(', ')}`,
  }))
  const [first = '', ...others] = engineNames(topology) ?? []
  const alone =
    others.length > 0
      ? []
      : [
          {
            path: ['engines'],
            says: `all hosts would lie on ${first}: a lab that is whole on one engine is raised there without this`,
            hint: 'name a second engine; or leave `engines` out, and say DOCKER_CONTEXT or DOCKER_HOST',
          },
        ]
  const internal =
    network === undefined
      ? []
      : [
          {
            path: ['network'],
            beside: [['engines']],
            says: 'the network over several engines cannot be internal: Docker has no overlay that publishes ports and leads nowhere else',
          },
        ]
  const shared = hosts.find(({services}) => services.includes('keepalived'))
  const address =
    shared === undefined
      ? []
      : [
          {
            path: ['hosts', shared.name],
            beside: [['engines']],
            says: "an overlay network knows the addresses that Docker gave and no others, so keepalived's would lead nowhere",
          },
        ]
  return [...strangers, ...alone, ...internal, ...address]
}
