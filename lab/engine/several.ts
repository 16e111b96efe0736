/** The engines of one lab as one: each is asked and changed about what lies on it, and what they say is told as if one had said it. */
import type Dockerode from 'dockerode'
import {engineNameOf, engineNames} from '../topology/engines.ts'
import {type HostName, type Owner, observerName, type Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import type {Belonging, ContainerState, Removed} from './docker.ts'
import {Docker, type Several} from './docker.ts'
import {type EngineLimits, engineLimits} from './engine-limits.ts'
import {EngineAmiss, OneSwarm} from './one-swarm.ts'
import type {Compose} from './stack.ts'

type Spread = Pick<Topology, 'engines' | 'hosts'>

/** The way to an engine by its name; a test has others. */
type Way = (name: string) => string | Dockerode

/**
 * Whatever is not about a host is asked of the first engine: its clock, the observer, programs, what is tried out. What happens to a
 * host is done by the engine that has it (`several.of`). Errors of one that does not answer begin with its name.
 */
export class SeveralEngines extends Docker {
  override readonly several: Several
  override readonly compose: Compose
  readonly #all: readonly Docker[]
  readonly #isPart: boolean

  /** @param isPart of a lab's engines: the others do not answer. @throws EngineAmiss as `Docker`; TypeError for a topology that names no engines */
  constructor(topology: Spread, limits: EngineLimits = engineLimits(), way: Way = name => name, isPart = false) {
    const names = engineNames(topology) ?? []
    const [first] = names
    if (first === undefined) throw new TypeError('this topology names no engines')
    const byName = new Map(names.map(name => [name, found(name, () => new Docker(way(name), limits, name))] as const))
    super(way(first), limits, first)
    const of = (host: HostName): Docker => {
      const engine = byName.get(engineNameOf(topology, host) ?? '')
      if (engine === undefined) throw new TypeError(`no engine has ${host}`)
      return engine
    }
    this.#all = [...byName.values()]
    this.#isPart = isPart
    this.several = new OneSwarm(byName, of, absent =>
      absent.size === 0 ? this : new SeveralEngines(withoutEngines(topology, absent), limits, way, true),
    )
    const services = [...topology.hosts.map(one => one.name), observerName]
    this.compose = {
      reads: this.#all[0]!.compose.reads,
      up: async (file, signal, withinMs, asked = services) => {
        const up = this.#all.map(engine => ({engine, own: asked.filter(one => of(one) === engine)}))
        await Promise.all(
          up.flatMap(({engine, own}) => {
            const text = file.parts?.get(engine.name) ?? file.text
            return own.length === 0 ? [] : [engine.compose.up({...file, text}, signal, withinMs, own)]
          }),
        )
      },
    }
  }

  /** Published ports are those of each host's own engine: from here only the observer reaches all of them. */
  override get elsewhere(): boolean {
    return true
  }

  override heed(signal: AbortSignal): void {
    for (const engine of this.#all) engine.heed(signal)
  }

  override answering(signal?: AbortSignal): Disposable & {readonly signal: AbortSignal} {
    const each = this.#all.map(engine => engine.answering(signal))
    return {
      signal: AbortSignal.any(each.map(one => one.signal)),
      [Symbol.dispose]: () => {
        for (const one of each) one[Symbol.dispose]()
      },
    }
  }

  /** Of the first; all of them have to answer. */
  override async version(withinMs?: number): Promise<string> {
    const [first = ''] = await Promise.all(this.#all.map(engine => engine.version(withinMs)))
    return first
  }

  override async containers(lab?: string): Promise<ContainerState[]> {
    return (await Promise.all(this.#all.map(engine => engine.containers(lab)))).flat()
  }

  override container(lab: string, host: HostName): Promise<ContainerState> {
    return this.several.of(host).container(lab, host)
  }

  override async subnets(): Promise<string[]> {
    return (await Promise.all(this.#all.map(engine => engine.subnets()))).flat()
  }

  override async belongings(lab?: string): Promise<Belonging[]> {
    const all = (await Promise.all(this.#all.map(engine => engine.belongings(lab)))).flat()
    // Every manager of the swarm knows the one network.
    const ids = new Set<string>()
    return all.filter(({kind, id}) => kind !== 'network' || (!ids.has(id) && ids.add(id)))
  }

  override async remove(belongings: readonly Belonging[], evenRunning: boolean): Promise<Removed> {
    const parts = await Promise.all(this.#all.map(async engine => ({engine, own: await presentOn(engine, belongings)})))
    const remove = (ofKind: (kind: Belonging['kind']) => boolean) =>
      Promise.all(
        parts.map(({engine, own}) =>
          engine.remove(
            own.filter(one => ofKind(one.kind)),
            evenRunning,
          ),
        ),
      )
    const count = (kind: Belonging['kind']) => belongings.filter(one => one.kind === kind).length
    await remove(kind => kind !== 'network')
    const removed = {containers: count('container'), networks: count('network'), volumes: count('volume')}
    try {
      await remove(kind => kind === 'network') // nothing on any engine may be in it by then
    } catch (error) {
      // To the swarm what is on the others is in it still.
      if (!this.#isPart || !(error instanceof LabError)) throw error
      return {...removed, networks: 0}
    }
    return removed
  }

  /** On each, or on none: one that is another's is told. */
  override async claim(lab: string, owner: Owner): Promise<Belonging> {
    const held = await Promise.all(this.#all.map(async engine => ({engine, claim: await engine.claim(lab, owner)})))
    const isOurs = ({claim}: (typeof held)[number]) => claim.owner === owner.id && claim.home === owner.home
    const other = held.find(one => !isOurs(one))
    if (other !== undefined)
      await Promise.all(held.filter(isOurs).map(({engine, claim}) => engine.remove([claim], false)))
    return (other ?? held[0]!).claim
  }

  override async leftovers(lab: string): Promise<Removed> {
    const all = await this.belongings(lab)
    const count = (kind: Belonging['kind']) => all.filter(one => one.kind === kind).length
    return {containers: count('container'), networks: count('network'), volumes: count('volume')}
  }
}

function withoutEngines({engines = {}, hosts}: Spread, absent: ReadonlySet<string>): Spread {
  return {hosts, engines: Object.fromEntries(Object.entries(engines).filter(([, name]) => !absent.has(name)))}
}

function found(name: string, engine: () => Docker): Docker {
  try {
    return engine()
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    throw new EngineAmiss(name, error, error)
  }
}

/** What of these an engine has: another's of the same name is none of them. */
async function presentOn(engine: Docker, belongings: readonly Belonging[]): Promise<readonly Belonging[]> {
  const labs = [...new Set(belongings.map(one => one.lab))]
  const there = (await Promise.all(labs.map(lab => engine.belongings(lab)))).flat()
  return belongings.filter(one =>
    there.some(other => other.kind === one.kind && other.id === one.id && other.owner === one.owner),
  )
}
