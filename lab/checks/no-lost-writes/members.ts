/** What the members' tables say of each other and of what was written into them. */

import type {Of} from '../../history/event.ts'
import {type History, of} from '../../history/history.ts'
import {finalTables, type Reference, Rows, sayIds} from '../../history/rows.ts'
import {type HostName, hostsWith} from '../../topology/topology.ts'
import {own} from '../../words/own.ts'

interface Said {
  readonly bad: string[]
  readonly doubts: string[]
}

/**
 * Hosts that hold different rows. A replica may be behind a primary that has just stopped writing, unless it had caught up; it can
 * never be ahead of it. One that is behind itself proves nothing of others.
 */
export function disagreement(history: History, {table, isPrimary}: Reference, acknowledged: readonly Of<'op'>[]): Said {
  const bad: string[] = []
  const doubts: string[] = []
  const base = new Rows(table)
  if (!isPrimary)
    doubts.push(
      table.caughtUp === true
        ? 'no primary was read at the end'
        : `no primary was read at the end, and ${table.host} had not caught up with one, as far as anybody knows`,
    )
  for (const final of finalTables(history)) {
    if (final.host === table.host) continue
    const other = new Rows(final)
    const [more, fewer] = [base.missingFrom(other), other.missingFrom(base)]
    if (more > 0)
      (isPrimary || table.caughtUp === true ? bad : doubts).push(
        `${count(more, 'row')} on ${final.host} that ${table.host} does not have: the hosts have parted ways`,
      )
    // Of a write without an answer nobody knows when it came: perhaps between the two readings.
    const gone = fewer > 0 ? acknowledged.filter(op => base.has(op.id) && !other.has(op.id)) : []
    if (gone.length > 0 && final.caughtUp === true)
      bad.push(
        `${count(gone.length, 'acknowledged write')} on ${table.host} that ${final.host} does not have, though it had caught up (${ids(gone)})`,
      )
    else if (fewer > 0) doubts.push(sayBehind(fewer, table.host, final))
    if (final.timeline !== table.timeline)
      doubts.push(`${final.host} is on timeline ${final.timeline}, ${table.host} on ${table.timeline}`)
  }
  return {bad, doubts: [...doubts, ...unread(history)]}
}

function sayBehind(fewer: number, primary: HostName, {host, caughtUp}: Of<'final-rows'>): string {
  const rows = `${count(fewer, 'row')} on ${primary} that ${host} does not have`
  return caughtUp === false ? `${host} was behind: ${rows}` : `${rows}: it had not caught up, or never will`
}

function unread(history: History): string[] {
  const topology = of(history, 'run-started')[0]?.topology
  const read = finalTables(history)
  const missing = (topology ? hostsWith(topology, 'patroni') : []).filter(host => !read.some(one => one.host === host))
  return missing.length > 0 ? [`the table of ${missing.join(' and ')} was not read at the end`] : []
}

/** Writes of ours whose rows are not as they were written, and where. */
export function alteredRows(history: History): {readonly ids: ReadonlySet<number>; readonly on: readonly HostName[]} {
  const found = new Set<number>()
  const on: HostName[] = []
  for (const {host, altered = []} of finalTables(history)) {
    if (altered.length === 0) continue
    const rows = new Rows({ranges: altered})
    const here = of(history, 'op').filter(op => op.op === 'write' && rows.has(op.id))
    if (here.length > 0) on.push(host)
    for (const op of here) found.add(op.id)
  }
  return {ids: found, on}
}

/** In the words of PostgreSQL's `pg_settings.source`. */
const sources: Readonly<Record<string, string>> = {
  database: 'for the database',
  user: 'for the role of the clients',
  'database user': 'for the role of the clients in this database',
  'configuration file': 'for the cluster',
}

/**
 * A setting under which an acknowledged write may be lost in a crash, or with its primary though replication is synchronous.
 * @param hosts who acknowledged what was lost.
 */
export function sayCommits(history: History, hosts: readonly (HostName | null)[]): string | undefined {
  const synchronous = (of(history, 'run-started')[0]?.topology.patroni.synchronousMode ?? 'off') !== 'off'
  const weak = synchronous ? ['off', 'local'] : ['off']
  const told = finalTables(history).flatMap(({host, synchronousCommit: set}) =>
    set !== undefined && weak.includes(set.setting) && hosts.includes(host) ? {host, ...set} : [],
  )
  const [first] = told
  if (first === undefined) return undefined
  const why =
    first.setting === 'off'
      ? 'a commit is acknowledged before it is on disk, and a crash loses it'
      : 'no standby is waited for'
  return `synchronous_commit is ${first.setting} on ${told.map(one => one.host).join(' and ')}, set ${own(sources, first.source) ?? `by ${first.source}`}: ${why}`
}

/** The first of them; all are in the measures. */
export function ids(ops: readonly Pick<Of<'op'>, 'id'>[]): string {
  const shown = ops.slice(0, 5).map(op => op.id)
  return `id ${shown.join(', ')}${ops.length > 5 ? ` and ${ops.length - 5} more` : ''}`
}

export function allIds(found: Readonly<Record<string, Iterable<number>>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, all]) => {
      const says = sayIds(all)
      return says === '' ? [] : [[name, says]]
    }),
  )
}

export function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`
}
