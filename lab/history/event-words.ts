/**
 * Every kind of event in words, and how far it is told. Whoever tells of a run (the story of a report, the lines of the screen, the
 * evidence of a finding) has the words from here, and knows by itself what is news: an event often says what was so before.
 */

import type {LogSign} from '../topology/release.ts'
import type {HostName} from '../topology/topology.ts'
import {sayLsn} from '../words/lsn.ts'
import {type Micros, sayBytes, sayMicros} from '../words/quantity.ts'
import type {Attempt} from './attempts.ts'
import type {Event, Of, PhaseName} from './event.ts'
import {sayMend} from './say-mend.ts'
import {sayPosition} from './slot.ts'
import {isWritable} from './unfolding.ts'

/** When it is news it is told: in the story and on the screen, on the screen alone, or nowhere but where it proves something. */
type Prominence = 'story' | 'notable' | 'trace'

type Kind = Event['kind']

/** What may have changed, where an event alone does not tell. */
interface Changes {
  readonly postgres: 'writable' | 'silent' | 'streams'
  /** Who held the key; null: nobody, or it is not known. Or that somebody deleted it, and after how long its holder took it back. */
  readonly 'leader-key':
    | HostName
    | null
    | {readonly deletedOf: HostName; readonly by: string}
    | {readonly after: Micros}
  /** Etcd's new leader, or that this member answers now, or does not. */
  readonly 'etcd-member': {readonly leader: HostName} | 'answers' | 'silent'
  readonly op: OfWrites
  readonly transaction: OfWrites
}

/** The first of a new leader, the first that fails, or the first again after this long. */
type OfWrites = 'first' | 'failing' | Micros

export type Change<K extends Kind> = K extends keyof Changes ? Changes[K] : undefined

interface Words<K extends Kind> {
  readonly prominence: Prominence | ((event: Of<K>) => Prominence)
  /** By itself, in one line; null: only its fields. */
  readonly says: ((event: Of<K>) => string) | null
  /** As news; by itself unless given. */
  readonly news?: (event: Of<K>, change: Change<K>) => string
  /** On the screen, as news unless given. null: that shows it elsewhere than among its lines. */
  readonly live?: ((event: Of<K>) => string) | null
}

const words: {readonly [K in Kind]: Words<K>} = {
  'run-started': {
    prominence: 'story',
    says: ({run, lab, topology}) => `run ${run} in lab ${lab}, profile ${topology.profile}`,
    live: null,
  },
  'never-began': {prominence: 'trace', says: null},
  phase: {prominence: 'story', says: ({name}) => phases[name], live: ({name}) => `-- ${name.replace('-', ' ')}`},
  'step-started': {prominence: 'story', says: ({index, says}) => `step ${index + 1}: ${says}`},
  'step-ended': {
    prominence: ({ok}) => (ok ? 'trace' : 'notable'),
    says: ({ok, index, says}) => `step ${index + 1} was ${ok ? '' : 'not '}done: ${says}`,
  },
  'run-ended': {
    prominence: 'story',
    says: ({how, says}) =>
      how === 'complete' ? 'the run is complete' : `the run ended early (${how})${says ? `: ${says}` : ''}`,
  },
  recovery: {
    prominence: ({recovered}) => (recovered ? 'story' : 'notable'),
    says: ({recovered, says}) => (recovered ? says : `the lab did not recover: ${says}`),
  },
  note: {prominence: 'story', says: ({says}) => says},
  clock: {prominence: 'trace', says: null},
  watching: {prominence: 'trace', says: null},
  target: {prominence: 'story', says: ({selector, hosts}) => `${selector} is ${hosts.join(', ')}`},
  'fault-injecting': {
    prominence: 'story',
    says: ({id, what, hosts}) => `${id}: ${what} (${hosts.join(', ')})`,
    live: ({what, hosts}) => `FAULT ${what}: ${hosts.join(', ')}`,
  },
  'fault-injected': {prominence: 'trace', says: ({id}) => `${id}: the call that breaks returned`},
  'fault-proof': {
    prominence: 'story',
    says: ({id, holds, says}) => (holds ? `${id} took hold: ${says}` : `${id} did NOT take hold: ${says}`),
  },
  'fault-again': {
    prominence: 'story',
    says: ({id, host}) => `${id} is in force again on ${host}, which had restarted`,
  },
  'fault-lost': {
    prominence: 'story',
    says: ({id, host, says}) => `${id} was LOST${host === null ? '' : ` on ${host}`}: ${says}`,
  },
  'fault-mending': {prominence: 'story', says: ({id, mend}) => `mending ${id}: ${sayMend(mend)}`, live: null},
  'fault-mended': {
    prominence: 'story',
    says: ({id, ok, says}) => (ok ? `${id} is mended` : `${id} could NOT be mended: ${says ?? 'no reason given'}`),
    live: ({id, ok, mend, says}) =>
      ok ? `healed ${id}: ${sayMend(mend)}` : `NOT healed, ${id}: ${sayMend(mend)}: ${says ?? 'no reason given'}`,
  },
  'leader-key': {
    prominence: 'story',
    says: ({holder}) => sayKey(holder, null),
    news: ({holder}, was) => sayKey(holder, was),
  },
  'status-key': {prominence: 'trace', says: null},
  'sync-key': {prominence: 'story', says: ({standbys}) => `synchronous standbys: ${standbys.join(', ') || 'none'}`},
  // What of it nobody planned is news, and only the story knows that (`changes.ts`).
  'config-key': {
    prominence: 'story',
    says: ({config}) => (config === null ? "Patroni's configuration is gone" : "Patroni's configuration is told"),
    live: null,
  },
  lease: {prominence: 'trace', says: null},
  'etcd-member': {
    prominence: 'notable',
    says: null,
    news: ({host}, change) =>
      typeof change === 'object'
        ? `etcd's leader is ${change.leader} now`
        : `etcd on ${host} ${change === 'answers' ? 'answers again' : 'does not answer'}`,
  },
  patroni: {
    prominence: 'story',
    says: ({host, code, role, state, timeline}) =>
      code === null
        ? `Patroni on ${host} does not answer`
        : `Patroni on ${host}: ${role ?? 'no role'}, ${state ?? 'no state'}, timeline ${timeline ?? '?'}`,
    news: ({host, role, timeline}) => `${host} is ${role} now, timeline ${timeline ?? '?'}`,
    live: null,
  },
  log: {prominence: ({sign}) => logSigns[sign], says: ({host, says}) => `${host}: ${says}`},
  watchdog: {prominence: ({state}) => (state === 'fed' ? 'trace' : 'story'), says: sayWatchdog},
  fsync: {prominence: 'trace', says: null},
  room: {
    prominence: 'story',
    says: ({full, freeBytes}) =>
      full
        ? `the disk of the Docker engine is full: ${sayBytes(freeBytes)} are free`
        : `the disk of the Docker engine has room again: ${sayBytes(freeBytes)} are free`,
  },
  postgres: {
    prominence: 'story',
    says: sayServer,
    news: (event, change) =>
      change === 'writable'
        ? `${event.host} takes writes on timeline ${event.timeline ?? '?'}`
        : change === 'streams'
          ? `${event.host} streams from the leader`
          : sayServer(event),
  },
  file: {
    prominence: ({as}) => (as === 'given' ? 'trace' : 'story'),
    says: ({host, file, as}) =>
      as === 'given' ? `${file} of ${host} is as the lab gave it` : `${file} of ${host} is ${as}`,
    live: null,
  },
  settings: {
    prominence: 'story',
    says: ({host}) => `the settings of PostgreSQL on ${host} are told`,
    live: null,
  },
  slots: {
    prominence: 'trace',
    says: ({host, slots}) =>
      `the slots of ${host}: ${slots.map(one => `${one.name} at ${sayPosition(one)}`).join(', ') || 'none'}`,
  },
  proxy: {
    prominence: ({backend}) => (backend === 'primary' ? 'story' : 'notable'),
    says: ({proxy, backend, server, status, check}) =>
      `${proxy}: ${server} is ${status} for ${backend === 'primary' ? 'writes' : 'reads'}${check && ` (${check})`}`,
  },
  'virtual-address': {
    prominence: 'story',
    says: ({host, held}) => `${host} has ${held ? '' : 'not '}the virtual address`,
    news: ({host, held}) => `${host} has the virtual address${held ? '' : ' no more'}`,
  },
  container: {
    prominence: ({action}) => (containers.has(action) ? 'story' : 'trace'),
    says: event => containers.get(event.action)?.(event) ?? `the engine says of ${event.host}: ${event.action}`,
  },
  'client-connected': {prominence: 'trace', says: null},
  'client-disconnected': {prominence: 'trace', says: null},
  op: {
    prominence: 'story',
    says: event => sayOperation(event, `${event.op} ${event.id}`, event.lsn),
    news: sayWrites,
  },
  bank: {prominence: 'trace', says: event => sayOperation(event, `${event.op} ${event.id}`, event.lsn)},
  transaction: {
    prominence: 'story',
    says: event => sayOperation(event, `a transaction (${event.op})`, null),
    news: sayWrites,
  },
  'client-notice': {prominence: 'notable', says: ({client, sqlstate, says}) => `client ${client}: ${sqlstate} ${says}`},
  'final-rows': {
    prominence: 'notable',
    says: event =>
      `${event.host} holds ${rows(event)} rows on timeline ${event.timeline}, ${event.duplicates.length} of them twice${sayAltered(event)}`,
    live: event => `${event.host} holds ${rows(event).toLocaleString('en-US')} rows, ${event.duplicates.length} twice`,
  },
}

/** Those of the event's own kind, for whoever has an event of any. */
interface AnyWords {
  readonly prominence: Prominence | ((event: Event) => Prominence)
  readonly says: ((event: Event) => string) | null
  readonly news?: (event: Event, change: unknown) => string
  readonly live?: ((event: Event) => string) | null
}

/** The report of a stranger may have events of kinds that nobody knows. */
function wordsOf({kind}: Event): AnyWords {
  return Object.hasOwn(words, kind) ? (words[kind] as unknown as AnyWords) : {prominence: 'trace', says: null}
}

export function prominenceOf(event: Event): Prominence {
  const {prominence} = wordsOf(event)
  return typeof prominence === 'function' ? prominence(event) : prominence
}

/** By itself; null: nobody has words for it, only its fields. */
export function sayEvent(event: Event): string | null {
  return wordsOf(event).says?.(event) ?? null
}

export function sayNews<K extends Kind>(
  event: Of<K>,
  ...[change]: Change<K> extends undefined ? [] : [Change<K>]
): string {
  const {news, says} = wordsOf(event)
  return news?.(event, change) ?? says?.(event) ?? event.kind
}

/** As a line of the screen; null: that shows it elsewhere. */
export function sayLive<K extends Kind>(
  event: Of<K>,
  ...change: Change<K> extends undefined ? [] : [Change<K>]
): string | null {
  const {live} = wordsOf(event)
  return live === null ? null : (live?.(event) ?? sayNews(event, ...change))
}

const phases: Readonly<Record<PhaseName, string>> = {
  leftovers: 'healing what an earlier run left behind',
  healthy: 'waiting until the lab is healthy',
  steady: 'clients and probes start; waiting for a steady state',
  steps: 'steady; the steps begin',
  healing: 'healing all faults',
  recovery: 'waiting until the lab is healthy again',
  'final-reads': 'the writers have stopped; reading the table of every member',
}

/** What a host's log says is told when nothing else tells it. */
const logSigns: Readonly<Record<LogSign, Prominence>> = {
  pg_rewind: 'story',
  basebackup: 'story',
  'crash-recovery': 'story',
  panic: 'story',
  bug: 'story',
  'disk-full': 'story',
  promoting: 'trace',
  'new-timeline': 'trace',
  rejected: 'trace',
  demoting: 'trace',
  'cannot-follow': 'trace',
  'slow-disk': 'trace',
}

/** By what the engine calls it, which may be anything; all else that it tells is no news. */
const containers = new Map<string, (event: Of<'container'>) => string>([
  ['die', ({host, exitCode}) => `the container of ${host} died${exitCode === null ? '' : `, exit code ${exitCode}`}`],
  ['oom', ({host}) => `${host} is out of memory`],
  ['start', ({host}) => `the container of ${host} started`],
  ['pause', ({host}) => `${host} is frozen`],
  ['unpause', ({host}) => `${host} runs on`],
])

function sayKey(holder: HostName | null, was: Changes['leader-key']): string {
  if (typeof was === 'object' && was !== null)
    return 'after' in was
      ? `${holder} took its leader key back after ${sayMicros(was.after)}`
      : `${was.by} deleted the leader key of ${was.deletedOf}: its lease had not run out`
  if (holder !== null) return `${holder} holds the leader key`
  return was === null ? 'the leader key is gone' : `the leader key of ${was} is gone`
}

function sayWatchdog({host, state, timeoutSeconds, leftMicros}: Of<'watchdog'>): string {
  switch (state) {
    case 'armed':
      return `the watchdog of ${host} is armed: ${timeoutSeconds} s`
    case 'starving':
      return `the watchdog of ${host} is not fed: it fires in ${sayMicros(leftMicros ?? 0)}`
    case 'fired':
      return `the watchdog of ${host} fires: the host is reset`
    default:
      return `the watchdog of ${host} is ${state}`
  }
}

function sayServer(event: Of<'postgres'>): string {
  const {host, up, error, inRecovery, timeline, lsn, receiver} = event
  if (!up) return `PostgreSQL on ${host} does not answer (${error ?? 'no reason given'})`
  const where = `timeline ${timeline ?? '?'}${lsn === null ? '' : ` at ${sayLsn(lsn)}`}`
  if (inRecovery) return `${host} is a replica, ${where}, ${receiver === null ? 'streams from nobody' : receiver}`
  return isWritable(event) ? `${host} takes writes on ${where}` : `${host} is a primary that is read-only, ${where}`
}

function sayWrites({server, timeline, client, sqlstate, error}: Attempt, change: OfWrites): string {
  if (change === 'first')
    return `first acknowledged write, by ${server} on timeline ${timeline}: ${client} had waited for it`
  if (change === 'failing') return `writes begin to fail: ${sqlstate ?? error ?? 'no answer'}`
  return `writes are acknowledged again after ${(change / 1e6).toFixed(1)} s`
}

const outcomes = {ok: 'was acknowledged', fail: 'failed', unknown: 'got no answer'} as const

function sayOperation(
  {client, sentAt, at, outcome, server, timeline, sqlstate, error}: Attempt | Of<'bank'>,
  what: string,
  lsn: number | null,
): string {
  const by =
    server === null ? '' : ` by ${server} on timeline ${timeline ?? '?'}${lsn === null ? '' : ` at ${sayLsn(lsn)}`}`
  const why =
    outcome === 'ok' ? '' : `: ${[sqlstate, error].filter(part => part !== null).join(' ') || 'no reason given'}`
  return `${what} of ${client} ${outcomes[outcome]}${by} after ${sayMicros(at - sentAt)}${why}`
}

function sayAltered({altered = []}: Of<'final-rows'>): string {
  const many = rows({ranges: altered})
  return many === 0 ? '' : `, ${many} not as they were written`
}

function rows({ranges}: Pick<Of<'final-rows'>, 'ranges'>): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
}
