/** The run as a story: the few dozen events that a person would tell, in their words. */
import {whoDeletedKey} from '../history/by-hand.ts'
import {changesInAll, sayChanges} from '../history/changes.ts'
import {firstView, viewsOf} from '../history/cluster-view.ts'
import type {Event, Of} from '../history/event.ts'
import {prominenceOf, sayNews} from '../history/event-words.ts'
import {findFailover, isWritable} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {deletionsOf} from '../history/tenures.ts'
import {isOfFirst} from '../topology/clusters.ts'
import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'

interface StoryLine {
  readonly at: Micros
  readonly says: string
  readonly event: Event['kind']
}

/** More than this nobody reads; what is left out is in the history. */
const longest = 60

/** What was known of it before. */
function swap<K, V>(known: Map<K, V>, key: K, value: V): V | undefined {
  const before = known.get(key)
  known.set(key, value)
  return before
}

function isTrouble({op, outcome}: Of<'op'> | Of<'transaction'>): boolean {
  return op === 'write' && outcome !== 'ok'
}

export function story(history: History): StoryLine[] {
  const lines: StoryLine[] = []
  const tell = (event: Event, says: string) => lines.push({at: event.at, says, event: event.kind})
  const found = findFailover(firstView(history))
  const firstWrite = typeof found === 'string' ? undefined : found.firstWrite
  const reigned = new Map<HostName, number | null>()
  const role = new Map<HostName, string | null>()
  const serving = new Map<string, boolean>()
  const sharing = new Map<HostName, boolean>()
  let failing = false
  for (const event of history.events) {
    switch (event.kind) {
      case 'postgres': {
        if (!isWritable(event) || reigned.get(event.host) === event.timeline) break
        reigned.set(event.host, event.timeline)
        tell(event, sayNews<'postgres'>(event, 'writable'))
        break
      }
      case 'patroni': {
        if (event.role === null) break
        const before = swap(role, event.host, event.role)
        if (before !== undefined && before !== event.role) tell(event, sayNews<'patroni'>(event))
        break
      }
      case 'proxy': {
        const before = swap(serving, `${event.proxy} ${event.backend} ${event.server}`, event.up)
        if (isStory(event) && before !== undefined && before !== event.up) tell(event, sayNews<'proxy'>(event))
        break
      }
      case 'virtual-address':
        if ((swap(sharing, event.host, event.held) ?? false) !== event.held)
          tell(event, sayNews<'virtual-address'>(event))
        break
      case 'op':
      case 'transaction': {
        if (event === firstWrite) tell(event, sayNews<'op' | 'transaction'>(event, 'first'))
        else if (!failing && isTrouble(event) && typeof found !== 'string' && event.at > found.t0) {
          failing = true
          tell(event, sayNews<'op' | 'transaction'>(event, 'failing'))
        }
        break
      }
      case 'leader-key':
        tell(event, sayKey(history, event))
        break
      case 'config-key':
      case 'settings':
      case 'file':
        break // as far as somebody else changed them: see below
      default:
        if (isStory(event) && event.kind !== 'etcd-member') tell(event, sayNews<typeof event.kind>(event))
    }
  }
  tellChanges(history, lines)
  inOrderOfPhases(lines, found)
  return shortened(lines)
}

/** Of another cluster than the first, its name as well. */
function sayKey(history: History, event: Of<'leader-key'>): string {
  const says = sayNews<'leader-key'>(event, deletion(history, event))
  return isOfFirst(of(history, 'run-started')[0]?.topology, event) ? says : `${says} of ${event.scope}`
}

/** Somebody deleted the key, or its holder took it back after that. */
function deletion(history: History, event: Of<'leader-key'>) {
  for (const {gone, back} of viewsOf(history).flatMap(deletionsOf)) {
    if (event === gone) return {deletedOf: back.holder ?? '', by: whoDeletedKey(history, gone.at)}
    if (event === back) return {after: back.at - gone.at}
  }
  return null
}

/** What somebody else changed stands at its time. */
function tellChanges(history: History, lines: StoryLine[]): void {
  for (const change of changesInAll(history)) {
    const {at, kind} = change.event
    const [says = ''] = sayChanges([change])
    const next = lines.findIndex(line => line.at > at)
    lines.splice(next < 0 ? lines.length : next, 0, {at, says, event: kind})
  }
}

function shortened(lines: StoryLine[]): StoryLine[] {
  if (lines.length <= longest) return lines
  const left = lines.length - longest
  return [
    ...lines.slice(0, longest - 1),
    {at: lines[longest - 1]!.at, says: `and ${left + 1} more in the history`, event: 'note'},
  ]
}

function isStory(event: Event): boolean {
  return prominenceOf(event) === 'story'
}

/** A write may be acknowledged just before a probe looks again at what it waited for: it is told after that. */
function inOrderOfPhases(lines: StoryLine[], found: ReturnType<typeof findFailover>): void {
  if (typeof found === 'string' || !found.firstWrite || !found.newUp || !found.promoted) return
  const {firstWrite} = found
  const from = lines.findIndex(line => line.event === firstWrite.kind && line.at === firstWrite.at)
  const isLate = ({at}: StoryLine) => at > firstWrite.at && at - firstWrite.at <= justAfter
  const to = lines.findLastIndex(
    line => isLate(line) && [found.newUp, found.promoted].some(one => one?.kind === line.event && one.at === line.at),
  )
  if (from >= 0 && to > from) lines.splice(to, 0, ...lines.splice(from, 1))
}

/** Probes that look 20 times a second, on a slow machine. */
const justAfter: Micros = 250_000
