/** What clients tried: operations of ours, and transactions of programs that know nothing of us. */

import type {Micros} from '../words/quantity.ts'
import {sift} from '../words/sift.ts'
import {type ClientGroup, driverOf, isDirect, labsOwn, namesOf, opOf, stemOf} from './client-group.ts'
import type {Of, OpName} from './event.ts'
import {type History, of, once} from './history.ts'
import type {Scenario} from './scenario-values.ts'

export type Attempt = Of<'op'> | Of<'transaction'>

/** Of all clients, in the order of their answers. */
export const attemptsOf = once((history): readonly Attempt[] => {
  const [ops, transactions] = [of(history, 'op'), of(history, 'transaction')]
  return transactions.length === 0 ? ops : [...ops, ...transactions].toSorted((a, b) => a.at - b.at)
})

/** What one client tried to write, each list in the order of the answers. */
export interface Writes {
  readonly acknowledged: readonly Attempt[]
  /** Refused, or never answered. */
  readonly others: readonly Attempt[]
}

/** Clients that only read are not in it. */
export const writesByClient = once((history): ReadonlyMap<string, Writes> => {
  const clients = new Map<string, {acknowledged: Attempt[]; others: Attempt[]}>()
  for (const one of attemptsOf(history)) {
    if (one.op !== 'write') continue
    let writes = clients.get(one.client)
    if (writes === undefined) {
      writes = {acknowledged: [], others: []}
      clients.set(one.client, writes)
    }
    if (one.outcome === 'ok') writes.acknowledged.push(one)
    else writes.others.push(one)
  }
  return clients
})

/** Of attempts in the order of their answers those that were answered until then. */
export function answeredUntil(attempts: readonly Attempt[], end: Micros): readonly Attempt[] {
  return (attempts.at(-1)?.at ?? end) <= end
    ? attempts
    : attempts.slice(0, attempts.findLastIndex(one => one.at <= end) + 1)
}

/**
 * Tells the clients that were added to be compared with each other (`chaos --clients`): no expectation is about them. What they
 * saw is evidence about the cluster all the same: a write that they lost is a lost write.
 */
export const extraClientsOf = once((history): ((client: string) => boolean) => {
  const groups = groupsOf(history).extra
  if (groups.length === 0) return () => false
  return client => groups.some(group => isOf(group, client))
})

/** Whether a client is of this group. */
export function isOf(group: ClientGroup, client: string): boolean {
  return group.kind === 'program' ? driverOf(client) === group.name : client.replace(/\d+$/, '') === stemOf(group)
}

/**
 * What clients of the scenario's own tried: what its expectations about clients are judged on. Of those behind the proxy, if it has any
 * that do this: an outage ends for them when the proxy routes again. Beside them, who goes to one host shows what that one still takes.
 */
export function ownAttempts(history: History, op: OpName): readonly Attempt[] {
  return (op === 'write' ? ownWrites : ownReads)(history)
}

/**
 * What is held against a limit on the time without writes or reads: the same, and a banker's transfer is a write, too. Its audit is
 * a read of the primary that no expectation about readers means.
 */
export const ownWritesAndTransfers = once((history): readonly (Attempt | Of<'bank'>)[] => {
  const isExtra = extraClientsOf(history)
  const writes = sift(attemptsOf(history), one => one.op === 'write' && !isExtra(one.client))
  const transfers = of(history, 'bank').filter(one => one.op === 'transfer' && !isExtra(one.client))
  const all = transfers.length === 0 ? writes : [...writes, ...transfers].toSorted((a, b) => a.at - b.at)
  return proxiedOrAll(all)
})

const ownWrites = once(history => gather(history, 'write'))
const ownReads = once(history => gather(history, 'read'))

function gather(history: History, op: OpName): readonly Attempt[] {
  const isExtra = extraClientsOf(history)
  return proxiedOrAll(sift(attemptsOf(history), one => one.op === op && !isExtra(one.client)))
}

/** An outage ends for clients when the proxy routes again; where nobody goes by it, those who go past it are what there is. */
export function proxiedOrAll<T extends {readonly client: string}>(all: readonly T[]): readonly T[] {
  const proxied = sift(all, one => !isDirect(one.client))
  return proxied.length > 0 ? proxied : all
}

/** Those of the writes that were answered. */
export const ownAnsweredWrites = once((history): readonly Attempt[] =>
  sift(ownAttempts(history, 'write'), one => one.outcome === 'ok'),
)

/**
 * Clients of ours of which none has been answered anything so far, in words; null: there is no such group. The rate of all groups
 * together may hide it, and a driver that does nothing is in no verdict about clients.
 */
export function silentGroup(history: History, groups: readonly ClientGroup[]): string | null {
  const answered = new Set<string>()
  for (const kind of ['op', 'bank'] as const)
    for (const {client, outcome} of of(history, kind)) if (outcome === 'ok') answered.add(client)
  const names = namesOf(groups)
  const silent = names.find(
    (clients, index) => groups[index]!.kind !== 'program' && !clients.some(client => answered.has(client)),
  )
  return silent === undefined ? null : `nothing that ${silent.join(', ')} asked for has been answered yet`
}

/** The groups of clients as `run-started` has them; those of an older record may have no driver, and no extra ones. */
export function groupsOf(history: History): {own: readonly ClientGroup[]; extra: readonly ClientGroup[]} {
  return groupsIn(of(history, 'run-started')[0]?.scenario)
}

/** The same, as `run-started` has the scenario. */
export function groupsIn(scenario: Scenario | undefined): {
  own: readonly ClientGroup[]
  extra: readonly ClientGroup[]
} {
  return {own: scenario?.clients ?? [], extra: scenario?.extraClients ?? []}
}

/** Whether all who write single rows go past the proxy, as it is planned: for `proxiedOrAll` before all of them were heard of. */
export function areAllDirect(scenario: Scenario): boolean {
  const {own, extra} = groupsIn(scenario)
  const writers = namesOf([...own, ...extra].filter(({kind}) => kind !== 'bankers'))
    .flat()
    .filter(client => opOf(client) === 'write')
  return writers.length > 0 && writers.every(isDirect)
}

/**
 * What the least patient of those who write through the proxies waits for an answer; null: for ever, as far as is known (a program says
 * nothing of it). Nothing where nobody does.
 */
export function proxiedWait(history: History): {readonly answerWithinMs?: number | null} {
  const {own, extra} = groupsOf(history)
  const waits = [...own, ...extra]
    .filter(one => one.through === 'primary' && one.kind !== 'readers')
    .map(one => (one.kind === 'program' ? null : {...labsOwn, ...one.timeouts}.statementMs) ?? Number.POSITIVE_INFINITY)
  const least = Math.min(...waits)
  if (waits.length === 0) return {}
  return {answerWithinMs: Number.isFinite(least) ? least : null}
}

/** SQLSTATE, else the errno that the driver's words have, else `no code`. */
export function codeOf({sqlstate, error}: {readonly sqlstate: string | null; readonly error: string | null}): string {
  return sqlstate ?? /\bE[A-Z]{4,}\b/.exec(error ?? '')?.[0] ?? 'no code'
}
