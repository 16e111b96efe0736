/** A lab for as long as a block lasts, and what a test does with it: in the words of the command line and of scenario files. */
import {randomBytes} from 'node:crypto'
import {join, resolve} from 'node:path'
import {AppRelay, type AppRelayOptions} from '../clients/app-relay.ts'
import {members} from '../cluster/members.ts'
import {untilHealthy} from '../cluster/wait.ts'
import type {Lab} from '../engine/lab.ts'
import {ownSocketOf} from '../engine/named.ts'
import {heal} from '../healing/heal.ts'
import {Recorder} from '../history/history.ts'
import {loadScenario, type Scenario} from '../scenario/index.ts'
import {checkLabName, makeFolder, runsFolder, whenDiskIsFull} from '../state/folders.ts'
import {lockLab} from '../state/lock.ts'
import {removeOurs} from '../state/ownership.ts'
import {runId} from '../state/run-folder.ts'
import {forgetLab, loadLab} from '../state/state.ts'
import {doorOf, type Entry, entries} from '../topology/entries.ts'
import {appDatabase, type HostName, roles, type Topology} from '../topology/topology.ts'
import {readTopology} from '../topology/topology-file.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import type {Progress} from '../words/progress.ts'
import {type Injected, type InjectOptions, inject} from './inject.ts'
import {type Observation, type ObserveOptions, observe} from './observe.ts'
import {engineToRaise, type RaiseEngine, raise} from './raise.ts'
import type {Readiness} from './readiness.ts'
import {startReaper} from './reaper.ts'
import {leaveRecord, type Run, type RunOptions, runScenario} from './runs.ts'

export interface RaiseLabOptions {
  /** A preset, the path of a lab.yaml, or a value; what the lab has, or the default of a new one, when not given. */
  readonly topology?: string | Topology
  /** Timings: `fast` when not given, so that a test need not wait for Patroni's own. */
  readonly profile?: string
  /** Debian's release of all that the hosts run: `bookworm`; that of the topology when not given. */
  readonly release?: string
  /** A checkout or a wheel of Patroni, which the hosts run in the place of the release's. */
  readonly patroni?: string
  /** One setting each, as `up --set` has them: `patroni.ttl=40s`. */
  readonly set?: readonly string[]
  /** One of its own when not given. A lab of this name that is there already is used, and stays. */
  readonly name?: string
  /** Leaves the lab at the end, for the next time and for `pgha-lab status`. */
  readonly keep?: boolean
  /** When it is ready: healthy in all its parts when not given. `Wait` of `pgha-lab/testcontainers` has others. */
  readonly until?: Readiness | undefined
  /**
   * The lab goes when this process has gone, however it ended: a container of the lab's own image sees to it. It is given the engine's socket,
   * with which it can do on this machine what root can; so only where that is asked for. A lab that was there before has none.
   */
  readonly reaper?: boolean
  readonly progress?: Progress
  /** Ends what is waited for; never a mend, nor the removal. */
  readonly signal?: AbortSignal
}

/** A fault as a scenario's step has it: `{what: 'host', on: 'leader'}`; what is no `on`, `as` or `phase` is a parameter. */
export type Breaking = Pick<InjectOptions, 'on' | 'as' | 'phase'> & {readonly [parameter: string]: unknown}

export interface DuringOptions extends Pick<ObserveOptions, 'name' | 'clients' | 'expect'> {
  /** Where the run's folder goes; among the runs of the lab when not given. */
  readonly out?: string
}

/** What was judged, and what the code gave back. */
export interface During<T> extends Omit<Run, 'error'> {
  readonly value: T
}

/** What a lab is raised and removed with. */
export interface RaiseMeans {
  readonly docker: RaiseEngine
  readonly raise: typeof raise
}

/** Enough to see when clients could write again, and little enough to stay out of the way of an app's own. */
const lightClients: NonNullable<ObserveOptions['clients']> = [
  {kind: 'writers', count: 4, perSecond: 100, through: 'primary'},
]
const alwaysExpected: NonNullable<ObserveOptions['expect']> = [
  {check: 'one-writable-primary', params: {}},
  {check: 'no-lost-writes', params: {allow: 'async-tail'}},
  {check: 'recovered', params: {within: '1m'}},
]
const healthyWithinMs = 120_000
const answersWithinMs = 2000

/**
 * Raises a lab, and removes it when the block ends:
 *
 *     await using lab = await raiseLab({topology: 'pgbouncer'})
 *     await using cut = await lab.break('kill', {what: 'host', on: 'leader'})
 *
 * One process works on a lab at a time, so it is locked meanwhile. A process that is killed leaves its lab: `down --stale` removes it.
 * @throws LabError as `up` ends with; what had been begun of a new lab is gone by then.
 */
export async function raiseLab(options: RaiseLabOptions = {}, means?: RaiseMeans): Promise<RaisedLab> {
  const {name = `test-${randomBytes(4).toString('hex')}`, keep = false, progress = () => {}} = options
  const signal = options.signal ?? new AbortController().signal
  checkLabName(name)
  const wanted = wantedOf(options)
  const {docker, raise: raises} = means ?? {docker: engineToRaise(name, wanted), raise}
  const socket = options.reaper === true ? reaperSocket(docker, options) : undefined
  const lock = lockLab(name, 'a program that uses the library')
  let isNew = loadLab(name) === undefined
  let reaper: AsyncDisposable | undefined
  // Only of a lab that has no host: one that was there stays.
  const beforeHosts = async (lab: Lab) => {
    if (socket === undefined) return
    isNew = true
    reaper = await startReaper(docker, lab, socket)
  }
  const remove = async () => {
    await removeOurs(docker, name)
    await reaper?.[Symbol.asyncDispose]()
    forgetLab(name)
  }
  try {
    const fallback = () => readTopology({profile: options.profile ?? 'fast'}).topology
    const {lab} = await raises(docker, {name, ...wanted, fallback, progress, signal, until: options.until, beforeHosts})
    return new RaisedLab(lab, signal, async () => {
      if (isNew && !keep) await remove()
      lock[Symbol.dispose]()
    })
  } catch (error) {
    // The error tells more than a removal that does not succeed either.
    if (isNew) await remove().catch(() => {})
    lock[Symbol.dispose]()
    throw error
  }
}

function wantedOf({topology, profile, release, patroni, set}: RaiseLabOptions) {
  if (typeof topology === 'object') {
    if ([profile, release, patroni, set].some(one => one !== undefined))
      throw new LabError('usage', 'a topology that is a value has its profile, its release and its settings in it')
    return {topology}
  }
  const isSaid = [topology, profile, release, patroni, set].some(one => one !== undefined)
  if (!isSaid) return {topology: undefined}
  const {file, ...asked} = readTopology({topology, profile: profile ?? 'fast', release, patroni, set})
  return {
    topology: asked.topology,
    mustTake: asked.mustTake,
    toldAt: asked.toldAt,
    ...(file === undefined ? {} : {topologyFile: file}),
  }
}

/** @throws LabError `usage`, `cannot-run-here` */
function reaperSocket({name, several}: RaiseEngine, {keep}: RaiseLabOptions): string {
  if (several !== undefined)
    throw new LabError('cannot-run-here', 'a reaper is given the socket of one engine, and this lab lies on several')
  if (keep !== true) return ownSocketOf(name)
  throw new LabError('usage', 'a lab that is to stay has no reaper, which would remove it')
}

/** Made by `raiseLab`; its disposal removes the lab, unless that was there before or is to be kept. */
export class RaisedLab implements AsyncDisposable {
  /** For what the other functions of the library take. */
  readonly lab: Lab
  readonly #signal: AbortSignal
  readonly #end: () => Promise<void>
  readonly #relays = new Set<AppRelay>()
  #ended: Promise<void> | undefined

  /** @param end after the last question to the lab. */
  constructor(lab: Lab, signal: AbortSignal, end: () => Promise<void>) {
    this.lab = lab
    this.#signal = signal
    this.#end = end
  }

  get name(): string {
    return this.lab.name
  }

  /**
   * A connection string with its password, for this machine: through the proxy, as an app gets in.
   * @throws LabError `cannot-run-here` for a lab whose engine is on another machine: no port of it is here.
   */
  uri(takes: Entry['takes'] = 'read-write'): string {
    if (this.lab.allocation.elsewhere === true)
      throw new LabError('cannot-run-here', `lab ${this.name} is on another machine, where its ports are published`, {
        hint: 'raise it on an engine of this machine, or run the app on that one',
      })
    const {primary, replicas} = entries(this.lab.topology)
    const entry = takes === 'read-write' ? primary : replicas
    const {host, port} = this.lab.reach(doorOf(entry), entry.service)
    const url = new URL(`postgresql://${host}:${port}/${appDatabase}`)
    if (this.lab.inTls) url.searchParams.set('sslmode', 'require')
    url.username = roles.app
    url.password = this.lab.allocation.passwords.app
    return url.href
  }

  /**
   * A port on this machine through which an app gets in, and is seen from outside: what it asks and is answered goes into the history
   * of every `during`, under its name. It has to be writing before the fault comes.
   *
   *     const relay = await lab.relay({name: 'app'})
   *     const pool = new pg.Pool({connectionString: relay.uri})
   *     const run = await lab.during(fault, code, {expect: [{check: 'clients-reconnect', params: {within: '10s', driver: 'app'}}]})
   *
   * @throws LabError `usage` for a name that another one has, or that is a driver's.
   */
  async relay(options: AppRelayOptions = {}): Promise<AppRelay> {
    const relay = await AppRelay.open(this.lab, options, [...this.#relays], ended => this.#relays.delete(ended))
    this.#relays.add(relay)
    return relay
  }

  /** @throws LabError `no-target` when nobody leads right now, or more than one says so. */
  async leader(): Promise<HostName> {
    const {leader} = await members(this.lab, answersWithinMs)
    if (leader !== null) return leader
    throw new LabError('no-target', `nobody leads lab ${this.name} right now`, {hint: onLab(this.name, 'status')})
  }

  /** Breaks one thing until its block ends: `inject` without a history. @throws LabError as `inject` */
  async break(fault: string, how: Breaking = {}): Promise<Injected> {
    using history = new Recorder()
    return await inject(this.lab, history, fault, this.#injection(how))
  }

  /**
   * Breaks one thing around code of the caller's, watches, and judges: the lab is made healthy first, and mended and healthy again at
   * the end. What the code throws is thrown when that is done; the record of it stays.
   *
   *     const run = await lab.during({inject: 'kill', what: 'host', on: 'leader'}, async () => { ...the app's own traffic... })
   *
   * @throws LabError as `heal`, `observe` and `inject`
   */
  async during<T>(
    {inject: fault, ...how}: Breaking & {readonly inject: string},
    code: (broken: Injected) => Promise<T>,
    options: DuringOptions = {},
  ): Promise<During<T>> {
    const {name = 'during', clients = lightClients, expect = alwaysExpected, out} = options
    const signal = this.#signal
    await this.heal()
    const id = runId(name)
    const folder = resolve(out ?? join(runsFolder(this.name), id))
    whenDiskIsFull(() => makeFolder(join(folder, 'logs')), folder)
    using history = new Recorder(join(folder, 'events.ndjson'))
    const watched = async () => {
      const relays = [...this.#relays]
      await using watch = await this.observe(history, {name, clients, relays, expect, signal})
      await watch.steady()
      const value = await this.#broken(history, fault, how, code)
      await watch.settle()
      return value
    }
    const record = {folder, latest: out === undefined ? id : undefined}
    try {
      const value = await watched()
      const {error, ...judged} = await leaveRecord(this.lab, history, record)
      if (error !== undefined) throw error
      return {...judged, folder, value}
    } catch (error) {
      if (history.events.length > 0) await leaveRecord(this.lab, history, record)
      throw error
    }
  }

  async #broken<T>(
    history: Recorder,
    fault: string,
    how: Breaking,
    code: (broken: Injected) => Promise<T>,
  ): Promise<T> {
    await using injected = await inject(this.lab, history, fault, this.#injection(how))
    return await code(injected)
  }

  /** `observe` on this lab. */
  observe(history: Recorder, options: ObserveOptions = {}): Promise<Observation> {
    return observe(this.lab, history, {signal: this.#signal, ...options})
  }

  /** @param scenario a name of ours, the path of a file, or a value. @throws LabError as `runScenario`; a run that ended early says so. */
  runScenario(scenario: string | Scenario, options: Partial<RunOptions> = {}): Promise<Run> {
    const played = typeof scenario === 'string' ? loadScenario(scenario) : scenario
    return runScenario(this.lab, played, {signal: this.#signal, ...options})
  }

  /** Mends whatever is broken, and waits until the lab is healthy. @throws LabError `heal-failed`, `timeout` */
  async heal(): Promise<void> {
    await heal(this.lab)
    await untilHealthy(this.lab, {withinMs: healthyWithinMs, signal: this.#signal})
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= (async () => {
      for (const relay of this.#relays) await relay[Symbol.asyncDispose]()
      await this.lab[Symbol.asyncDispose]()
      await this.#end()
    })()
    return this.#ended
  }

  #injection({on, as, phase, ...params}: Breaking): InjectOptions {
    return {
      ...(on === undefined ? {} : {on}),
      ...(as === undefined ? {} : {as}),
      ...(phase === undefined ? {} : {phase}),
      ...{params, signal: this.#signal},
    }
  }
}
