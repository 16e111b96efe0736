/**
 * What the runner and an agent in app1 say to each other, one JSON value per line. The runner's lines are objects, the
 * agent's are arrays with a letter in front: hundreds of them a second have to be cheap for both. There is an agent for each
 * language: Node (`agent/main.ts`: pg and pg-pool, and the relays) and Python (`images/app/psycopg-agent.py`).
 *
 * Order: config -> `hi`; then `ping` -> `pong` as often as wanted; `go` starts the load; `stopWriters` -> `quiet`;
 * `stop` or the end of stdin -> `bye`, and the agent is gone. All times are micros of the agent's own monotonic clock.
 */
import {type Driver, readersLookBelow, type Timeouts} from '../../history/client-group.ts'
import type {OpName, Outcome} from '../../history/event.ts'

/** What a client of the agent does; a banker's operations are transfers and audits, by turns. */
export type Job = OpName | 'bank'

/** A group of clients: what they do, what each is called, how often all of them together, and where to. */
export interface Load {
  readonly op: Job
  readonly clients: readonly string[]
  readonly perSecond: number
  /** Addresses: the proxies', or a member's. Each client begins with another one, and goes on to the next when it gets no connection. */
  readonly hosts: readonly string[]
  readonly port: number
  /** The driver itself takes the host that it may write to (`target_session_attrs=read-write`). */
  readonly findsPrimary: boolean
  readonly driver: Driver
  /** Those of the configuration, where it says nothing else. */
  readonly timeouts?: Timeouts
}

/**
 * A port of app1 that a program of somebody else's takes for the database. What comes is passed on unchanged, both ways, and what
 * was asked and answered is read off it: that program knows nothing of us.
 */
export interface Relay {
  /** What all its connections together are called, e.g. `pgbench-w1`. */
  readonly client: string
  readonly listenPort: number
  /** Where it listens; everywhere when absent. */
  readonly listenHost?: string
  /** Where it leads: a port of the proxy. */
  readonly host: string
  readonly port: number
  /** Transactions a second at most: whoever asks for more is kept waiting. */
  readonly perSecond: number
  /** One connection is served by several servers in turn, so that nobody is asked who it is. */
  readonly pooled?: true
}

/** The runner's first line. */
export interface AgentConfig {
  readonly groups: readonly Load[]
  readonly relays: readonly Relay[]
  readonly user: string
  readonly password: string
  readonly database: string
  /** Whom to believe that it is the database, a file on app1; left out: it is spoken to in the clear. */
  readonly caFile?: string
  /** The first of the ids that this agent may give to what its clients do; they are dense from there. */
  readonly firstIds: Readonly<Record<Job, number>>
  /** Table of this run, made by `prepareTable`; no other run writes there. Its bank is `bankOf` it. */
  readonly table: string
  /** After this long without an answer the connection is destroyed and the outcome is `unknown`. */
  readonly statementTimeoutMs: number
  readonly connectTimeoutMs: number
  /** Pause before connecting again, jittered by half of it either way. */
  readonly reconnectPauseMs: number
  /** The agent ends itself after this long, whatever happens to the runner. */
  readonly maxMs: number
}

/** For an agent that does not know what its clients are to send: the texts, with $1 (the client's name) and $2 (the id) in `write`; `who` comes first. */
export interface ScriptConfig extends AgentConfig {
  readonly statements: Readonly<Record<OpName | 'who', string>>
}

export type Command = {ping: number} | {go: true} | {stopWriters: true} | {stop: true}

/** Nobody can ask for more, all agents together: the lab is a laptop, and a forgotten agent must end by itself. */
export const agentLimits = {clients: 200, perSecond: 2000, maxMs: 3_600_000, connectsPerSecond: 120} as const

/**
 * Where the ids of each agent start: no two agents, and no read and write, ever have the same one. `agentLimits` let nobody
 * use more than 7.2 million, and all are within int4.
 */
export const firstIds = {
  node: {write: 1, read: 1_000_000_000, bank: 1},
  python: {write: readersLookBelow, read: 1_500_000_000, bank: 500_000_000},
} as const

/** The word that each of the agent's lines begins with, and what follows it. */
export type AgentLine =
  /** What it runs on and what it connects with, with their versions: 'Node 20.19.2', 'pg 8.23.1'. */
  | ['hi', clock: number, runtime: string, driver: string]
  | ['pong', ping: number, clock: number]
  /** Connected; `server` is the host that the server itself says it is. */
  | ['c', client: string, at: number, tookMicros: number, server: string | null]
  /** Lost a connection, or could not get one (repeats of the same failure at most once a second and client). */
  | ['d', client: string, at: number, code: string | null, error: string]
  /**
   * An attempt has ended. `lsn` is PostgreSQL's text, `timeline` the 8 hex digits that a WAL file name begins with. `outcome` null:
   * the agent does not know what its code means, the runner rules (`outcomeOf` in sqlstate.ts).
   */
  | [
      'o',
      client: string,
      id: number,
      sentAt: number,
      at: number,
      outcome: Outcome | null,
      server: string | null,
      timeline: string | null,
      lsn: string | null,
      code: string | null,
      error: string | null,
      /** Of an answered read: the highest id that it saw. */
      ...seen: [seen: number | null] | [],
    ]
  /** A banker's attempt has ended; `total` is what an answered audit found. */
  | [
      'b',
      client: string,
      op: 'transfer' | 'audit',
      id: number,
      sentAt: number,
      at: number,
      outcome: Outcome,
      server: string | null,
      timeline: string | null,
      lsn: string | null,
      code: string | null,
      error: string | null,
      total: number | null,
    ]
  /** A transaction behind a relay has ended. */
  | [
      't',
      client: string,
      op: OpName,
      sentAt: number,
      at: number,
      outcome: Outcome,
      server: string | null,
      timeline: string | null,
      code: string | null,
      error: string | null,
    ]
  /** A warning came while attempt `id` was under way. */
  | ['n', client: string, id: number, at: number, code: string, says: string]
  /**
   * Once a second: attempts sent, attempts due that no connection was free for, the worst lateness of the schedule; and since the one
   * before, for how long somebody on the machine waited for a CPU, where its kernel tells (`some` of /proc/pressure/cpu).
   */
  | ['w', at: number, sent: number, unsent: number, worstMicros: number, cpuWaitMicros?: number | null]
  /** The writers have stopped and none of them waits for an answer any more. */
  | ['quiet']
  | ['bye', says: string]

/** Kinds of lines with the least number of values each has; the decoder's whole knowledge. */
const lengths: Readonly<Record<AgentLine[0], number>> = {
  hi: 4,
  pong: 3,
  c: 5,
  d: 5,
  o: 11,
  b: 13,
  t: 10,
  n: 6,
  w: 5,
  quiet: 1,
  bye: 2,
}

/** What may have a value more. */
const longer: ReadonlySet<string> = new Set<AgentLine[0]>(['o', 'w'])

/** One line of the agent. Throws on anything else: a stray print in the agent must not pass as silence. */
export function decodeAgentLine(line: string): AgentLine {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    value = undefined
  }
  if (Array.isArray(value) && typeof value[0] === 'string' && Object.hasOwn(lengths, value[0])) {
    const more = value.length - lengths[value[0] as AgentLine[0]]
    if (more === 0 || (more === 1 && longer.has(value[0]))) return value as AgentLine
  }
  throw new Error(`the agent said something that is not in its protocol: ${line.slice(0, 200)}`)
}

/**
 * Why a configuration is refused, or null. The runner asks for all agents together, and each agent for itself: the limits hold
 * for whoever starts one.
 */
export function refuse(config: Pick<AgentConfig, 'groups' | 'relays' | 'maxMs' | 'table'>): string | null {
  const {groups, relays, maxMs} = config
  for (const {op, clients, perSecond, driver, findsPrimary, hosts} of groups) {
    if (clients.length < 1) return 'a group needs at least one client'
    if (!(perSecond > 0)) return 'a group of clients needs a rate above 0'
    if (driver === 'psycopg' && op === 'bank') return 'bankers use the driver pg or pg-pool, not psycopg'
    if (driver !== 'psycopg' && findsPrimary)
      return `only psycopg finds the primary among the members, ${driver} cannot`
    if (hosts.length < 1) return 'a group of clients goes to a host'
    if (hosts.length > 1 && driver === 'pg-pool') return 'a pool goes to one host'
  }
  const clients = groups.reduce((sum, group) => sum + group.clients.length, 0)
  const perSecond = [...groups, ...relays].reduce((sum, one) => sum + one.perSecond, 0)
  if (clients > agentLimits.clients) return `at most ${agentLimits.clients} clients`
  if (perSecond > agentLimits.perSecond) return `at most ${agentLimits.perSecond} operations a second`
  if (!(maxMs > 0 && maxMs <= agentLimits.maxMs)) return `maxMs must be at most ${agentLimits.maxMs}`
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(config.table)) return 'the table needs a plain lower-case name'
  return null
}

/** How long a group's clients wait, in ms; null: for ever. */
export function patienceOf(
  {timeouts = {}}: Pick<Load, 'timeouts'>,
  config: Pick<AgentConfig, 'connectTimeoutMs' | 'statementTimeoutMs'>,
): {connectMs: number | null; statementMs: number | null} {
  const {connectMs = config.connectTimeoutMs, statementMs = config.statementTimeoutMs} = timeouts
  return {connectMs, statementMs}
}

/** The accounts beside a run's table. */
export function bankOf(table: string): string {
  return `${table}_bank`
}
