/**
 * What the screen knows: a pure fold over the events of a run, one event at a time, so that a hundred thousand cost
 * little. Values only; no lab, no terminal, no clock. What depends on the time (ages, gaps, the lease left) is asked of
 * the view with `now`.
 */

import type {Event, HostName, Micros, Of, PhaseName, Topology} from '../../lab/index.ts'
import type {ContainerPhase, Reading} from '../../lab/inside/reading.ts'
import {
  areAllDirect,
  areTogether,
  containerAfter,
  isOfFirst,
  nothingRead,
  readOn,
  sayStep,
} from '../../lab/inside/reading.ts'
import {type Failover, shown} from './failover.ts'
import {type FaultInForce, injected, mended, proven} from './faults-in-force.ts'
import {type Lease, leaseTold, refreshed} from './lease.ts'
import {type NotableLine, notable} from './notable.ts'
import {answered, noThroughput, type Throughput, writersBegin, writersStopped} from './throughput.ts'
import {rested, type Writers, writersIn, wrote} from './writers.ts'

export const phases: readonly PhaseName[] = [
  'leftovers',
  'healthy',
  'steady',
  'steps',
  'healing',
  'recovery',
  'final-reads',
]

export type Progress = 'pending' | 'running' | 'done' | 'failed'

export interface StepView {
  readonly says: string
  readonly state: Progress
  readonly startedAt: Micros | null
  readonly endedAt: Micros | null
  /** What came of it. */
  readonly result: string | null
}

export interface Member {
  readonly host: HostName
  /** False: the host has no PostgreSQL, only etcd. */
  readonly postgres: boolean
  /** `started`: since its PostgreSQL answered last, the container was started again. */
  readonly container: ContainerPhase
  /** PostgreSQL's own answer; null: not asked yet. */
  readonly up: boolean | null
  readonly inRecovery: boolean | null
  /** Since when it answers as a server that takes writes. */
  readonly writableSince: Micros | null
  readonly timeline: number | null
  readonly lsn: number | null
  readonly receiver: string | null
  /** Behind the leader's last known position; null: not known. */
  readonly lagBytes: number | null
  /** Patroni's word for its PostgreSQL; null: no answer. */
  readonly patroniState: string | null
  readonly etcdUp: boolean | null
  /** Its member of etcd knows a leader, and so is in a quorum. */
  readonly etcdLed: boolean | null
  /** When its watchdog resets the host, if it is not fed before; null: it is not armed. */
  readonly firesAt: Micros | null
}

export interface Backend {
  readonly proxy: HostName
  readonly backend: 'primary' | 'replicas'
  readonly server: HostName
  readonly up: boolean
  readonly since: Micros
}

export interface View {
  readonly run: string | null
  readonly scenario: string
  readonly lab: string
  readonly versions: Readonly<Record<string, string>>
  readonly topology: Topology | null
  readonly phase: PhaseName | null
  readonly steps: readonly StepView[]
  readonly members: readonly Member[]
  readonly backends: readonly Backend[]
  /** Who has the virtual address. */
  readonly holders: readonly string[]
  /** Who holds Patroni's leader key, as etcd told it. */
  readonly holder: HostName | null
  /** The same of the cluster that follows the first one, where there is one. */
  readonly otherHolder: HostName | null
  /** When that key goes, if it is not refreshed again; and when it was refreshed last. */
  readonly lease: Lease | null
  readonly etcdLeader: {readonly host: HostName; readonly term: number} | null
  readonly syncStandbys: readonly HostName[]
  readonly faults: readonly FaultInForce[]
  readonly clients: Throughput
  /** Each of those that write. */
  readonly writers: Writers
  /** What the report reads a failover from, too. */
  readonly reading: Reading
  readonly failover: Failover | null
  /** What a person would want to be told, newest last. */
  readonly lines: readonly NotableLine[]
  readonly ended: Of<'run-ended'>['how'] | null
}

export const emptyView: View = {
  run: null,
  scenario: '',
  lab: '',
  versions: {},
  topology: null,
  phase: null,
  steps: [],
  members: [],
  backends: [],
  holders: [],
  holder: null,
  otherHolder: null,
  lease: null,
  etcdLeader: null,
  syncStandbys: [],
  faults: [],
  clients: noThroughput,
  writers: [],
  reading: nothingRead,
  failover: null,
  lines: [],
  ended: null,
}

const mostLines = 100
const mostSteps = 1000

export function view(events: Iterable<Event>): View {
  let state = emptyView
  for (const event of events) state = fold(state, event)
  return state
}

export function fold(before: View, event: Event): View {
  // Nine events in ten are operations, and an operation touches nothing but the clients and the failover's last phase.
  const changed =
    event.kind === 'op' || event.kind === 'transaction'
      ? {...before, clients: answered(before.clients, event), writers: wrote(before.writers, event)}
      : isOfOther(before, event)
        ? otherTold(before, event)
        : happened(before, event)
  const reading = readOn(before.reading, event)
  if (changed === before && reading === before.reading) return before
  const after = reading === before.reading ? changed : {...changed, reading, failover: shown(reading, changed.topology)}
  const line = notable(before, event, after)
  return line === null ? after : {...after, lines: [...after.lines, line].slice(-mostLines)}
}

/** A key of the cluster that follows the first one, or a word of its etcd. */
function isOfOther({topology}: View, event: Event): boolean {
  if (topology?.standbyCluster === undefined) return false
  if ('scope' in event) return !isOfFirst(topology, event)
  return event.kind === 'etcd-member' && !areTogether(topology, event.host, '')
}

function otherTold(so: View, event: Event): View {
  if (event.kind === 'etcd-member') return withMember(so, event.host, {etcdUp: event.up})
  return event.kind === 'leader-key' ? {...so, otherHolder: event.holder} : so
}

/** Long because it is one table, with a case for each kind of event. */
function happened(so: View, event: Exclude<Event, {kind: 'op' | 'transaction'}>): View {
  switch (event.kind) {
    case 'run-started':
      return started(so, event)
    case 'phase':
      return {...(event.name === 'final-reads' ? withoutWriters(so, event.at) : so), phase: event.name}
    case 'step-started':
      return withStep(so, event.index, {
        says: event.says,
        state: 'running',
        startedAt: event.at,
        endedAt: null,
        result: null,
      })
    case 'step-ended':
      return withStep(so, event.index, {
        state: event.ok ? 'done' : 'failed',
        endedAt: event.at,
        result: event.says,
      })
    case 'run-ended':
      return {...withoutWriters(so, event.at), ended: event.how}
    case 'never-began':
    case 'recovery':
    case 'note':
    case 'target':
    case 'final-rows':
    case 'client-notice':
      // Only worth a line.
      return {...so}
    case 'fault-injecting':
      return {...so, faults: injected(so.faults, event)}
    case 'fault-proof':
      return {...so, faults: proven(so.faults, event)}
    case 'fault-mended':
      return {...so, faults: mended(so.faults, event)}
    case 'leader-key':
      return {
        ...{...so, holder: event.holder},
        lease: event.holder === null ? null : refreshed(so.lease, event.at, so.topology),
      }
    case 'status-key':
      return so.holder === null ? so : {...so, lease: refreshed(so.lease, event.at, so.topology)}
    case 'lease':
      return {...so, lease: leaseTold(so.lease, event)}
    case 'sync-key':
      return {...so, syncStandbys: event.standbys}
    case 'etcd-member':
      return etcdTold(so, event)
    case 'patroni':
      return withMember(so, event.host, {patroniState: event.code === null ? null : event.state})
    case 'postgres':
      return postgresTold(so, event)
    case 'proxy':
      return proxyTold(so, event)
    case 'container':
      return containerTold(so, event)
    case 'fault-again':
    case 'fault-lost':
    case 'room':
      return {...so}
    case 'watchdog':
      return {...withMember(so, event.host, {firesAt: event.leftMicros === null ? null : event.at + event.leftMicros})}
    case 'virtual-address': {
      const others = so.holders.filter(host => host !== event.host)
      return {...so, holders: event.held ? [...others, event.host] : others}
    }
    case 'log':
    case 'fsync':
    case 'fault-injected':
    case 'fault-mending':
    case 'clock':
    case 'watching':
    case 'config-key':
    case 'settings':
    case 'file':
    case 'slots':
    case 'bank':
    case 'client-connected':
    case 'client-disconnected':
      return so
  }
}

function started(so: View, event: Of<'run-started'>): View {
  const hosts = event.topology.hosts.filter(host => host.services.some(one => one === 'patroni' || one === 'etcd'))
  const {name, steps} = event.scenario
  return {
    ...so,
    run: event.run,
    scenario: name,
    lab: event.lab,
    versions: event.versions,
    topology: event.topology,
    clients: {...so.clients, allDirect: areAllDirect(event.scenario)},
    writers: writersIn(event.scenario.clients),
    steps: steps.map(step => ({...pendingStep, says: sayStep(step)})),
    members: hosts.map(host => ({...silentMember, host: host.name, postgres: host.services.includes('patroni')})),
  }
}

/** The writers were told to stop. */
export function withoutWriters(so: View, at: Micros): View {
  return {...so, clients: writersStopped(so.clients, at), writers: rested(so.writers)}
}

/** They begin anew: what was before is no outage of theirs. */
export function withWriters(so: View, at: Micros): View {
  return {...so, clients: writersBegin(so.clients, at), writers: rested(so.writers)}
}

const pendingStep: StepView = {says: '', state: 'pending', startedAt: null, endedAt: null, result: null}

const silentMember: Member = {
  host: '',
  postgres: true,
  container: 'running',
  up: null,
  inRecovery: null,
  writableSince: null,
  timeline: null,
  lsn: null,
  receiver: null,
  lagBytes: null,
  patroniState: null,
  etcdUp: null,
  etcdLed: null,
  firesAt: null,
}

function withStep(so: View, index: number, change: Partial<StepView>): View {
  // Nobody writes a scenario of so many; a number out of reason must not make a list of its length.
  if (!(index < mostSteps)) return so
  const steps = so.steps.slice()
  while (steps.length <= index) steps.push(pendingStep)
  steps[index] = {...steps[index]!, ...change}
  return {...so, steps}
}

function withMember(so: View, host: HostName, change: Partial<Member>): View {
  const index = so.members.findIndex(one => one.host === host)
  const known = so.members[index]
  // What is told again and again is nothing new: a screen that looks as before is not drawn.
  if (known === undefined || Object.entries(change).every(([key, value]) => known[key as keyof Member] === value))
    return so
  return {...so, members: so.members.with(index, {...known, ...change})}
}

function member(so: View, host: HostName): Member | undefined {
  return so.members.find(one => one.host === host)
}

function etcdTold(so: View, event: Of<'etcd-member'>): View {
  const told = withMember(so, event.host, {etcdUp: event.up, etcdLed: event.leader !== null})
  if (event.leader === null || event.term === null || event.term < (so.etcdLeader?.term ?? 0)) return told
  return {...told, etcdLeader: {host: event.leader, term: event.term}}
}

function postgresTold(so: View, event: Of<'postgres'>): View {
  const known = member(so, event.host)
  if (known === undefined) return so
  const writable = event.up && event.inRecovery === false && event.readOnly === false
  // The leader was asked before this replica, so a replica that keeps up is 0 behind, and not one round of probes.
  const leaderLsn = so.holder === null ? null : (member(so, so.holder)?.lsn ?? null)
  const own = event.replayedLsn ?? event.lsn
  const lagBytes =
    event.inRecovery && event.host !== so.holder && leaderLsn !== null && own !== null
      ? Math.max(0, leaderLsn - own)
      : null
  return withMember(so, event.host, {
    up: event.up,
    container: event.up && known.container === 'started' ? 'running' : known.container,
    inRecovery: event.inRecovery,
    writableSince: writable ? (known.writableSince ?? event.at) : null,
    timeline: event.timeline,
    lsn: event.lsn,
    receiver: event.receiver,
    lagBytes,
  })
}

function proxyTold(so: View, {proxy, backend, server, up, at}: Of<'proxy'>): View {
  const others = so.backends.filter(one => one.proxy !== proxy || one.backend !== backend || one.server !== server)
  const known = so.backends.find(one => !others.includes(one))
  const now = {proxy, backend, server, up, since: known?.up === up ? known.since : at}
  return {
    ...so,
    backends: [...others, now].sort((a, b) => order(a).localeCompare(order(b), 'en', {numeric: true})),
  }
}

function order(one: Backend): string {
  return `${one.proxy} ${one.backend} ${one.server}`
}

function containerTold(so: View, event: Of<'container'>): View {
  const container = containerAfter(event.action)
  const known = member(so, event.host)
  if (container === undefined || known === undefined) return so
  const {host, postgres} = known
  // What was known of the processes of a host that stopped or starts is of yesterday.
  return withMember(
    so,
    host,
    event.action.endsWith('pause') ? {container} : {...silentMember, host, postgres, container},
  )
}
