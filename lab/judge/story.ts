/** The run as a story: the few dozen events that a person would tell, in their words. */
import type {Event, LogSign, Of} from '../history/event.ts'
import {findFailover, isWritable} from '../history/failover.ts'
import type {History} from '../history/history.ts'
import {sayMend} from '../history/say-mend.ts'
import type {HostName} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'

interface StoryLine {
  readonly at: Micros
  readonly says: string
  readonly event: Event['kind']
}

/** More than this nobody reads; what is left out is in the history. */
const longest = 60

export function story(history: History): StoryLine[] {
  const lines: StoryLine[] = []
  const tell = (event: Event, says: string) => lines.push({at: event.at, says, event: event.kind})
  const found = findFailover(history)
  const firstWrite = typeof found === 'string' ? undefined : found.firstWrite
  const reigned = new Map<HostName, number | null>()
  const role = new Map<HostName, string | null>()
  const serving = new Map<string, boolean>()
  let failing = false
  for (const event of history.events) {
    switch (event.kind) {
      case 'postgres': {
        if (!isWritable(event) || reigned.get(event.host) === event.timeline) break
        reigned.set(event.host, event.timeline)
        tell(event, `${event.host} takes writes on timeline ${event.timeline ?? '?'}`)
        break
      }
      case 'patroni': {
        const before = role.get(event.host)
        if (event.role === null || before === event.role) break
        role.set(event.host, event.role)
        if (before !== undefined) tell(event, `${event.host} is ${event.role} now, timeline ${event.timeline ?? '?'}`)
        break
      }
      case 'proxy': {
        const key = `${event.proxy} ${event.backend} ${event.server}`
        const before = serving.get(key)
        serving.set(key, event.up)
        if (event.backend === 'primary' && before !== undefined && before !== event.up) tell(event, sayEvent(event)!)
        break
      }
      case 'op':
      case 'transaction': {
        if (event === firstWrite)
          tell(
            event,
            `first acknowledged write, by ${event.server} on timeline ${event.timeline}: ${event.client} had waited for it`,
          )
        else if (
          !failing &&
          event.op === 'write' &&
          event.outcome !== 'ok' &&
          typeof found !== 'string' &&
          event.at > found.t0
        ) {
          failing = true
          tell(event, `writes begin to fail: ${event.sqlstate ?? event.error ?? 'no answer'}`)
        }
        break
      }
      default: {
        const says = sayEvent(event)
        if (says !== null && event.kind !== 'step-ended') tell(event, says)
      }
    }
  }
  inOrderOfPhases(lines, found)
  return shortened(lines)
}

function shortened(lines: StoryLine[]): StoryLine[] {
  if (lines.length <= longest) return lines
  const left = lines.length - longest
  return [
    ...lines.slice(0, longest - 1),
    {at: lines[longest - 1]!.at, says: `and ${left + 1} more in the history`, event: 'note'},
  ]
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

/** An event on its own in words; null for what happens all the time (samples, operations, reports of observers). */
export function sayEvent(event: Event): string | null {
  switch (event.kind) {
    case 'run-started':
      return `run ${event.run} in lab ${event.lab}, profile ${event.topology.profile}`
    case 'phase':
      return phases[event.name]
    case 'step-started':
      return `step ${event.index + 1}: ${event.says}`
    case 'step-ended':
      return event.ok ? null : `step ${event.index + 1} was not done: ${event.says}`
    case 'run-ended':
      return event.how === 'complete'
        ? 'the run is complete'
        : `the run ended early (${event.how})${event.says ? `: ${event.says}` : ''}`
    case 'note':
      return event.says
    case 'target':
      return `${event.selector} is ${event.hosts.join(', ')}`
    case 'fault-injecting':
      return `${event.id}: ${event.what} (${event.hosts.join(', ')})`
    case 'fault-proof':
      return event.holds ? `${event.id} took hold: ${event.says}` : `${event.id} did NOT take hold: ${event.says}`
    case 'fault-again':
      return `${event.id} is in force again on ${event.host}, which had restarted`
    case 'fault-lost':
      return `${event.id} was LOST${event.host === null ? '' : ` on ${event.host}`}: ${event.says}`
    case 'fault-mending':
      return `mending ${event.id}: ${sayMend(event.mend)}`
    case 'fault-mended':
      return event.ok ? `${event.id} is mended` : `${event.id} could NOT be mended: ${event.says ?? 'no reason given'}`
    case 'leader-key':
      return event.holder === null ? 'the leader key is gone' : `${event.holder} holds the leader key`
    case 'sync-key':
      return `synchronous standbys: ${event.standbys.join(', ') || 'none'}`
    case 'proxy':
      return event.backend === 'primary'
        ? `${event.proxy}: ${event.server} is ${event.status} for writes (${event.check})`
        : null
    case 'container':
      return sayContainer(event)
    case 'log':
      return logSigns[event.sign] ? `${event.host}: ${event.says}` : null
    case 'watchdog':
      return event.state === 'fed' ? null : sayWatchdog(event)
    default:
      return null
  }
}

/** What a host's log says is told when nothing else tells it. */
const logSigns: Readonly<Record<LogSign, boolean>> = {
  pg_rewind: true,
  basebackup: true,
  'crash-recovery': true,
  panic: true,
  bug: true,
  'disk-full': true,
  promoting: false,
  demoting: false,
  'slow-disk': false,
}

function sayContainer({host, action, exitCode}: Of<'container'>): string | null {
  switch (action) {
    case 'die':
      return `the container of ${host} died${exitCode === null ? '' : `, exit code ${exitCode}`}`
    case 'oom':
      return `${host} is out of memory`
    case 'start':
      return `the container of ${host} started`
    case 'pause':
      return `${host} is frozen`
    case 'unpause':
      return `${host} runs on`
    default:
      return null
  }
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

const phases: Readonly<Record<Extract<Event, {kind: 'phase'}>['name'], string>> = {
  leftovers: 'healing what an earlier run left behind',
  healthy: 'waiting until the lab is healthy',
  steady: 'clients and probes start; waiting for a steady state',
  steps: 'steady; the steps begin',
  healing: 'healing all faults',
  recovery: 'waiting until the lab is healthy again',
  'final-reads': 'the writers have stopped; reading the table of every member',
}
