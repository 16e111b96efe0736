/** Several engines that a lab lies on: whether they are one swarm, and the network and images that they have in common. */
import type {HostName} from '../topology/topology.ts'
import {networkName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, quoted, Steps, shell} from '../words/next-step.ts'
import type {Docker, Membership, Overlay, Several} from './docker.ts'
import {copyImages} from './stack.ts'

/** What is wrong with one of a lab's engines: whoever knows where that is written says the place. */
export class EngineAmiss extends LabError {
  readonly engine: string

  constructor(engine: string, {code, message, next: hint}: LabError, cause?: unknown) {
    super(code, message, {cause, hint})
    this.engine = engine
  }
}

/** What a person replaces: at which address the other machines reach one is known to nobody here. */
const address = 'ITS-ADDRESS'
const usualPort = 2377

export class OneSwarm implements Several {
  readonly engines: readonly Docker[]
  readonly of: (host: HostName) => Docker

  readonly #without: (absent: ReadonlySet<string>) => Docker

  /** @param without the same lab's, as one, without the engines of these names. */
  constructor(
    byName: ReadonlyMap<string, Docker>,
    of: (host: HostName) => Docker,
    without: (absent: ReadonlySet<string>) => Docker,
  ) {
    this.engines = [...byName.values()]
    this.of = of
    this.#without = without
  }

  async reachable(): ReturnType<Several['reachable']> {
    const asked = await Promise.all(
      this.engines.map(async engine => {
        try {
          await engine.version()
          return null
        } catch (error) {
          if (error instanceof LabError) return {engine: engine.name, error}
          throw error
        }
      }),
    )
    const absent = asked.filter(one => one !== null)
    if (absent.length === this.engines.length && absent[0] !== undefined) throw absent[0].error
    return {docker: this.#without(new Set(absent.map(one => one.engine))), absent}
  }

  async mustBeOneSwarm(): Promise<void> {
    await this.#manager()
  }

  async shareImages(...[images, signal, step]: Parameters<Several['shareImages']>): Promise<void> {
    const [first, ...others] = this.engines
    if (first === undefined) return
    const idsOn = (engine: Docker) => Promise.all(images.map(async one => (await engine.image(one))?.id))
    const ids = await idsOn(first)
    for (const engine of others) {
      const there = await idsOn(engine)
      const lacking = images.filter((_, index) => there[index] !== ids[index])
      if (lacking.length > 0)
        await step(engine.name, () => copyImages(first.environment, engine.environment, lacking, signal))
    }
  }

  async makeNetwork(lab: string, network: Omit<Overlay, 'name'>, image: string): Promise<AsyncDisposable> {
    const {engine: manager} = await this.#manager()
    const name = networkName(lab)
    await manager.makeOverlay(lab, {...network, name})
    await using held = new AsyncDisposableStack()
    for (const engine of this.engines)
      if (engine !== manager) held.use(await engine.holdNetwork(lab, {name, owner: network.owner, image}))
    return held.move()
  }

  /** One of them that manages the swarm which all are in. @throws EngineAmiss */
  async #manager(): Promise<Member> {
    const members = await Promise.all(this.engines.map(memberOf))
    const twice = members.find(({engineId}, index) => members.findIndex(one => one.engineId === engineId) < index)
    if (twice !== undefined) {
      const other = members.find(one => one.engineId === twice.engineId && one !== twice)
      throw amiss(twice, 'config', `is the same engine as ${other?.engine.name}`, 'name it by one name')
    }
    const manager = members.find(one => one.isManager)
    if (manager === undefined) throw noManager(members)
    const ready = await manager.engine.readyNodes()
    const outside = members.find(({nodeId}) => nodeId === null || !ready.has(nodeId))
    if (outside === undefined) return manager
    throw strayed(
      outside,
      manager,
      members.filter(({nodeId}) => nodeId === null),
    )
  }
}

interface Member extends Membership {
  readonly engine: Docker
}

async function memberOf(engine: Docker): Promise<Member> {
  try {
    return {engine, ...(await engine.membership())}
  } catch (error) {
    if (error instanceof LabError) throw new EngineAmiss(engine.name, error, error)
    throw error
  }
}

function amiss({engine}: Member, code: 'config' | 'engine', says: string, hint: Hint): EngineAmiss {
  return new EngineAmiss(engine.name, new LabError(code, `${engine.name} ${says}`, {hint}))
}

function noManager(members: readonly Member[]): EngineAmiss {
  const inOne = members.find(({nodeId}) => nodeId !== null)
  if (inOne !== undefined)
    return amiss(
      inOne,
      'engine',
      'is in a swarm, but none of these engines is a manager of it, and a manager makes the network',
      next`on a manager of that swarm: ${shell(`docker node promote ${inOne.nodeId}`)}`,
    )
  const [first, ...others] = members
  return amiss(
    first!,
    'engine',
    'is in no swarm, and a lab on several engines needs them in one',
    next`with the address at which the other machines reach it: ${shell(`docker ${at(first!)} swarm init --advertise-addr ${address}`)} ${joining(others, first!)}`,
  )
}

function strayed(outside: Member, manager: Member, strangers: readonly Member[]): EngineAmiss {
  if (outside.nodeId === null)
    return amiss(outside, 'engine', `is not in the swarm of ${manager.engine.name}`, joining(strangers, manager))
  return amiss(
    outside,
    'engine',
    `is in another swarm than ${manager.engine.name}, or that one does not see it right now`,
    next`to see which nodes it sees: ${shell(`docker ${at(manager)} node ls`)} to bring this one in: ${shell(`docker ${at(outside)} swarm leave`)} ${joining([outside], manager)}`,
  )
}

/** For the docker command. */
function at({engine: {name}}: Member): string {
  return name.includes('://') ? `-H ${quoted(name)}` : `--context ${quoted(name)}`
}

function joining(strangers: readonly Member[], manager: Member): Steps {
  const where = manager.managerAddress ?? `${address}:${usualPort}`
  return new Steps(
    strangers.map(one =>
      shell(`docker ${at(one)} swarm join --token "$(docker ${at(manager)} swarm join-token -q worker)" ${where}`),
    ),
  )
}
