/** The few events of a run that a person would want to be told, as a line each. */

import {sayMend} from '../../lab/history/say-mend.ts'
import type {Event, Micros} from '../../lab/index.ts'
import {sayEvent} from '../../lab/judge/story.ts'
import {printable} from '../../lab/words/printable.ts'
import {count, seconds} from './format.ts'
import type {Member, View} from './view.ts'

export interface Line {
  /** Counts the lines of the run. */
  readonly nth: number
  readonly at: Micros
  readonly says: string
  readonly tone: 'plain' | 'good' | 'bad'
}

/** Shorter pauses are not worth a line. */
const gapWorthTelling: Micros = 1_000_000

export function notable(before: View, event: Event, after: View): Line | null {
  const told = say(before, event, after)
  if (told === null) return null
  const [says, tone = 'plain'] = told
  return {nth: (before.lines.at(-1)?.nth ?? 0) + 1, at: event.at, says: printable(says), tone}
}

type Told = readonly [says: string, tone?: Line['tone']] | null

function say(before: View, event: Event, after: View): Told {
  switch (event.kind) {
    case 'phase':
      return [`-- ${event.name.replace('-', ' ')}`]
    case 'step-started':
    case 'note':
    case 'target':
      return [sayEvent(event)!]
    case 'step-ended':
      return event.ok ? null : [sayEvent(event)!, 'bad']
    case 'run-ended':
      return [sayEvent(event)!, event.how === 'complete' ? 'good' : 'bad']
    case 'fault-injecting':
      return [`FAULT ${event.what}: ${event.hosts.join(', ')}`, 'bad']
    case 'fault-proof':
      return [sayEvent(event)!, event.holds ? 'plain' : 'bad']
    case 'fault-mended':
      return event.ok
        ? [`healed ${event.id}: ${sayMend(event.mend)}`, 'good']
        : [`NOT healed, ${event.id}: ${sayMend(event.mend)}: ${event.says ?? 'no reason given'}`, 'bad']
    case 'fault-again':
    case 'fault-lost':
      return [sayEvent(event)!, 'bad']
    case 'watchdog': {
      const says = event.state === 'fed' ? null : sayEvent(event)
      return says === null ? null : [says, event.state === 'fired' ? 'bad' : 'plain']
    }
    case 'log': {
      const says = sayEvent(event)
      return says === null ? null : [says]
    }
    case 'leader-key':
      return sayLeaderKey(before, after)
    case 'sync-key':
      return before.syncStandbys.join() === event.standbys.join() ? null : [sayEvent(event)!]
    case 'etcd-member':
      return sayEtcd(before, after, event.host)
    case 'postgres':
      return sayPostgres(before, after, event.host, event.error)
    case 'proxy':
      return sayProxy(before, event)
    case 'container': {
      const says = sayEvent(event)
      return says === null ? null : [says, /^(die|oom|pause)$/.test(event.action) ? 'bad' : 'plain']
    }
    case 'op':
    case 'transaction':
      return sayGap(before, after)
    case 'client-notice':
      return [`client ${event.client}: ${event.sqlstate} ${event.says}`, 'bad']
    case 'final-rows':
      return [`${event.host} holds ${count(rows(event.ranges))} rows, ${event.duplicates.length} twice`]
    default:
      return null
  }
}

function sayLeaderKey(before: View, after: View): Told {
  if (after.holder === before.holder) return null
  return after.holder === null
    ? [`the leader key of ${before.holder} is gone`, 'bad']
    : [`${after.holder} holds the leader key`, 'good']
}

function sayEtcd(before: View, after: View, host: string): Told {
  if (after.etcdLeader?.host !== before.etcdLeader?.host)
    return before.etcdLeader === null ? null : [`etcd's leader is ${after.etcdLeader?.host} now`]
  const [was, is] = [member(before, host)?.etcdUp, member(after, host)?.etcdUp]
  if (was === is || was === null || was === undefined) return null
  return is ? [`etcd on ${host} answers again`, 'good'] : [`etcd on ${host} does not answer`, 'bad']
}

function sayPostgres(before: View, after: View, host: string, error: string | null): Told {
  const [was, is] = [member(before, host), member(after, host)]
  if (was === undefined || is === undefined || was.up === null) return null
  if (was.up && !is.up) return [`PostgreSQL on ${host} does not answer${error ? ` (${error})` : ''}`, 'bad']
  if (was.writableSince === null && is.writableSince !== null)
    return [`${host} accepts writes${is.timeline === null ? '' : `, timeline ${is.timeline}`}`, 'good']
  if (is.receiver === 'streaming' && was.receiver !== 'streaming') return [`${host} streams from the leader`, 'good']
  return null
}

/** The first word about a server is its state when the watching began, which is no news. */
function sayProxy(before: View, {proxy, backend, server, up, check}: Extract<Event, {kind: 'proxy'}>): Told {
  const known = before.backends.find(one => one.proxy === proxy && one.backend === backend && one.server === server)
  if (known === undefined || known.up === up) return null
  return [
    `${proxy}: ${server} is ${up ? 'UP' : 'DOWN'} for ${backend}${check ? ` (${check})` : ''}`,
    up ? 'good' : 'plain',
  ]
}

function sayGap(before: View, after: View): Told {
  const [was, is] = [before.clients.lastWriteAt, after.clients.lastWriteAt]
  if (was === null || is === null || is - was < gapWorthTelling) return null
  return [`writes are acknowledged again after ${seconds(is - was)}`, 'good']
}

function member(so: View, host: string): Member | undefined {
  return so.members.find(one => one.host === host)
}

function rows(ranges: readonly (readonly [number, number])[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
}
