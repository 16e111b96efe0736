/**
 * An engine whose containers are objects of this process: all that the lab asks of one, and it behaves. A host that is stopped takes
 * its programs and connections along, one that is frozen keeps them and says nothing, one that is unplugged cannot be reached.
 */
import {PassThrough, type Readable} from 'node:stream'
import type {AgentConfig} from '../../../lab/clients/agent/protocol.ts'
import type {ExecOptions} from '../../../lab/engine/docker/exec.ts'
import {
  type Belonging,
  type Condition,
  type ContainerState,
  claimOf,
  type EngineEvent,
  type Removed,
  type Running,
} from '../../../lab/engine/docker.ts'
import {engineLimits} from '../../../lab/engine/engine-limits.ts'
import type {Compose} from '../../../lab/engine/stack.ts'
import type {RaiseEngine} from '../../../lab/run/raise.ts'
import type {HostName, Owner} from '../../../lab/topology/topology.ts'
import {LabError} from '../../../lab/words/errors.ts'
import type {FakeHost, Ran} from './host.ts'
import {images} from './images.ts'
import {FakeProgram, playAgent, playRelay, playShell} from './program.ts'
import {FakeReapers} from './reapers.ts'
import {FakeThrowaway} from './throwaway.ts'
import {porterId} from './volumes.ts'
import type {FakeWorld} from './world.ts'

/** What becomes of a call: nothing unusual, its own refusal, or no answer from now on. */
export type Hindrance = LabError | 'silent' | undefined

async function nobody(): Promise<never> {
  throw new TypeError('this engine has no Compose')
}

export class FakeEngine extends FakeReapers implements RaiseEngine, AsyncDisposable {
  readonly limits = engineLimits({})
  readonly name = 'default'
  readonly environment = {DOCKER_HOST: undefined, DOCKER_CONTEXT: 'default'}
  readonly elsewhere = false
  /** A `FakeCompose` puts itself here. */
  compose: Compose = {up: nobody, reads: nobody}
  /** Every call, e.g. `start node1`. */
  readonly asked: string[] = []
  /** What each agent was told to do. */
  readonly agentConfigs: AgentConfig[] = []
  /** Asked before each call. */
  hinder: (call: string) => Hindrance = () => undefined
  /** When it opens the ports of a host again that was unplugged. */
  restoresPorts: 'connect' | 'start' | 'never' = 'connect'
  /** Names of parameters that its PostgreSQL refuses. */
  readonly refusedParameters = new Set<string>()
  /** What a host's log has, but for the word that each has. */
  readonly saysInLog = new Map<HostName, readonly string[]>()
  /** Hosts in whose log a full disk has cut a record short. */
  readonly torn = new Set<HostName>()
  readonly #claims = new Map<string, Belonging>()
  readonly #running = new Set<FakeProgram>()
  readonly #inObserver = new Set<FakeProgram>()
  readonly #listeners = new Set<(event: EngineEvent) => void>()
  readonly #throwaways = new Map<string, FakeThrowaway>()
  world: FakeWorld | null = null
  #silent = false

  heed(): void {}

  answering(signal?: AbortSignal): Disposable & {readonly signal: AbortSignal} {
    return {signal: signal ?? new AbortController().signal, [Symbol.dispose]() {}}
  }

  async version(): Promise<string> {
    await this.call('version')
    return '26.1.5'
  }

  async clockMs(): Promise<number> {
    await this.call('clock')
    return Date.now()
  }

  async containers(lab?: string): Promise<ContainerState[]> {
    await this.call('containers')
    return this.#hosts(lab).map(host => this.#stateOf(host))
  }

  async container(lab: string, name: HostName): Promise<ContainerState> {
    await this.call(`container ${name}`)
    const host = this.#hosts(lab).find(one => one.name === name)
    if (host === undefined) throw new LabError('no-target', `host ${name} of lab ${lab} has no container`)
    return this.#stateOf(host)
  }

  async condition(id: string): Promise<Condition> {
    const host = this.#host(id)
    await this.call(`condition ${host.name}`)
    return {
      running: host.state !== 'exited',
      paused: host.state === 'paused',
      plugged: host.plugged,
      cpuLimited: host.cpus !== null,
      exitCode: host.exitCode,
      published: host.portsOpen && host.state !== 'exited' ? (this.world?.portsOf(host.name) ?? []) : [],
    }
  }

  async isRunning(id: string): Promise<boolean> {
    const throwaway = this.#throwaways.get(id)
    if (throwaway !== undefined) return !throwaway.frozen
    await this.call(`running? ${this.#host(id).name}`)
    return this.#host(id).state === 'running'
  }

  async kill(id: string): Promise<void> {
    const host = this.#host(id)
    await this.call(`kill ${host.name}`)
    if (host.state === 'exited') throw refused('killing a container', 'it is not running')
    this.#tell(host, 'kill')
    host.goDown(137)
    this.#tell(host, 'die', 137)
  }

  async start(id: string): Promise<void> {
    if (id === this.world?.observer?.id) {
      await this.call('start observer')
      this.world.observer.state = 'running'
      return
    }
    const host = this.#host(id)
    await this.call(`start ${host.name}`)
    if (host.state !== 'exited') return // as Docker: what runs, or is frozen, has been started
    host.comeUp()
    host.portsOpen = host.plugged && this.restoresPorts !== 'never'
    this.#tell(host, 'start')
  }

  async stop(id: string): Promise<void> {
    const program = this.programOf(id)
    if (program !== undefined) {
      await this.call(`stop program ${program.program}`)
      program.state = 'exited'
      return program.ended.resolve(143)
    }
    const host = this.#host(id)
    await this.call(`stop ${host.name}`)
    if (host.state === 'exited') return
    this.world?.cluster.release(host.name)
    this.#tell(host, 'kill')
    host.goDown(0)
    this.#tell(host, 'die', 0)
    this.#tell(host, 'stop')
  }

  async pause(id: string): Promise<void> {
    const throwaway = this.#throwaways.get(id)
    if (throwaway !== undefined) return throwaway.freeze(true)
    const host = this.#host(id)
    await this.call(`pause ${host.name}`)
    if (host.state !== 'running') throw refused('pausing a container', `it is ${host.state}`)
    host.state = 'paused'
    this.#tell(host, 'pause')
  }

  async unpause(id: string): Promise<void> {
    if (id === this.world?.observer?.id) {
      await this.call('unpause observer')
      this.world.observer.state = 'running'
      return
    }
    const throwaway = this.#throwaways.get(id)
    if (throwaway !== undefined) return throwaway.freeze(false)
    const host = this.#host(id)
    await this.call(`unpause ${host.name}`)
    if (host.state !== 'paused') throw refused('unpausing a container', 'it is not paused')
    host.state = 'running'
    this.#tell(host, 'unpause')
  }

  async limitCpus(id: string, cpus: number | null): Promise<void> {
    const throwaway = this.#throwaways.get(id)
    if (throwaway !== undefined) return throwaway.limit(cpus)
    await this.call(`limit ${this.#host(id).name}`)
    this.#host(id).cpus = cpus
  }

  async disconnect(id: string): Promise<void> {
    const host = this.#host(id)
    await this.call(`disconnect ${host.name}`)
    host.plugged = false
    host.portsOpen = false
  }

  async connect(id: string, _lab: string, address: string | undefined): Promise<void> {
    const host = this.#host(id)
    await this.call(`connect ${host.name} ${address}`)
    if (host.plugged) return
    host.plugged = true
    host.portsOpen = this.restoresPorts === 'connect'
  }

  async observer(lab: string): Promise<{readonly id: string; readonly state: string} | undefined> {
    await this.call('observer')
    const observer = this.world?.lab === lab ? this.world.observer : null
    return observer === null ? undefined : {...observer}
  }

  async exec(id: string, argv: readonly string[], _options?: ExecOptions): Promise<Running> {
    const {world} = this
    if (id === porterId) {
      await this.call('exec porter sh')
      const program = new FakeProgram()
      void this.playPorter(program, argv.at(-1) ?? '')
      return program
    }
    const observer = world?.observer?.id === id ? world.observer : null
    const {name, state} = observer === null ? this.#host(id) : {...observer, name: 'observer'}
    await this.call(`exec ${name} ${argv[0]}`)
    if (state !== 'running') throw refused(`running ${argv[0]} in a container`, `container ${name} is ${state}`)
    const program = new FakeProgram()
    this.#running.add(program)
    void program.done.then(() => this.#running.delete(program))
    if (world !== null && observer !== null) {
      this.#inObserver.add(program)
      if (argv[0] === 'sh') playShell(program, async () => world.room())
      else playRelay(program, to => world.way(to))
    } else {
      const host = this.#host(id)
      void program.done.then(host.whenDown(() => program.end(137)))
      if (argv[0] === 'sh') playShell(program, script => this.#inShell(host, script))
      else if (/^(node|python3)$/.test(argv[0] ?? '') && world !== null)
        playAgent(program, world.cluster, told => this.agentConfigs.push(told))
      else program.end(127)
    }
    return program
  }

  async run(id: string, argv: readonly string[]): Promise<Ran> {
    const throwaway = this.#throwaways.get(id)
    if (throwaway !== undefined) return throwaway.run(argv)
    const host = this.#host(id)
    await this.call(`run ${host.name} ${argv[0]}`)
    if (host.state !== 'running')
      throw refused(`running ${argv[0]} in a container`, `container ${host.name} is ${host.state}`)
    return host.run(argv)
  }

  async logs(
    id: string,
    {follow = false, timestamps = false}: {follow?: boolean; timestamps?: boolean} = {},
  ): Promise<Readable> {
    await this.call('logs')
    const log = new PassThrough()
    const host = this.#hosts().find(one => one.id === id)
    if (this.torn.has(host?.name ?? ''))
      return log.end("\u0003\0\0\0\0\0\0GError grabbing logs: invalid character 'l' after object key:value pair\n")
    log.write(`${new Date().toISOString().replace('Z', '000000Z')} ${host?.name ?? id} says a word\n`)
    for (const line of this.saysInLog.get(host?.name ?? '') ?? []) {
      const at = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{3}/.exec(line)?.[0].replace(' ', 'T').replace(',', '.') ?? ''
      log.write(`${timestamps ? `${at}000000Z ` : ''}${line}\n`)
    }
    if (!follow || host === undefined) log.end()
    else {
      const forget = host.whenDown(() => log.end())
      log.once('close', forget)
    }
    return log
  }

  async *events(_lab: string, signal: AbortSignal, begun: () => void = () => {}): AsyncGenerator<EngineEvent> {
    await this.call('events')
    const told = new PassThrough({objectMode: true})
    const listener = (event: EngineEvent) => told.write(event)
    this.#listeners.add(listener)
    const stop = () => told.end()
    signal.addEventListener('abort', stop, {once: true})
    begun()
    try {
      yield* told
    } finally {
      signal.removeEventListener('abort', stop)
      this.#listeners.delete(listener)
    }
  }

  async throwaway(): Promise<AsyncDisposable & {readonly id: string}> {
    await this.call('throwaway')
    const id = `throwaway-${this.#throwaways.size}`
    this.#throwaways.set(id, new FakeThrowaway(this.refusedParameters))
    return {id, [Symbol.asyncDispose]: async () => void this.#throwaways.delete(id)}
  }

  async unplug(): Promise<void> {}

  async subnets(): Promise<string[]> {
    await this.call('subnets')
    return []
  }

  async belongings(lab?: string): Promise<Belonging[]> {
    await this.call('belongings')
    const {world} = this
    const own = world === null || (lab !== undefined && lab !== world.lab) ? [] : world.belongings()
    return [...own, ...this.#claims.values(), ...this.volumes()].filter(one => lab === undefined || one.lab === lab)
  }

  async claim(lab: string, owner: Owner): Promise<Belonging> {
    await this.call('claim')
    const id = claimOf(lab)
    const claim = {
      kind: 'volume',
      id,
      lab,
      owner: owner.id,
      home: owner.home,
      state: null,
      createdMs: Number.NaN,
    } as const
    if (!this.#claims.has(id)) this.#claims.set(id, claim)
    return this.#claims.get(id)!
  }

  async remove(belongings: readonly Belonging[]): Promise<Removed> {
    await this.call('remove')
    for (const {id} of belongings) {
      this.#claims.delete(id)
      this.removeVolume(id)
    }
    return {containers: 0, networks: 0, volumes: belongings.length}
  }

  /** The relays that it runs end with it. */
  endObserver(): void {
    if (this.world !== null) this.world.observer = {id: 'id-observer', state: 'exited'}
    for (const program of this.#inObserver) program.end(137)
    this.#inObserver.clear()
  }

  /** From now on it says nothing, and whatever ran through it is lost when that is noticed. */
  fallSilent(): void {
    this.#silent = true
    for (const program of this.#running)
      setTimeout(() => program.lose(late(this.limits.answerMs, 'asking whether it is there')), this.limits.answerMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#running) program.end(null)
    await this.world?.[Symbol.asyncDispose]()
  }

  protected async call(call: string): Promise<void> {
    this.asked.push(call)
    const hindrance = this.#silent ? 'silent' : this.hinder(call)
    if (hindrance === undefined) return
    if (hindrance !== 'silent') throw hindrance
    if (!this.#silent) this.fallSilent()
    await new Promise(resolve => setTimeout(resolve, this.limits.answerMs))
    throw late(this.limits.answerMs, call)
  }

  /** A script that waits is over when its time is, or the host. */
  async #inShell(host: FakeHost, script: string): Promise<Ran> {
    const seconds = /^sleep (\d+)$/.exec(script)?.[1]
    if (seconds === undefined) return host.script(script)
    await new Promise<void>(resolve => {
      host.whenDown(resolve)
      setTimeout(resolve, Number(seconds) * 1000)
    })
    return {code: 0, out: '', err: ''}
  }

  #hosts(lab?: string): FakeHost[] {
    const {world} = this
    return world === null || (lab !== undefined && lab !== world.lab) ? [] : [...world.hosts.values()]
  }

  #host(id: string): FakeHost {
    const host = this.#hosts().find(one => one.id === id)
    if (host === undefined) throw refused('looking for a container', `No such container: ${id}`)
    return host
  }

  #stateOf({id, name, state, services}: FakeHost): ContainerState {
    const image = images[services.includes('client') ? 'app' : 'host']
    return {id, name: `pgha-lab-${this.world?.lab}-${name}`, host: name, lab: this.world?.lab ?? '', state, image}
  }

  #tell({name}: FakeHost, action: string, exitCode: number | null = null): void {
    for (const listener of this.#listeners) listener({host: name, action, exitCode, atMs: Date.now()})
  }
}

function refused(doing: string, why: string): LabError {
  return new LabError('engine', `Docker failed at ${doing}: ${why}`)
}

function late(ms: number, doing: string): LabError {
  return new LabError('timeout', `the Docker engine did not answer within ${ms / 1000} s (${doing})`)
}
