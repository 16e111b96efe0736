/** The clients of a run: its agents in app1 and the programs of a scenario, as one. */

import {caFile} from '../../compose/keys.ts'
import {resolve} from '../cluster/selector.ts'
import type {Lab} from '../engine/lab.ts'
import {
  type AgentGroup,
  type ClientGroup,
  type Driver,
  labsOwn,
  namesOf,
  type ProgramGroup,
} from '../history/client-group.ts'
import type {Event} from '../history/event.ts'
import type {ProbeSite} from '../probes/probe.ts'
import {anew} from '../state/state.ts'
import {doorOf, type Entry, type EntryName, entries} from '../topology/entries.ts'
import {virtualAddress} from '../topology/keepalived.ts'
import {appDatabase, type HostName, hostsWith, portOf, roles} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {next} from '../words/next-step.ts'
import type {Micros} from '../words/quantity.ts'
import {
  type AgentConfig,
  agentLimits,
  firstIds,
  type Job,
  type Load,
  type Relay,
  refuse,
  type ScriptConfig,
} from './agent/protocol.ts'
import {texts} from './agent/statements.ts'
import {AgentProcess, type WatchedSecond} from './agent-process.ts'
import {type Programs, startPrograms} from './programs.ts'
import {tableOfRun} from './table.ts'
import {type AgentProgram, programOf, psycopgAgentFile, WaitingAgents} from './waiting-agents.ts'

export {finalRows} from './final-rows.ts'
export {newTable, prepareTable} from './table.ts'

const jobs: Readonly<Record<AgentGroup['kind'], Job>> = {writers: 'write', readers: 'read', bankers: 'bank'}

/** Of the first relay on app1; the others follow. */
const firstRelayPort = 6500

/** How patient the clients are. */
interface Patience {
  readonly statementTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly reconnectPauseMs: number
  /** The agents end by themselves after this long. */
  readonly maxMs: number
}

const patience: Patience = {
  statementTimeoutMs: labsOwn.statementMs,
  connectTimeoutMs: labsOwn.connectMs,
  reconnectPauseMs: 20,
  maxMs: agentLimits.maxMs,
}

export interface Clients extends AsyncDisposable {
  /**
   * No more writes and transfers, and the programs are ended; resolves when every outstanding one has its answer or has been given
   * up. Readers go on.
   */
  stopWriters(): Promise<void>
  /** Ends the agents and resolves when they are gone and all they said is recorded. */
  stop(): Promise<void>
  /** Why an agent or a program is gone, if nobody asked it to go. Without it a run proves nothing: whoever plays must look here. */
  readonly failure: LabError | undefined
  /** Which program has not had a single transaction answered in these events, in a sentence; null: all have. */
  unheard(events: Iterable<Event>): string | null
}

interface StartOptions {
  /** What `prepareTable` made last when not given. */
  readonly table?: string
  /** The load begins no sooner: the table is there, say. */
  readonly ready?: Promise<unknown>
  readonly waiting?: WaitingAgents
}

/**
 * Starts the clients; resolves when the clocks of their agents are known and the load has begun. They write `table`, or what
 * `prepareTable` made last. Each comes in where its group's `through` says, by addresses in the lab's network.
 * Throws what `ready` does, `usage` for more than `agentLimits` or what no driver can do, `no-target` when a way in is open nowhere, `not-ready` when an agent does not start or there is no
 * table, and what `Docker` throws.
 */
export async function startClients(
  site: ProbeSite,
  groups: readonly ClientGroup[],
  options: Partial<Patience> & StartOptions = {},
): Promise<Clients> {
  const {lab} = site
  const app = first(hostsWith(lab.topology, 'client'), 'client')
  const names = namesOf(groups)
  const agents: Named<AgentGroup>[] = []
  const programs: Named<ProgramGroup>[] = []
  for (const [index, group] of groups.entries()) {
    if (group.kind === 'program' && group.outside) continue // it has its own
    if (group.kind === 'program') programs.push({group, names: names[index]!})
    else agents.push({group, names: names[index]!})
  }
  const loads = await loadsOf(lab, agents)
  const {table = await tableOfRun(lab), ready, waiting = new WaitingAgents(lab, []), ...waits} = options
  const whole = wholeConfig(loads, relaysOf(lab, programs), secrets(lab, table), {...patience, ...waits})
  const refusal = refuse(whole)
  if (refusal !== null)
    throw new LabError('usage', `these clients cannot be had: ${refusal}`, {
      hint: 'change `clients` of the scenario, or --clients',
    })

  const psycopg = loads.filter(load => programOf(load.driver) === 'python')
  if (psycopg.length > 0) await mustHavePsycopg(lab, app)
  const observer = new Observer(site, psycopg.length > 0 ? 2 : 1)
  const started = new AllClients()
  try {
    const start = async (program: AgentProgram, config: AgentConfig) => {
      const running = await waiting.take(program)
      const agent = new AgentProcess(site, app, running, config, observer.next())
      started.agents.push(agent)
      await agent.begin()
    }
    await start('node', {...whole, groups: loads.filter(load => programOf(load.driver) === 'node')})
    if (psycopg.length > 0) {
      const script: ScriptConfig = {
        ...{...whole, groups: psycopg, relays: [], firstIds: firstIds.python},
        statements: texts(whole.table),
      }
      await start('python', script)
    }
    await ready
    for (const agent of started.agents) agent.go()
    if (programs.length > 0) {
      const host = addressOf(lab, app)
      started.programs = await startPrograms(
        site,
        programs.map(({group}, index) => ({group, host, port: firstRelayPort + index})),
      )
    }
    return started
  } catch (error) {
    await started.stop()
    throw error
  }
}

/** A group, and what its clients are called. */
interface Named<G> {
  readonly group: G
  readonly names: readonly string[]
}

class AllClients implements Clients {
  readonly agents: AgentProcess[] = []
  programs: Programs | undefined

  get failure(): LabError | undefined {
    return [...this.agents, this.programs].map(one => one?.failure).find(failure => failure !== undefined)
  }

  async stopWriters(): Promise<void> {
    // The relays are told first: what the end of a program breaks is no finding.
    await Promise.all(this.agents.map(agent => agent.stopWriters()))
    await this.programs?.stop()
  }

  async stop(): Promise<void> {
    await Promise.all(this.agents.map(agent => agent.stop()))
    await this.programs?.stop()
  }

  unheard(events: Iterable<Event>): string | null {
    return this.programs?.unheard(events) ?? null
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/**
 * All agents together are one observer: it has watched a second only when each of them has said so, and it was as late as the
 * latest of them.
 */
class Observer {
  readonly #site: ProbeSite
  readonly #count: number
  readonly #reports = new Map<number, WatchedSecond>()
  /** Of the latest report: what any of them had told by then is in the count of it. */
  #at: Micros = 0
  #agents = 0

  constructor(site: ProbeSite, count: number) {
    this.#site = site
    this.#count = count
  }

  /** Where the next agent reports to. */
  next(): (report: WatchedSecond, at: Micros) => void {
    const agent = this.#agents++
    return (report, at) => {
      const before = this.#reports.get(agent)
      this.#reports.set(agent, before === undefined ? report : together([before, report]))
      this.#at = Math.max(this.#at, at)
      if (this.#reports.size < this.#count) return
      this.#site.record({kind: 'watching', who: 'clients', ...together([...this.#reports.values()])}, this.#at)
      this.#reports.clear()
    }
  }
}

function together(reports: readonly WatchedSecond[]): WatchedSecond {
  const waits = reports.flatMap(one => one.cpuWaitMicros ?? [])
  return {
    samples: reports.reduce((sum, one) => sum + one.samples, 0),
    failures: reports.reduce((sum, one) => sum + one.failures, 0),
    worstMicros: Math.max(...reports.map(one => one.worstMicros)),
    ...(waits.length > 0 ? {cpuWaitMicros: Math.max(...waits)} : {}),
  }
}

/** For all agents together: the bounds hold over all of them, and so does the rate at which they knock when the proxy is away. */
function wholeConfig(
  groups: readonly Load[],
  relays: readonly Relay[],
  secrets: Pick<AgentConfig, 'user' | 'password' | 'database' | 'table' | 'caFile'>,
  patience: Patience,
): AgentConfig {
  const clients = groups.reduce((sum, group) => sum + group.clients.length, 0)
  const reconnectPauseMs = Math.max(patience.reconnectPauseMs, (clients * 1000) / agentLimits.connectsPerSecond)
  return {groups, relays, ...secrets, firstIds: firstIds.node, ...patience, reconnectPauseMs}
}

function secrets(lab: Lab, table: string): Pick<AgentConfig, 'user' | 'password' | 'database' | 'table' | 'caFile'> {
  const password = lab.allocation.passwords.app
  const inTls = lab.inTls ? {caFile} : {}
  return {user: roles.app, password, database: appDatabase, ...inTls, table}
}

/** Starts the agents of these groups, without their work: for who has something else to do first (`startClients`'s `waiting`). */
export function wakeAgents(lab: Lab, groups: readonly ClientGroup[]): WaitingAgents {
  const drivers = groups.flatMap(group => (group.kind === 'program' ? [] : [programOf(group.driver)]))
  return new WaitingAgents(lab, new Set<AgentProgram>(['node', ...drivers]))
}

/** What each group does and where. */
async function loadsOf(lab: Lab, groups: readonly Named<AgentGroup>[]): Promise<Load[]> {
  const loads: Load[] = []
  for (const {group, names} of groups) {
    const {kind, perSecond, through, driver = 'pg', timeouts} = group
    loads.push({
      ...{op: jobs[kind], clients: names, perSecond, driver},
      ...(timeouts === undefined ? {} : {timeouts}),
      ...(await whereTo(lab, through, driver)),
    })
  }
  return loads
}

function relaysOf(lab: Lab, programs: readonly Named<ProgramGroup>[]): Relay[] {
  return programs.map(({group: {perSecond, through}, names}, index) => ({
    client: names[0]!,
    listenPort: firstRelayPort + index,
    ...doorAt(lab, through),
    perSecond,
  }))
}

/** A lab that was raised by an older version has an image without it. */
async function mustHavePsycopg(lab: Lab, app: HostName): Promise<void> {
  const {id} = await lab.container(app)
  const {code} = await lab.engineOf(app).run(id, ['test', '-e', psycopgAgentFile])
  if (code !== 0)
    throw new LabError('not-ready', 'this lab was raised before its clients could use psycopg', {
      hint: next`to raise it anew, with what it was raised with: ${anew(lab.name)}`,
    })
}

async function whereTo(
  lab: Lab,
  through: AgentGroup['through'],
  driver: Driver,
): Promise<{hosts: readonly string[]; port: number; findsPrimary: boolean}> {
  if (typeof through === 'object') {
    const [host] = await resolve(lab, through.to)
    return {hosts: [addressOf(lab, host!)], port: portOf(lab.topology, host!, 'postgres'), findsPrimary: false}
  }
  const entry = entries(lab.topology)[through]
  // A pool is told one address.
  const hosts = driver === 'pg-pool' ? [doorAddress(lab, entry)] : addressesOf(lab, entry)
  return {hosts, port: entry.port, findsPrimary: entry.findsPrimary}
}

/** Where a client that knows one address comes in, in the lab's network. */
function doorAt(lab: Lab, through: EntryName): Pick<Relay, 'host' | 'port' | 'pooled'> {
  const entry = entries(lab.topology)[through]
  const isShared = entry.service === 'pgbouncer' && lab.topology.pgbouncer?.poolMode === 'transaction'
  return {host: doorAddress(lab, entry), port: entry.port, ...(isShared && {pooled: true})}
}

function addressesOf(lab: Lab, entry: Entry): readonly string[] {
  return entry.virtual ? [virtualAddress(lab.allocation)] : entry.hosts.map(host => addressOf(lab, host))
}

function doorAddress(lab: Lab, entry: Entry): string {
  return entry.virtual ? virtualAddress(lab.allocation) : addressOf(lab, doorOf(entry))
}

function addressOf(lab: Lab, host: HostName): string {
  const address = lab.allocation.addresses[host]
  if (address === undefined) throw new TypeError(`host ${host} has no address`)
  return address
}

function first(hosts: readonly HostName[], service: string): HostName {
  const host = hosts[0]
  if (host === undefined) throw new LabError('no-target', `this lab has no host with ${service}, so clients cannot run`)
  return host
}
