/** The few events of a run that a person would want to be told, as a line each. */

import type {Event, Micros} from '../../lab/index.ts'
import type {Change} from '../../lab/inside/reading.ts'
import {isOfFirst, isUnannounced, prominenceOf, sayLive} from '../../lab/inside/reading.ts'
import {printable} from '../../lab/inside/start.ts'
import type {Member, View} from './view.ts'

export interface NotableLine {
  /** Counts the lines of the run. */
  readonly nth: number
  readonly at: Micros
  readonly says: string
  readonly tone: 'plain' | 'good' | 'bad'
}

/** Shorter pauses are not worth a line. */
const gapWorthTelling: Micros = 1_000_000

export function notable(before: View, event: Event, after: View): NotableLine | null {
  if (prominenceOf(event) === 'trace') return null
  const told = say(before, event, after)
  if (told === null) return null
  const [says, tone = 'plain'] = told
  return {nth: (before.lines.at(-1)?.nth ?? 0) + 1, at: event.at, says: printable(says), tone}
}

type Tone = NotableLine['tone']
type Told = readonly [says: string, tone?: Tone] | null

/** What is news by itself, and what is only when it was otherwise before. */
function say(before: View, event: Event, after: View): Told {
  switch (event.kind) {
    case 'fault-injecting':
      // What it was is told by the events that it was seen by.
      return isUnannounced(event) ? null : told(sayLive<'fault-injecting'>(event), 'bad')
    case 'leader-key': {
      const isFirst = isOfFirst(after.topology ?? undefined, event)
      const [was, is] = isFirst ? [before.holder, after.holder] : [before.otherHolder, after.otherHolder]
      if (was === is) return null
      return told(sayLive<'leader-key'>(event, was), event.holder === null ? 'bad' : 'good')
    }
    case 'sync-key':
      return before.syncStandbys.join() === event.standbys.join() ? null : told(sayLive<'sync-key'>(event))
    case 'etcd-member': {
      const change = ofEtcd(before, after, event.host)
      if (change === null) return null
      const tone = change === 'answers' ? 'good' : change === 'silent' ? 'bad' : 'plain'
      return told(sayLive<'etcd-member'>(event, change), tone)
    }
    case 'postgres': {
      const change = ofPostgres(before, after, event.host)
      return change === null ? null : told(sayLive<'postgres'>(event, change), change === 'silent' ? 'bad' : 'good')
    }
    case 'proxy':
      return isNews(before, event) ? told(sayLive<'proxy'>(event), event.up ? 'good' : 'plain') : null
    case 'virtual-address':
      return before.holders.includes(event.host) === event.held ? null : told(sayLive<'virtual-address'>(event))
    case 'op':
    case 'transaction': {
      const gap = gapBefore(before, after)
      return gap === null ? null : told(sayLive<'op' | 'transaction'>(event, gap), 'good')
    }
    default:
      return told(sayLive<typeof event.kind>(event), toneOf(event))
  }
}

function told(says: string | null, tone: Tone = 'plain'): Told {
  return says === null ? null : [says, tone]
}

function toneOf(event: Event): Tone {
  switch (event.kind) {
    case 'step-ended':
    case 'fault-again':
    case 'fault-lost':
    case 'client-notice':
      return 'bad'
    case 'run-ended':
      return event.how === 'complete' ? 'good' : 'bad'
    case 'fault-proof':
      return event.holds ? 'plain' : 'bad'
    case 'fault-mended':
      return event.ok ? 'good' : 'bad'
    case 'watchdog':
      return event.state === 'fired' ? 'bad' : 'plain'
    case 'container':
      return /^(die|oom|pause)$/.test(event.action) ? 'bad' : 'plain'
    default:
      return 'plain'
  }
}

function ofEtcd(before: View, after: View, host: string): Change<'etcd-member'> | null {
  const leader = after.etcdLeader?.host
  if (leader !== before.etcdLeader?.host) return before.etcdLeader === null || leader === undefined ? null : {leader}
  const [was, is] = [member(before, host)?.etcdUp, member(after, host)?.etcdUp]
  if (was === is || was === null || was === undefined) return null
  return is ? 'answers' : 'silent'
}

function ofPostgres(before: View, after: View, host: string): Change<'postgres'> | null {
  const [was, is] = [member(before, host), member(after, host)]
  if (was === undefined || is === undefined || was.up === null) return null
  if (was.up && !is.up) return 'silent'
  if (was.writableSince === null && is.writableSince !== null) return 'writable'
  return is.receiver === 'streaming' && was.receiver !== 'streaming' ? 'streams' : null
}

/** The first word about a server is its state when the watching began, which is no news. */
function isNews(before: View, {proxy, backend, server, up}: Extract<Event, {kind: 'proxy'}>): boolean {
  const known = before.backends.find(one => one.proxy === proxy && one.backend === backend && one.server === server)
  return known !== undefined && known.up !== up
}

function gapBefore(before: View, after: View): Micros | null {
  const [was, is] = [before.clients.lastWriteAt, after.clients.lastWriteAt]
  return was === null || is === null || is - was < gapWorthTelling ? null : is - was
}

function member(so: View, host: string): Member | undefined {
  return so.members.find(one => one.host === host)
}
