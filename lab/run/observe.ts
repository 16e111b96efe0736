/** Probes and clients around whatever is done to a lab: the steps of a scenario (`play`), or code of the caller's. */

import type {AppRelay} from '../clients/app-relay.ts'
import {type Clients, finalRows, newTable, prepareTable, startClients, wakeAgents} from '../clients/clients.ts'
import type {WaitingAgents} from '../clients/waiting-agents.ts'
import {versions} from '../cluster/versions.ts'
import {waitFor} from '../cluster/wait.ts'
import type {Lab} from '../engine/lab.ts'
import {giveUpAfter} from '../healing/heal.ts'
import {silentGroup} from '../history/attempts.ts'
import {fullRoom} from '../history/disturbances.ts'
import type {Event, Happening, Of, PhaseName} from '../history/event.ts'
import {sayEvent} from '../history/event-words.ts'
import {of, type Recorder} from '../history/history.ts'
import {isRefreshKnown} from '../history/lease-refresh.ts'
import {sureSteady} from '../history/steady-writes.ts'
import {counting} from '../history/tellers.ts'
import {probes} from '../probes/index.ts'
import type {ProbeSite} from '../probes/probe.ts'
import type {ClientGroup, Expectation} from '../scenario/index.ts'
import {runId} from '../state/run-folder.ts'
import {anew} from '../state/state.ts'
import {type Cluster, firstCluster, isOfFirst} from '../topology/clusters.ts'
import {withoutPrograms} from '../topology/patroni-build.ts'
import {type Host, hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab, whatFillsIt} from '../words/next-step.ts'
import type {Micros} from '../words/quantity.ts'
import {recover} from './recovery.ts'
import {unsettledYet} from './settled.ts'

const steadyWithinMs = 30_000
/** Probes end with their signal; one that does not must not keep the healing waiting. */
const probesEndWithinMs = 15_000

export interface ObserveOptions {
  /** Who writes and reads, as a scenario has them in values; nobody when not given. */
  readonly clients?: readonly ClientGroup[]
  /** What the run is called in its history; `story` when not given. Like `expect` for a history that has not begun. */
  readonly name?: string
  /** What `judge(history)` judges it by: the name of each check, and its parameters as a scenario file has them. */
  readonly expect?: readonly Expectation[]
  /** Apps outside the lab: what they ask and are answered is recorded until the writers end. */
  readonly relays?: readonly AppRelay[]
  /** Ends what is waited for here, by a LabError `interrupted`; no mend and no disposal. */
  readonly signal?: AbortSignal
}

/** Ends with its disposal: clients first, then probes; resolves when all they said is recorded. */
export interface Observation extends AsyncDisposable {
  /**
   * Every probe answers, a leader holds its key, and the clients write at the rate that they should: only now may anything break.
   * From here on the history counts. @throws LabError `not-ready` after 30 s, `interrupted`, and as `mustBeWhole`
   */
  steady(): Promise<void>
  /**
   * After the last mend, from here on `recovered` counts: waits up to a minute for the lab to be healthy (one that is not is a finding of the checks, no error), ends
   * the writers, and reads what every member has of their rows. Without it `no-lost-writes` and its like can tell nothing.
   * @throws LabError `interrupted`, and as `mustBeWhole`
   */
  settle(): Promise<void>
  /** A verdict on half a history would be a guess. @throws LabError when evidence is being lost: an agent is gone, a disk is full. */
  mustBeWhole(): void
}

/**
 * Watches a lab, and has clients work on it, until the observation is disposed of:
 *
 *     await using watch = await observe(lab, history, {clients: [{kind: 'writers', count: 4, perSecond: 100, through: 'primary'}]})
 *     await watch.steady()
 *     // whatever is to be seen
 *     await watch.settle()
 *
 * The lab has to be healthy (`heal`, `untilHealthy`), and the caller holds its lock (`lockLab`). A history that has not begun begins
 * with this, and ends with the disposal: complete if it was settled, else early, and the judge then says so.
 * @throws LabError `usage` for clients that cannot be had, `not-ready` when they do not start, `timeout`, and what the engine says.
 */
export async function observe(
  lab: Lab,
  history: Recorder,
  options: ObserveOptions = {},
  waiting?: WaitingAgents,
): Promise<Observation> {
  const {relays = [], signal = new AbortController().signal} = options
  const groups = [...(options.clients ?? []), ...relays.map(one => one.group)]
  const own = of(history, 'run-started').length === 0
  lab.docker.heed(signal)
  await using agents = waiting ?? wakeAgents(lab, groups)
  if (own) await begin(lab, history, {...options, clients: groups})
  const {site, watching} = siteOf(lab, history)
  let settled = false
  let probing: Promise<unknown> = Promise.resolve()
  let clients: Clients | undefined
  let ending: Promise<void> | undefined
  const dispose = () => {
    ending ??= (async () => {
      for (const relay of relays) relay.leave()
      try {
        await clients?.stop()
      } finally {
        watching.abort()
        await giveUpAfter(probesEndWithinMs, probing).finally(() => own && end(history, settled, signal))
      }
    })()
    return ending
  }
  try {
    probing = Promise.all(probes.map(probe => probe.run(site)))
    clients = await startOnTable(site, groups, {history, signal, waiting: agents})
    for (const relay of relays) relay.tellTo(site)
  } catch (error) {
    await dispose()
    throw error
  }
  const at: Observed = {lab, history, groups, clients, relays, signal, neverSeen: firstNever()}
  return {
    async steady() {
      await untilSteady(at)
      enter(history, 'steps')
    },
    async settle() {
      // `play` has said so before it mended; code of the caller's mends when it likes, and is through with it now.
      if (!of(history, 'phase').some(one => one.name === 'healing')) enter(history, 'healing')
      enter(history, 'recovery')
      await recover(at)
      await at.clients.stopWriters()
      for (const relay of relays) relay.leave()
      enter(history, 'final-reads')
      await readFinalRows(at)
      mustBeWhole(at)
      settled = true
    },
    mustBeWhole: () => mustBeWhole(at),
    [Symbol.asyncDispose]: dispose,
  }
}

/** The clients at work on a table of their own, which is made while they get ready. */
async function startOnTable(
  site: ProbeSite,
  groups: readonly ClientGroup[],
  {history, signal, waiting}: {history: Recorder; signal: AbortSignal; waiting: WaitingAgents},
): Promise<Clients> {
  const table = newTable()
  const early = new AbortController()
  const ready = prepareTable(site.lab, {
    table,
    signal: AbortSignal.any([signal, early.signal]),
    seen: says => void history.record({kind: 'note', says: `the table of this run is not made yet: ${says}`}),
  })
  ready.catch(() => {}) // the clients that wait for it say so
  try {
    return await startClients(site, groups, {table, ready, waiting})
  } catch (error) {
    early.abort()
    await ready.catch(() => {})
    throw error
  }
}

function enter(history: Recorder, name: PhaseName): void {
  history.record({kind: 'phase', name})
}

/** Where probes stand, and what ends them. */
function siteOf(lab: Lab, history: Recorder): {readonly site: ProbeSite; readonly watching: AbortController} {
  const watching = new AbortController()
  const record = counting((happening: Happening, at?: Micros) => history.record(happening, at))
  return {site: {lab, record, now: () => history.now(), signal: watching.signal}, watching}
}

interface Observed {
  readonly lab: Lab
  readonly history: Recorder
  readonly groups: readonly ClientGroup[]
  readonly clients: Clients
  readonly relays: readonly AppRelay[]
  readonly signal: AbortSignal
  /** Of the reports, the first that says that something is seen no more. */
  readonly neverSeen: (reports: readonly Of<'watching'>[]) => Of<'watching'> | undefined
}

/** It is asked several times a second for as long as a run takes, and looks at each report once. */
function firstNever(): Observed['neverSeen'] {
  let looked = 0
  let found: Of<'watching'> | undefined
  return reports => {
    for (; found === undefined && looked < reports.length; looked++)
      if (reports[looked]!.never !== undefined) found = reports[looked]
    return found
  }
}

async function begin(lab: Lab, history: Recorder, {name = 'story', clients = [], expect = []}: ObserveOptions) {
  const {topology} = lab
  const count = (service: 'patroni' | 'etcd') => hostsWith(topology, service).length
  history.record(
    {
      kind: 'run-started',
      run: runId(name),
      scenario: {
        ...{name, about: 'Code of its own, observed by pgha-lab.'},
        ...{needs: {postgres: count('patroni'), etcd: count('etcd')}, clients, steps: [], expect},
      },
      lab: lab.name,
      topology: withoutPrograms(topology),
      versions: await versions(lab),
      startedAt: new Date(history.startedAtMs).toISOString(),
    },
    0,
  )
}

function end(history: Recorder, settled: boolean, {aborted}: AbortSignal): void {
  if (settled) history.record({kind: 'run-ended', how: 'complete'})
  else if (aborted) history.record({kind: 'run-ended', how: 'interrupted', says: 'the observation was interrupted'})
  else history.record({kind: 'run-ended', how: 'error', says: 'the observation ended before it was settled'})
  history.flush()
}

async function untilSteady(at: Observed): Promise<void> {
  const {lab, history, signal} = at
  const lately = latelyIn(history)
  enter(history, 'steady')
  await waitFor(
    'a steady state before the fault',
    async () => {
      mustBeWhole(at)
      return unsteady(at, lately()) ?? {}
    },
    {withinMs: steadyWithinMs, signal, code: 'not-ready', hint: onLab(lab.name, 'status')},
  )
}

/** What has come lately. Asked again and again, it does not go through what was over already: that never comes back. */
function latelyIn(history: Recorder): () => readonly Event[] {
  let over = 0
  return () => {
    const since = history.now() - sureSteady
    while (over < history.events.length && history.events[over]!.at <= since) over++
    return history.events.slice(over).filter(event => event.at > since)
  }
}

/** What is still missing; null: nothing. */
function unsteady({lab, history, groups, clients, relays}: Observed, recent: readonly Event[]): string | null {
  const wanted = groups.filter(one => one.kind === 'writers').reduce((sum, one) => sum + one.perSecond, 0)
  const acknowledged = recent.filter(
    event => event.kind === 'op' && event.op === 'write' && event.outcome === 'ok',
  ).length
  const perSecond = acknowledged / (sureSteady / 1e6)
  if (perSecond < wanted * 0.8) return `${perSecond} of ${wanted} writes/s are acknowledged`
  const failed = recent.filter(event => event.kind === 'op' && event.outcome !== 'ok').length
  if (failed > 0) return `${failed} operations failed just now`
  const unheard =
    silentGroup(history, groups) ??
    clients.unheard(of(history, 'transaction')) ??
    relays.map(relay => relay.unheard(history)).find(says => says !== null) ??
    null
  if (unheard !== null) return unheard
  const silent = hostsWith(lab.topology, 'patroni').filter(
    host => !recent.some(event => event.kind === 'postgres' && event.host === host && event.up),
  )
  if (silent.length > 0) return `no answer from PostgreSQL on ${silent.join(' and ')}`
  const isOwn = (event: Pick<Cluster, 'scope'>) => isOfFirst(lab.topology, event)
  if (!of(history, 'leader-key').some(event => isOwn(event) && event.holder !== null))
    return "no watch has told who holds the leader's key"
  const unread = lab.topology.hosts.find(host => !isLogRead(history, host))
  if (unread !== undefined) return `nobody has read the log of ${unread.name} yet`
  const unsettled = unsettledYet(history, hostsWith(firstCluster(lab.topology), 'etcd'), history.now())
  if (unsettled !== null) return unsettled
  return wanted > 0 && !isRefreshKnown(history) ? 'no lease refresh has been seen' : null
}

/** One that cannot be read is known after a few tries, and has to be before anything breaks. That of the clients is no evidence. */
function isLogRead(history: Recorder, {name, services}: Host): boolean {
  const reports = of(history, 'watching').filter(one => one.who === 'logs' && one.host === name)
  return services.includes('client') || reports.some(one => one.samples > one.failures)
}

/** Every member's own rows. A member that does not answer leaves none, and the checks call that unknown. */
async function readFinalRows({lab, history}: Observed): Promise<void> {
  for (const host of hostsWith(lab.topology, 'patroni')) {
    try {
      history.record(await finalRows(lab, host))
    } catch (error) {
      history.record({kind: 'note', says: `${host} could not be read at the end: ${(error as Error).message}`})
    }
  }
}

function mustBeWhole({lab, history, clients, neverSeen}: Observed): void {
  const full = fullRoom(history)
  if (full !== undefined) throw new LabError('disk-full', sayEvent(full) ?? '', {hint: whatFillsIt})
  const never = neverSeen(of(history, 'watching'))?.never
  if (never !== undefined) throw new LabError('engine', `${never}, as after its disk was full`, {hint: anew(lab.name)})
  if (clients.failure !== undefined) throw clients.failure
  if (history.failure !== undefined)
    throw new LabError('disk-full', `the history cannot be written: ${(history.failure as Error).message}`, {
      hint: 'free some space, then run the same command again',
    })
}
