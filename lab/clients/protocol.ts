/**
 * What the runner and the agent in app1 say to each other, one JSON value per line. The runner's lines are objects, the
 * agent's are arrays with a letter in front: hundreds of them a second have to be cheap for both.
 *
 * Order: config -> `hi`; then `ping` -> `pong` as often as wanted; `go` starts the load; `stopWriters` -> `quiet`;
 * `stop` or the end of stdin -> `bye`, and the agent is gone. All times are micros of the agent's own monotonic clock.
 */
import type {OpName, Outcome} from '../event.ts'

/** What a client of the agent does; a banker's operations are transfers and audits, by turns. */
export type Job = OpName | 'bank'

/** A group of clients: what they do, how many, how often all of them together, and where to. */
export interface Load {
  readonly op: Job
  readonly clients: number
  readonly perSecond: number
  readonly host: string
  readonly port: number
  /** Past the proxy, to one host: such clients have names that begin with d. */
  readonly direct: boolean
}

/** The runner's first line. */
export interface AgentConfig {
  readonly groups: readonly Load[]
  readonly user: string
  readonly password: string
  readonly database: string
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

export type Command = {ping: number} | {go: true} | {stopWriters: true} | {stop: true}

/** Nobody can ask for more: the lab is a laptop, and a forgotten agent must end by itself. */
export const agentLimits = {clients: 200, perSecond: 2000, maxMs: 3_600_000, connectsPerSecond: 120} as const

/** Ids of reads start here, so that the ids of writes are dense and the two never meet. */
export const firstReadId = 1_000_000_000

/** The word that each of the agent's lines begins with, and what follows it. */
export type AgentLine =
  | ['hi', clock: number, node: string]
  | ['pong', ping: number, clock: number]
  /** Connected; `server` is the address that the server itself says it has. */
  | ['c', client: string, at: number, tookMicros: number, server: string | null]
  /** Lost a connection, or could not get one (repeats of the same failure at most once a second and client). */
  | ['d', client: string, at: number, code: string | null, error: string]
  /** An attempt has ended. `lsn` is PostgreSQL's text, `timeline` the 8 hex digits that a WAL file name begins with. */
  | [
      'o',
      client: string,
      id: number,
      sentAt: number,
      at: number,
      outcome: Outcome,
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
  /** A warning came while attempt `id` was under way. */
  | ['n', client: string, id: number, at: number, code: string, says: string]
  /** Once a second: attempts sent, attempts due that no connection was free for, the worst lateness of the schedule. */
  | ['w', at: number, sent: number, unsent: number, worstMicros: number]
  /** The writers have stopped and none of them waits for an answer any more. */
  | ['quiet']
  | ['bye', says: string]

/** Kinds of lines with the least number of values each has; the decoder's whole knowledge. */
const lengths: Readonly<Record<AgentLine[0], number>> = {
  hi: 3,
  pong: 3,
  c: 5,
  d: 5,
  o: 11,
  b: 13,
  n: 6,
  w: 5,
  quiet: 1,
  bye: 2,
}

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
    if (more === 0 || (more === 1 && value[0] === 'o')) return value as AgentLine
  }
  throw new Error(`the agent said something that is not in its protocol: ${line.slice(0, 200)}`)
}

/** Why a configuration is refused, or null. Checked by the agent: the limits hold for whoever starts it. */
export function refuse(config: AgentConfig): string | null {
  const {groups, maxMs} = config
  for (const {clients, perSecond} of groups) {
    if (!Number.isInteger(clients) || clients < 1) return 'the number of clients must be a whole number from 1'
    if (!(perSecond > 0)) return 'a group of clients needs a rate above 0'
  }
  const clients = groups.reduce((sum, group) => sum + group.clients, 0)
  const perSecond = groups.reduce((sum, group) => sum + group.perSecond, 0)
  if (clients > agentLimits.clients) return `at most ${agentLimits.clients} clients`
  if (perSecond > agentLimits.perSecond) return `at most ${agentLimits.perSecond} operations a second`
  if (!(maxMs > 0 && maxMs <= agentLimits.maxMs)) return `maxMs must be at most ${agentLimits.maxMs}`
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(config.table)) return 'the table needs a plain lower-case name'
  return null
}

/** The accounts beside a run's table. */
export function bankOf(table: string): string {
  return `${table}_bank`
}
