/**
 * What an app outside the lab did with its connections when its server had gone: it kept those that lead to it, or it asked for no new
 * one. Both are the app's own doing, as nobody else knows when to let go.
 */
import type {HostName} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {type Attempt, attemptsOf, groupsOf, isOf} from './attempts.ts'
import {driverOf} from './client-group.ts'
import type {Failover} from './failover.ts'
import {type History, of} from './history.ts'
import {containerAfter} from './role.ts'

/** A statement that waits for less is on its way. */
const leastKept: Micros = 2_000_000

/**
 * In a clause of a sentence each: `the connections of app were kept to node1, which was down: one statement waited there for 21 s`;
 * empty of clients that are no such app, and of those that let go.
 */
export function sayKept(
  history: History,
  clients: readonly string[],
  {oldLeader, t0: from}: Pick<Failover, 'oldLeader' | 't0'>,
  end: Micros,
): readonly string[] {
  return clients.flatMap(client => {
    if (!isOutside(history, client)) return []
    // Whatever came in the end: a server that wakes up may still acknowledge what it had been asked.
    const kept = attemptsOf(history).filter(
      one =>
        one.client === client &&
        one.op === 'write' &&
        one.server === oldLeader &&
        Math.min(one.at, end) - Math.max(one.sentAt, from) > leastKept,
    )
    return [...sayWaited(history, client, kept, from, end), ...sayNone(history, client, from, end)]
  })
}

/** Whether it is an app outside the lab, which begins and ends when somebody else says. */
export function isOutside(history: History, client: string): boolean {
  return groupsOf(history).own.some(one => one.kind === 'program' && one.outside === true && isOf(one, client))
}

function sayWaited(
  history: History,
  client: string,
  kept: readonly Attempt[],
  from: Micros,
  end: Micros,
): readonly string[] {
  return [...Map.groupBy(kept, one => one.server!)].map(([host, all]) => {
    const longest = Math.max(...all.map(one => Math.min(one.at, end) - Math.max(one.sentAt, from)))
    const [what, statements] =
      all.length === 1
        ? ['a connection', 'the statement that it waited for was']
        : [`${all.length} connections`, 'the statements that it waited for were']
    return `${driverOf(client)} kept ${what} to ${host}, which was ${whatBecameOf(history, host, from, end)}, for ${sayMicros(longest)}: ${statements} never given up`
  })
}

function sayNone(history: History, client: string, from: Micros, end: Micros): readonly string[] {
  const within = (one: {readonly client: string; readonly at: Micros}) =>
    one.client === client && one.at > from && one.at <= end
  const connected = of(history, 'client-connected').some(within)
  const gone = of(history, 'client-disconnected').find(within)
  if (connected || gone === undefined) return []
  return [
    `${driverOf(client)} asked for no new connection after it had lost one (${gone.error}), in ${sayMicros(end - gone.at)}`,
  ]
}

function whatBecameOf(history: History, host: HostName, from: Micros, end: Micros): string {
  const phases = of(history, 'container')
    .filter(one => one.host === host && one.at >= from && one.at <= end)
    .map(one => containerAfter(one.action))
  if (phases.includes('stopped')) return 'dead'
  return phases.includes('paused') ? 'frozen' : 'no longer the primary'
}
