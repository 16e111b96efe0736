/** The groups of clients that a scenario asks for, and what their clients are called in a history. */
import {usualPatience} from '../budget/index.ts'
import type {EntryName, PlainEntryName} from '../topology/entries.ts'

/** Client libraries that the lab has agents for: node-postgres with a connection a client or with a pool, and libpq. */
export const drivers = ['pg', 'pg-pool', 'psycopg'] as const
export type Driver = (typeof drivers)[number]

export type ClientGroup = AgentGroup | ProgramGroup

/** Clients of ours: they know each row they wrote. */
export interface AgentGroup {
  readonly kind: 'writers' | 'readers' | 'bankers'
  readonly count: number
  /** Operations a second, all clients of the group together. */
  readonly perSecond: number
  /**
   * A way in; one to all members at once, of which the driver takes the one that it may write to, `psycopg` alone can use. Or
   * directly to whom a selector or a host's name means when the clients start.
   */
  readonly through: EntryName | {readonly to: string}
  /** `pg` when absent. */
  readonly driver?: Driver
  readonly timeouts?: Timeouts
}

/** How long its clients wait; null: as long as the driver does that nobody told otherwise, which is for ever. Absent: the lab's own. */
export interface Timeouts {
  /** For a connection. */
  readonly connectMs?: number | null
  /** For an answer. */
  readonly statementMs?: number | null
}

/** Of clients that say nothing of it. */
export const labsOwn = usualPatience

/** What `timeouts: default` stands for. */
export const driversOwn: Timeouts = {connectMs: null, statementMs: null}

/** A program that knows nothing of us: what it asks and what it is answered is read off its connections. */
export interface ProgramGroup {
  readonly kind: 'program'
  /** What its connections are called together, e.g. `pgbench`. */
  readonly name: string
  /** A container of its own from this image; null: on app1. */
  readonly image: string | null
  /** Empty: what the image starts by itself. */
  readonly command: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Transactions a second at most: whoever asks for more is kept waiting. */
  readonly perSecond: number
  readonly through: PlainEntryName
  /** It runs on the machine of whoever plays, who starts and ends it: it connects through a relay there. */
  readonly outside?: true
}

/** Past the proxy: to one host, or to all members. */
type Way = 'proxy' | 'host' | 'members'

const letters: Readonly<Record<Way, string>> = {proxy: '', host: 'd', members: 'm'}

/**
 * What clients are called: w1 (the first writer), r1, b1; dw1 goes directly to one host, mw1 to all members. Those of another
 * driver than `pg`, or of a program, have its name in front: psycopg-mw1, pgbench-w1.
 */
export function clientName(driver: string, way: Way, job: 'w' | 'r' | 'b', number: number): string {
  return `${driver === 'pg' ? '' : `${driver}-`}${letters[way]}${job}${number}`
}

const jobLetters = {writers: 'w', readers: 'r', bankers: 'b'} as const

/** What the names of a group's clients have before their number. */
export function stemOf({kind, through, driver = 'pg'}: AgentGroup): string {
  const way = typeof through === 'object' ? 'host' : through === 'members' ? 'members' : 'proxy'
  return clientName(driver, way, jobLetters[kind], 1).slice(0, -1)
}

/**
 * What the clients of each group are called, given all groups of a run in their order: numbered by driver and job. All
 * connections of a program together have one name.
 */
export function namesOf(groups: readonly ClientGroup[]): string[][] {
  const numbers = new Map<string, number>()
  return groups.map(group => {
    if (group.kind === 'program') return [clientName(group.name, 'proxy', group.through === 'primary' ? 'w' : 'r', 1)]
    const {driver = 'pg', kind, count} = group
    const key = `${driver} ${kind}`
    return Array.from({length: count}, () => {
      const number = (numbers.get(key) ?? 0) + 1
      numbers.set(key, number)
      return `${stemOf(group)}${number}`
    })
  })
}

/** The driver, or the name of a program. */
export function driverOf(client: string): string {
  const end = client.lastIndexOf('-')
  return end === -1 ? 'pg' : client.slice(0, end)
}

/** Past the proxy: to one host, or to all members. */
export function isDirect(client: string): boolean {
  const first = client[client.lastIndexOf('-') + 1]
  return first === 'd' || first === 'm'
}

/** Past the proxy, to all members: such a client looks for the primary itself. */
export function findsPrimaryItself(client: string): boolean {
  return client[client.lastIndexOf('-') + 1] === 'm'
}

/** A banker wants a server that takes writes, so it counts as a writer. */
export function opOf(client: string): 'write' | 'read' {
  return client.includes('r', client.lastIndexOf('-') + 1) ? 'read' : 'write'
}

/**
 * A reader tells the highest id below this that it saw. The ids of one agent rise with time; those of the second, which begin
 * here, would hide them.
 */
export const readersLookBelow = 500_000_000
