/** What clients tried: operations of ours, and transactions of programs that know nothing of us. */
import {type ClientGroup, driverOf, isDirect, stemOf} from './client-group.ts'
import type {Of, OpName} from './event.ts'
import {type History, of, once} from './history.ts'

export type Attempt = Of<'op'> | Of<'transaction'>

/** Of all clients, in the order of their answers. */
export const attemptsOf = once((history): readonly Attempt[] => {
  const [ops, transactions] = [of(history, 'op'), of(history, 'transaction')]
  return transactions.length === 0 ? ops : [...ops, ...transactions].toSorted((a, b) => a.at - b.at)
})

/**
 * Tells the clients that were added to be compared with each other (`chaos --clients`): no expectation is about them. What they
 * saw is evidence about the cluster all the same: a write that they lost is a lost write.
 */
export const extraClientsOf = once((history): ((client: string) => boolean) => {
  const groups = groupsOf(history).extra
  if (groups.length === 0) return () => false
  return client =>
    groups.some(group =>
      group.kind === 'program' ? driverOf(client) === group.name : client.replace(/\d+$/, '') === stemOf(group),
    )
})

/** What clients of the scenario's own tried behind the proxy: what its expectations about clients are judged on. */
export function ownProxied(history: History, op: OpName): readonly Attempt[] {
  return (op === 'write' ? ownProxiedWrites : ownProxiedReads)(history)
}

const ownProxiedWrites = once(history => gather(history, 'write'))
const ownProxiedReads = once(history => gather(history, 'read'))

function gather(history: History, op: OpName): readonly Attempt[] {
  const isExtra = extraClientsOf(history)
  return attemptsOf(history).filter(one => one.op === op && !isDirect(one.client) && !isExtra(one.client))
}

/**
 * Answered writes of the scenario's own clients, of those behind the proxy if it has any: an outage ends for them when the proxy
 * routes again, for clients that look for the primary themselves earlier.
 */
export const ownAnsweredWrites = once((history): readonly Attempt[] => {
  const proxied = ownProxied(history, 'write')
  const isExtra = extraClientsOf(history)
  const own =
    proxied.length > 0 ? proxied : attemptsOf(history).filter(one => one.op === 'write' && !isExtra(one.client))
  return own.filter(one => one.outcome === 'ok')
})

/** The groups of clients as `run-started` has them; those of an older record may have no driver, and no extra ones. */
export function groupsOf(history: History): {own: readonly ClientGroup[]; extra: readonly ClientGroup[]} {
  const scenario = (of(history, 'run-started')[0]?.scenario ?? {}) as {clients?: unknown; extraClients?: unknown}
  const list = (groups: unknown) => (Array.isArray(groups) ? (groups as readonly ClientGroup[]) : [])
  return {own: list(scenario.clients), extra: list(scenario.extraClients)}
}

/** SQLSTATE, else the errno that the driver's words have, else `no code`. */
export function codeOf({sqlstate, error}: {readonly sqlstate: string | null; readonly error: string | null}): string {
  return sqlstate ?? /\bE[A-Z]{4,}\b/.exec(error ?? '')?.[0] ?? 'no code'
}
