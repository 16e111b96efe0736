/**
 * A Patroni cluster for a test, in the manner of testcontainers and without needing it:
 *
 *     await using cluster = await new PatroniCluster().withSynchronousMode('strict').withTopology('pgbouncer').start()
 *     const app = await startMyApp(cluster.getConnectionUri('primary'))
 *
 * What is raised is a lab, as by `raiseLab`: `pgha-lab status` shows it, and `pgha-lab down` removes one that was left.
 */
import {createHash} from 'node:crypto'
import {logTails} from '../cluster/last-words.ts'
import {Docker} from '../engine/docker.ts'
import {Lab} from '../engine/lab.ts'
import {importFrom} from '../import/import.ts'
import type {Injected} from '../run/inject.ts'
import {type RaiseEngine, raise} from '../run/raise.ts'
import {type Breaking, RaisedLab, type RaiseLabOptions, type RaiseMeans, raiseLab} from '../run/raised-lab.ts'
import {Wait, type WaitStrategy} from '../run/readiness.ts'
import {runOn} from '../run/run-on.ts'
import type {Run} from '../run/runs.ts'
import type {Scenario} from '../scenario/index.ts'
import {engineOfLab} from '../state/engine-of-lab.ts'
import {openOurs} from '../state/open.ts'
import {loadLab} from '../state/state.ts'
import {mistakesIn} from '../topology/mistakes.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import {readTopology, usualPreset} from '../topology/topology-file.ts'
import {LabError} from '../words/errors.ts'
import {readText} from '../words/read-text.ts'

export {Wait, type WaitStrategy}

export type SynchronousMode = Topology['patroni']['synchronousMode']

/** What of a cluster fits into JSON: a global setup provides it, and `PatroniCluster.attach` takes it. */
export interface ClusterReference {
  readonly lab: string
}

interface Wishes {
  readonly topology?: string
  readonly profile?: string
  readonly nodes?: number
  readonly synchronousMode?: SynchronousMode
  readonly patroniConfig?: string
  readonly set: readonly string[]
}

const tailLines = 15

/** What is to be raised. Each `with...` gives back the same one. */
export class PatroniCluster {
  #wishes: Wishes = {set: []}
  #name: string | undefined
  #reuse = false
  #reaper = false
  #startupMs: number | undefined
  #until: WaitStrategy | undefined
  #progress: NonNullable<RaiseLabOptions['progress']> = () => {}

  /** A preset of ours, or the path of a lab.yaml. */
  withTopology(topology: string): this {
    return this.#wish({topology})
  }

  /** At least as many as the topology has; those that are more run Patroni and PostgreSQL, and no etcd. */
  withPostgresNodes(nodes: number): this {
    return this.#wish({nodes})
  }

  withSynchronousMode(synchronousMode: SynchronousMode = 'on'): this {
    return this.#wish({synchronousMode})
  }

  /** A patroni.yml, whose settings and parameters the cluster gets, as far as a lab can have them; the hosts stay the topology's. */
  withPatroniConfig(file: string): this {
    return this.#wish({patroniConfig: file})
  }

  /** Timings: `fast` when not given. */
  withProfile(profile: string): this {
    return this.#wish({profile})
  }

  /** One setting, as `up --set` has it: `patroni.ttl=40s`. */
  withSetting(setting: string): this {
    return this.#wish({set: [...this.#wishes.set, setting]})
  }

  withName(name: string): this {
    this.#name = name
    return this
  }

  /** Stays at the end, and is used by the next one that wants the same. */
  withReuse(): this {
    this.#reuse = true
    return this
  }

  /** It goes when this process has gone, however it ended. The container that sees to it is given the engine's socket: see `RaiseLabOptions`. */
  withReaper(): this {
    this.#reaper = true
    return this
  }

  withStartupTimeout(ms: number): this {
    this.#startupMs = ms
    return this
  }

  /** When it has started: `Wait.forHealthy()` when not given. */
  withWaitStrategy(strategy: WaitStrategy): this {
    this.#until = strategy
    return this
  }

  withProgress(progress: NonNullable<RaiseLabOptions['progress']>): this {
    this.#progress = progress
    return this
  }

  /** @throws LabError as `raiseLab`, with the last lines of the logs of a cluster that did not come up. */
  async start(given?: RaiseMeans): Promise<StartedPatroniCluster> {
    const wanted = wantedOf(this.#wishes)
    const mistake = this.#until?.mistakeIn(topologyOf(wanted))
    if (mistake !== undefined) throw new LabError('usage', mistake)
    const name = this.#name ?? (this.#reuse ? reusedName(wanted) : undefined)
    const means = given ?? {docker: name === undefined ? new Docker() : engineOfLab(name), raise}
    const started = await raiseLab(
      {
        ...wanted,
        ...(name === undefined ? {} : {name}),
        ...(this.#startupMs === undefined ? {} : {signal: AbortSignal.timeout(this.#startupMs)}),
        ...{keep: this.#reuse, reaper: this.#reaper, progress: this.#progress, until: this.#until},
      },
      {docker: means.docker, raise: withLogs(means.raise)},
    )
    // Its time to start is over, and no limit for what comes after.
    return new StartedPatroniCluster(new RaisedLab(started.lab, new AbortController().signal, () => disposed(started)))
  }

  /**
   * The cluster that another process has started, which stays when this one is done with it. Only one process at a time may break
   * something in it: the lock is held by the one that started it.
   * @throws LabError `no-lab`, `not-yours`
   */
  static async attach({lab}: ClusterReference, docker: Docker = engineOfLab(lab)): Promise<StartedPatroniCluster> {
    const opened = await openOurs(docker, lab)
    return new StartedPatroniCluster(new RaisedLab(opened, new AbortController().signal, async () => {}))
  }

  #wish(more: Partial<Wishes>): this {
    this.#wishes = {...this.#wishes, ...more}
    return this
  }
}

const disposed = (lab: RaisedLab) => lab[Symbol.asyncDispose]()

/** A cluster that runs. Its disposal removes it, unless it is to be reused or was there before. */
export class StartedPatroniCluster implements AsyncDisposable {
  /** For what the testcontainers have no word for. */
  readonly lab: RaisedLab

  constructor(lab: RaisedLab) {
    this.lab = lab
  }

  getName(): string {
    return this.lab.name
  }

  /** How an app gets in, with its password: through the proxy. */
  getConnectionUri(to: 'primary' | 'replicas' = 'primary'): string {
    return this.lab.uri(to === 'primary' ? 'read-write' : 'read-only')
  }

  getReadOnlyUri(): string {
    return this.getConnectionUri('replicas')
  }

  /** The host that leads right now. @throws LabError `no-target` */
  getLeader(): Promise<string> {
    return this.lab.leader()
  }

  /** Every host with PostgreSQL. */
  getMembers(): readonly string[] {
    return hostsWith(this.lab.lab.topology, 'patroni')
  }

  /** Runs a command to its end. @param on a host, or a selector that means one, such as `leader`. */
  async exec(
    on: string,
    command: readonly string[],
  ): Promise<{exitCode: number | null; output: string; stderr: string}> {
    const {code, out, err} = await runOn(this.lab.lab, on, command)
    return {exitCode: code, output: out, stderr: err}
  }

  /** One fault until its block ends, in the words of a scenario's step: `break('kill', {what: 'host', on: 'leader'})`. */
  break(fault: string, how: Breaking = {}): Promise<Injected> {
    return this.lab.break(fault, how)
  }

  /** A scenario of ours, the path of a file, or a value; judged. */
  runScenario(scenario: string | Scenario): Promise<Run> {
    return this.lab.runScenario(scenario)
  }

  /** The same as its disposal. */
  stop(): Promise<void> {
    return disposed(this.lab)
  }

  toJSON(): ClusterReference {
    return {lab: this.lab.name}
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

type Wanted = Pick<RaiseLabOptions, 'topology' | 'profile' | 'set'>

function topologyOf({topology, ...more}: Wanted): Topology {
  return typeof topology === 'object' ? topology : readTopology({topology, ...more}).topology
}

/** @throws LabError `config`, `usage` */
function wantedOf({
  topology = usualPreset,
  profile = 'fast',
  nodes,
  synchronousMode,
  patroniConfig,
  set,
}: Wishes): Wanted {
  const mode = synchronousMode === undefined ? [] : [`patroni.synchronous_mode=${synchronousMode}`]
  const plain = {topology, profile, set: [...set, ...mode]}
  const more = nodes === undefined ? [] : hostsFor(readTopology(plain).topology, nodes, topology)
  const asked = {...plain, set: [...more, ...plain.set]}
  if (patroniConfig === undefined) return asked
  const theirs = importFrom([{file: patroniConfig, text: readText(patroniConfig, 'configuration')}]).topology
  const own = readTopology(asked).topology
  const whole: Topology = {
    ...own,
    patroni: {...own.patroni, ...theirs.patroni, ...(synchronousMode === undefined ? {} : {synchronousMode})},
    postgresParameters: {...own.postgresParameters, ...theirs.postgresParameters},
  }
  const [mistake] = mistakesIn(whole)
  if (mistake !== undefined)
    throw new LabError('config', `${patroniConfig}: ${mistake.path.join('.')}: ${mistake.says}`)
  return {topology: whole}
}

/** Those that are missing, as `--set` has them. */
function hostsFor(topology: Topology, nodes: number, named: string): string[] {
  const members = hostsWith(topology, 'patroni')
  if (nodes < members.length)
    throw new LabError(
      'usage',
      `the topology ${named} has ${members.length} hosts with PostgreSQL, and ${nodes} are wanted: a lab.yaml of yours says which, for withTopology`,
    )
  const has = (service: string) =>
    topology.hosts.some(host => members.includes(host.name) && host.services.includes(service as never))
  const services = ['patroni', ...(has('pgbouncer') ? ['pgbouncer'] : [])].join(',')
  const taken = new Set(topology.hosts.map(host => host.name))
  const free: string[] = []
  for (let number = 1; free.length < nodes - members.length; number++)
    if (!taken.has(`node${number}`)) free.push(`node${number}`)
  return free.map(host => `hosts.${host}=${services}`)
}

/** The same for the same wishes. */
function reusedName(wanted: Wanted): string {
  return `reuse-${createHash('sha256').update(JSON.stringify(wanted)).digest('hex').slice(0, 10)}`
}

/** What fails says what the hosts said last, before they are removed. */
function withLogs(raises: typeof raise): typeof raise {
  return async (docker: RaiseEngine, options, ...more) => {
    try {
      return await raises(docker, options, ...more)
    } catch (error) {
      const saved = loadLab(options.name)
      if (!(error instanceof LabError) || saved === undefined) throw error
      await using lab = new Lab(docker, saved.topology, saved.allocation)
      const tails = await logTails(lab, tailLines)
      if (tails.length === 0) throw error
      const said = tails.map(({host, lines}) =>
        [`the end of the log of ${host}:`, ...lines.map(line => `  ${line}`)].join('\n'),
      )
      throw new LabError(error.code, [error.message, ...said].join('\n'), {cause: error, hint: error.next})
    }
  }
}
