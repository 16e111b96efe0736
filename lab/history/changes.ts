/**
 * What changed of the cluster under test, or was other than it was asked for, though no step of the run did it. Told by who saw it:
 * the watch on etcd, the members, the servers, HAProxy. Who did it nobody knows; that it was none of the run's own steps and mends
 * follows from when it was and what it was.
 */
import {watchdogTimeoutSeconds} from '../budget/index.ts'
import {patroniConfigOf} from '../topology/dynamic-config.ts'
import {releases} from '../topology/release.ts'
import type {HostName, Topology} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {firstView, viewsOf} from './cluster-view.ts'
import type {Event, Of} from './event.ts'
import {isWritable} from './failover.ts'
import {type History, of, once} from './history.ts'
import {type Interval, tells, whenWas} from './lateness.ts'
import {isPatchOfOurs, isTagOfOurs, ourPatches, ourPauses, sameValue, sayValue} from './our-changes.ts'
import {releasedFromSync} from './released-from-sync.ts'
import {pausesOf, tenuresOf} from './tenures.ts'

/**
 * `timings`: what the timing model rests on. `session`: what PostgreSQL gives a client's session. `other`: all else that stands in
 * Patroni's configuration. `files`: what the lab gave a service, which that reads when it starts the next time.
 */
export type Aspect = 'timings' | 'maintenance' | 'tags' | 'session' | 'watchdog' | 'proxy' | 'files' | 'other'

export interface ForeignChange {
  readonly aspect: Aspect
  readonly what: string
  /** As text; null: there was none. */
  readonly from: string | null
  readonly to: string | null
  /** null: it was so when the run was first looked at. */
  readonly when: Interval | null
  /** Who told it. */
  readonly by: string
  readonly event: Event
}

type Config = Readonly<Record<string, unknown>>

/** In the order in which they were told. */
export const changesByOthers = once((history): readonly ForeignChange[] => {
  const topology = of(history, 'run-started')[0]?.topology
  // What release a stranger's record is of nobody knows, nor what was asked for there.
  if (topology === undefined || !Object.hasOwn(releases, topology.release)) return []
  const found = [
    ...configChanges(history, topology),
    ...pauses(history),
    ...tagChanges(history, topology),
    ...settingChanges(history, topology),
    ...watchdogChanges(history, topology),
    ...disarmed(history, topology),
    ...proxyChanges(history),
    ...fileChanges(history),
  ]
  // Each member, and each replica of a catalogue, tells the same.
  const told = new Map<string, ForeignChange>()
  for (const one of found.toSorted((a, b) => a.event.at - b.event.at)) {
    const key = `${one.what} ${one.from} ${one.to} ${one.event.kind === 'config-key' ? one.event.at : ''}`
    if (!told.has(key)) told.set(key, one)
  }
  return [...told.values()]
})

/**
 * Of every cluster of the lab: each has a configuration of its own. That of one which follows is not given the scenario's settings, so
 * what it had when the run began is not held against those.
 */
export function changesInAll(history: History): readonly ForeignChange[] {
  const [, ...others] = viewsOf(history)
  const theirs = others.flatMap(one =>
    changesByOthers(one).filter(({event, when}) => event.kind === 'config-key' && when !== null),
  )
  return [...changesByOthers(firstView(history)), ...theirs]
}

/** What Patroni takes for a key that is not there: it is false, or as the topology has it. */
const unset: ReadonlySet<unknown> = new Set([undefined, null, false])

function configChanges(history: History, topology: Topology): ForeignChange[] {
  if (of(history, 'config-key').length === 0) return []
  const patches = ourPatches(history)
  const asked = patroniConfigOf(topology)
  const changes: ForeignChange[] = []
  let before: Config | undefined
  for (const event of of(history, 'config-key')) {
    const config = event.config ?? {}
    const when = before === undefined ? null : whenWas(history, event)
    const old = before ?? {...config, ...asked, pause: undefined}
    for (const [path, from, to] of differences(old, config)) {
      if (when !== null && isPatchOfOurs(patches, path, to, when)) continue
      changes.push({
        ...changeOf(path, asked),
        ...values(from, to),
        when,
        by: `/config in etcd, as ${event.told} told it`,
        event,
      })
    }
    before = config
  }
  return changes
}

function changeOf(path: readonly string[], asked: Config): Pick<ForeignChange, 'aspect' | 'what'> {
  const [first = ''] = path
  if (first === 'pause') return {aspect: 'maintenance', what: 'maintenance mode'}
  return {aspect: Object.hasOwn(asked, first) ? 'timings' : 'other', what: path.join('.')}
}

function values(from: unknown, to: unknown): Pick<ForeignChange, 'from' | 'to'> {
  const say = (value: unknown) => (value === undefined || value === null ? null : sayValue(value))
  return {from: say(from), to: say(to)}
}

function differences(from: Config, to: Config, above: readonly string[] = []): [string[], unknown, unknown][] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((key): [string[], unknown, unknown][] => {
    const [was, is] = [from[key], to[key]]
    const path = [...above, key]
    if ((unset.has(was) && unset.has(is)) || sameValue(was, is)) return []
    return isMapping(was) && isMapping(is) ? differences(was, is, path) : [[path, was, is]]
  })
}

function isMapping(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As the members tell it, where nobody told of their configuration. */
function pauses(history: History): ForeignChange[] {
  if (of(history, 'config-key').length > 0) return []
  const ours = ourPauses(history)
  return pausesOf(history)
    .filter(({from}) => !ours.some(one => from >= one.from && from <= one.to))
    .flatMap(({from}): ForeignChange[] => {
      const event = of(history, 'patroni').find(one => one.at === from && one.paused === true)
      if (event === undefined) return []
      const when = whenWas(history, event)
      return [
        {
          aspect: 'maintenance',
          what: 'maintenance mode',
          ...values(undefined, true),
          when,
          by: `Patroni on ${event.host}`,
          event,
        },
      ]
    })
}

/** Whether before a run or in it: other tags than the topology gives a member. */
function tagChanges(history: History, {tags: given = {}}: Topology): ForeignChange[] {
  const known = new Map<HostName, Config>()
  const own = releasedFromSync(history)
  return of(history, 'patroni').flatMap((event): ForeignChange[] => {
    const {host, tags, at} = event
    if (tags === undefined) return []
    const before = known.get(host)
    if (before === tags) return []
    known.set(host, tags)
    return differences(before ?? given[host] ?? {}, tags)
      .filter(([[tag = '']]) => !isTagOfOurs(history, host, tag, tags[tag], {at}))
      .filter(
        ([[tag]]) => tag !== 'nosync' || !own.some(one => one.host === host && (one.from === at || one.to === at)),
      )
      .map(([path, from, to]): ForeignChange => {
        const what = `the tag ${path.join('.')} of ${host}`
        const when = before === undefined ? null : whenWas(history, event)
        return {aspect: 'tags', what, ...values(from, to), when, by: `Patroni on ${host}`, event}
      })
  })
}

/** PostgreSQL's own, where no topology says anything else. */
const usual: Readonly<Record<string, string>> = {
  synchronous_commit: 'on',
  default_transaction_read_only: 'off',
  fsync: 'on',
  full_page_writes: 'on',
}

function settingChanges(history: History, topology: Topology): ForeignChange[] {
  if (of(history, 'settings').length === 0) return []
  const known = new Map<HostName, Readonly<Record<string, string>>>()
  const asked = {...usual, ...lowerCased(topology.postgresParameters)}
  return of(history, 'settings').flatMap((event): ForeignChange[] => {
    const {host, settings} = event
    const before = known.get(host)
    // What the probe's own role has otherwise is left out for a while: it stays as it was.
    known.set(host, {...(before && plainOf(before)), ...settings})
    const configured = lowerCased(parametersAt(history, event.at))
    return differences(before ?? Object.fromEntries(Object.entries(asked).filter(([name]) => name in usual)), settings)
      .filter(([[name = ''], , to]) => {
        // Of a role or a database. What else those have of their own, such as a search_path, decides nothing.
        if (!(name in usual)) return (name.split(' ')[0] ?? '') in usual
        return to !== undefined && !sameSetting(to, asked[name]) && !sameSetting(to, configured[name])
      })
      .map(([[name = ''], from, to]): ForeignChange => {
        const when = before === undefined ? null : whenWas(history, event)
        const what = name in usual ? `${name} of PostgreSQL on ${host}` : name
        return {aspect: 'session', what, ...values(from, to), when, by: `PostgreSQL on ${host}`, event}
      })
  })
}

function plainOf(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name in usual))
}

function lowerCased(parameters: Config): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name.toLowerCase(), sayValue(value)]))
}

function parametersAt(history: History, at: Micros): Config {
  const config = of(history, 'config-key').findLast(one => one.at <= at)?.config ?? {}
  const postgresql = isMapping(config.postgresql) ? config.postgresql : {}
  return isMapping(postgresql.parameters) ? postgresql.parameters : {}
}

function sameSetting(a: unknown, b: unknown): boolean {
  const plain = (value: unknown) => {
    const text = String(value).toLowerCase()
    if (['on', 'true', 'yes', '1'].includes(text)) return 'on'
    return ['off', 'false', 'no', '0'].includes(text) ? 'off' : text
  }
  return plain(a) === plain(b)
}

/** One that is armed with another timeout than the topology's fires at another time; with another ttl that is told by itself. */
function watchdogChanges(history: History, topology: Topology): ForeignChange[] {
  if (of(history, 'watchdog').length === 0) return []
  const asked = watchdogTimeoutSeconds(topology.patroni)
  const configs = of(history, 'config-key')
  if (asked === null || configs.some(one => !sameValue(one.config?.ttl, topology.patroni.ttlSeconds))) return []
  return of(history, 'watchdog')
    .filter(one => (one.state === 'armed' || one.state === 'fed') && one.timeoutSeconds !== asked)
    .map((event): ForeignChange => {
      const what = `the timeout of the watchdog of ${event.host}`
      return {
        aspect: 'watchdog',
        what,
        ...values(`${asked} s`, `${event.timeoutSeconds} s`),
        when: whenWas(history, event),
        by: `the watchdog of ${event.host}`,
        event,
      }
    })
}

/** Patroni disarms its watchdog when it stops leading, or in maintenance mode, and arms it with the next refresh of its lease. */
function disarmed(history: History, {patroni}: Topology): ForeignChange[] {
  const end = history.events.at(-1)?.at ?? 0
  return of(history, 'watchdog').flatMap((event): ForeignChange[] => {
    const {host, at} = event
    const until = at + 2 * patroni.loopWaitSeconds * 1_000_000 + sharp
    if (event.state !== 'disarmed' || end < until) return []
    const leads = tenuresOf(history).some(one => one.holder === host && one.from < at && one.to > until)
    const again = of(history, 'watchdog').some(
      one => one.host === host && (one.state === 'armed' || one.state === 'fed') && one.at > at && one.at <= until,
    )
    const paused = pausesOf(history).some(one => one.from <= until && one.to >= at)
    // One that gave up, having lost etcd, has its key until it runs out.
    const gaveUp = of(history, 'postgres').some(
      one => one.host === host && one.at > at && one.askedAt <= until && tells(one) && !isWritable(one),
    )
    if (!leads || again || paused || gaveUp) return []
    const when = whenWas(history, event)
    return [
      {
        aspect: 'watchdog',
        what: `the watchdog of ${host}`,
        ...values('armed', 'disarmed'),
        when,
        by: `the watchdog of ${event.host}`,
        event,
      },
    ]
  })
}

/** Only an operator puts a server into one of these states: HAProxy's checks never do. */
const byHand = /^(MAINT|DRAIN)/

function proxyChanges(history: History): ForeignChange[] {
  const known = new Map<string, Of<'proxy'>>()
  return of(history, 'proxy').flatMap((event): ForeignChange[] => {
    const key = `${event.proxy} ${event.backend} ${event.server}`
    const before = known.get(key)
    known.set(key, event)
    if (!byHand.test(event.status) || (before && byHand.test(before.status))) return []
    const what = `the server ${event.server} of ${event.proxy} (${event.backend})`
    const when = before === undefined ? null : whenWas(history, event)
    return [{aspect: 'proxy', what, ...values(before?.status, event.status), when, by: event.proxy, event}]
  })
}

function fileChanges(history: History): ForeignChange[] {
  const known = new Map<string, Of<'file'>>()
  return of(history, 'file').flatMap((event): ForeignChange[] => {
    const what = `${event.file} of ${event.host}`
    const before = known.get(what)
    known.set(what, event)
    if (event.as === (before?.as ?? 'given')) return []
    const when = before === undefined ? null : whenWas(history, event)
    return [
      {aspect: 'files', what, ...values(before?.as ?? 'given', event.as), when, by: `a look at ${event.host}`, event},
    ]
  })
}

/** Wider than that, a time is told as from when to when. */
const sharp: Micros = 1_000_000
/** More that changed at once nobody reads. */
const mostTold = 3

/** One sentence for all that changed at once, without a full stop. */
export function sayChanges(changes: readonly ForeignChange[]): string[] {
  const groups = Map.groupBy(
    changes,
    one => `${one.event.at} ${one.by} ${one.when === null} ${one.aspect === 'maintenance'}`,
  )
  return [...groups.values()].map(same => {
    const [first] = same
    if (first!.aspect === 'maintenance') return sayMaintenance(first!)
    const told = same.slice(0, mostTold).map(sayChange)
    const more = same.length > mostTold ? [`${same.length - mostTold} more settings`] : []
    const all = [...told, ...more].join(' and ')
    return first!.when === null
      ? `when the run began ${all}: no step did that (${first!.by})`
      : `${all} ${sayWhen(first!.when)} by somebody else: no step did that (${first!.by})`
  })
}

const became: Readonly<Record<string, string>> = {given: 'put back', changed: 'changed', gone: 'removed'}

function sayChange({aspect, what, from, to, when}: ForeignChange): string {
  if (aspect === 'files') return `${what} was ${became[to ?? 'gone'] ?? to}`
  if (when === null) {
    const was = to === null ? `${what} was not set` : `${what} was ${to}`
    return from === null ? was : `${was} (${from} was asked for)`
  }
  if (to === null) return `${what} (${from}) was removed`
  return from === null ? `${what} was set to ${to}` : `${what} was changed from ${from} to ${to}`
}

function sayMaintenance({to, when, by}: ForeignChange): string {
  const since = when === null ? 'since before the run began' : to === 'true' ? sayFrom(when) : sayWhen(when)
  return to === 'true'
    ? `the cluster was in maintenance mode ${since}, set by somebody else: no step did that (${by})`
    : `maintenance mode was ended ${since} by somebody else: no step did that (${by})`
}

function sayFrom({from, to}: Interval): string {
  return to - from > sharp
    ? `since ${sayMicros(Math.max(0, from))} to ${sayMicros(to)} of the run`
    : `since ${sayMicros(to)} of the run`
}

function sayWhen({from, to}: Interval): string {
  return to - from > sharp
    ? `between ${sayMicros(Math.max(0, from))} and ${sayMicros(to)} of the run`
    : `at ${sayMicros(to)} of the run`
}
