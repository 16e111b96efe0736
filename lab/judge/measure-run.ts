/**
 * The numbers of one run that can be laid beside those of another. Measured anew from the history with today's checks, so runs
 * of different ages and scenarios with other limits are measured alike.
 *
 * A number is taken only from a finding that is not `unknown`: what a starved machine or a blind probe measured would shift a
 * comparison without anybody noticing. What certainly never happened is Infinity, so that it counts as the worst and is not
 * left out: leaving it out would make a build that sometimes never fails over look good.
 */

import type {Phase} from '../budget/index.ts'
import type {Finding, Verdict} from '../checks/check.ts'
import {ownAnsweredWrites} from '../history/attempts.ts'
import {firstView} from '../history/cluster-view.ts'
import {findFailover} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {starvedFor} from '../history/lateness.ts'
import {lastRefresh} from '../history/lease-refresh.ts'
import type {PgbouncerSettings} from '../topology/pgbouncer.ts'
import {poolersBefore, type Topology} from '../topology/topology.ts'
import {type Micros, ms, sayMicros} from '../words/quantity.ts'
import {quantile} from '../words/statistics.ts'
import {type Expected, judge} from './judge.ts'
import {type MeasuredIn, type MetricName, metricNames} from './metrics.ts'
import type {Report} from './report.ts'

/** The numbers of one run that can be compared with another's; times in microseconds. */
export interface MeasuredRun {
  readonly run: string
  readonly scenario: string
  readonly startedAt: string
  /** The run's own verdict and headline, by the scenario's expectations. */
  readonly verdict: Verdict
  readonly headline: string
  /** How old the leader's lease was when the fault came; null: no refresh was seen before it. */
  readonly leaseAgeMicros: Micros | null
  /** etcd's leader died with Patroni's; null: no fault struck the leader, or nobody saw who led etcd. */
  readonly etcdLeaderDied: boolean | null
  /** What the run was of, as far as it may make a difference: versions, profile, timings. */
  readonly setting: Readonly<Record<string, string>>
  /** Null: not known. Infinity: it certainly never happened. */
  readonly values: Readonly<Record<MetricName, number | null>>
  /** Of what was seen before what it waits for was looked at: it took no longer than this, and `values` has 0. */
  readonly atMost?: Readonly<Partial<Record<MetricName, Micros>>>
  /** Why the run measures nothing at all, when it does not. */
  readonly unfit: string | null
  /** Why some values are not known: what the checks could not tell. */
  readonly doubts: readonly string[]
}

/** Limits are no matter here: only the measures are used. */
const measuring: readonly Expected[] = [
  {check: 'failover', params: {within: 'budget'}},
  {check: 'clients-reconnect', params: {within: '10m'}},
  {check: 'no-lost-writes', params: {allow: 'async-tail'}},
  {check: 'one-writable-primary', params: {}},
]

/** What of a failover may be lost is the scenario's to say, bound and all: what is known of the losses depends on it. */
function measuredBy(history: History): readonly Expected[] {
  const expected = of(history, 'run-started')[0]?.scenario.expect ?? []
  const own = expected.find(({check, params}) => check === 'no-lost-writes' && 'allow' in ((params ?? {}) as object))
  return own === undefined
    ? measuring
    : measuring.map(one => (one.check === own.check ? {...one, params: own.params} : one))
}

/** Pure. Measures by our own checks, whatever the scenario expected, so that any two runs can be compared. */
export function measureRun(whole: History): MeasuredRun {
  const own = judge(whole)
  const measured = judge(whole, measuredBy(whole))
  const history = firstView(whole)
  const started = of(history, 'run-started')[0]
  // The reasons that spoil a whole run: a fault that did not take hold, a record that breaks off.
  const unfit = measured.reasons[0] ?? null
  const starved = starvedIn(history)
  return {
    run: own.run,
    scenario: own.scenario,
    startedAt: own.startedAt,
    verdict: own.verdict,
    headline: own.headline,
    leaseAgeMicros: leaseAge(history),
    etcdLeaderDied: etcdLeaderDied(history),
    setting: started ? settingOf(started.versions, started.topology) : {},
    values: unfit === null ? valuesOf(history, measured, starved) : nothing,
    ...(unfit === null ? bounds(measured) : {}),
    unfit,
    doubts: [
      ...measured.findings.filter(finding => finding.verdict === 'unknown').map(finding => finding.says),
      ...(starved === '' ? [] : [`The machine was starved, so its times are not compared: ${starved}.`]),
    ],
  }
}

const nothing = Object.fromEntries(metricNames.map(name => [name, null])) as Record<MetricName, null>

/** A time that a starved machine made longer passes or fails as far as that is known; beside others it would mislead. */
const mostStarved: Micros = 500_000

/** What starved the machine while the failover was measured; empty: nothing did. */
function starvedIn(history: History): string {
  const found = findFailover(history)
  if (typeof found === 'string') return ''
  const {micros, says} = starvedFor(history, found.t0, found.firstWrite?.at ?? found.until)
  return micros > mostStarved ? says : ''
}

function valuesOf(history: History, measured: Report, starved: string): MeasuredRun['values'] {
  const [failover, reconnect, lost, fencing] = [
    'failover',
    'clients-reconnect',
    'no-lost-writes',
    'one-writable-primary',
  ].map((name, index) =>
    starved !== '' && index < 2 ? undefined : known(measured.findings.find(finding => finding.check === name)),
  )
  const phases = Object.fromEntries(
    Object.entries(phaseMetrics).map(([name, phase]) => [name, tookOf(failover, phase)]),
  ) as Record<keyof typeof phaseMetrics, number | null>
  const number = (finding: Finding | undefined, name: string) => numberOf(finding?.measures?.[name])
  const never = failover !== undefined && phaseOf(failover, 'firstWrite')?.measured === null
  const total = never ? Number.POSITIVE_INFINITY : number(failover, 'totalMicros')
  const gone = phaseOf(failover, 'keyGone')?.measured ?? null
  return {
    total,
    ...phases,
    takeover: total === null || gone === null ? null : total - gone,
    'write-outage': failover === undefined ? null : never ? Number.POSITIVE_INFINITY : writeOutage(history),
    'reconnect-p50': reconnection(reconnect, 0.5),
    'reconnect-p95': reconnection(reconnect, 0.95),
    'reconnect-max': reconnection(reconnect, 1),
    'lost-writes': number(lost, 'lost'),
    'fencing-margin': number(fencing, 'fencingMarginMicros'),
  }
}

const phaseMetrics = {
  'old-server-down': 'oldServerDown',
  'lease-expiry': 'keyGone',
  election: 'election',
  promotion: 'promotion',
  'new-server-up': 'newServerUp',
  'first-write': 'firstWrite',
} as const satisfies Partial<Record<MetricName, Phase>>

/** Nothing where every phase was seen after what it waits for. */
function bounds({findings}: Report): Pick<MeasuredRun, 'atMost'> {
  const failover = findings.find(({check}) => check === 'failover')
  const atMost = Object.entries(phaseMetrics).flatMap(([name, phase]) => {
    const apart = failover && phaseOf(failover, phase)?.apart
    return apart === undefined ? [] : [[name, apart]]
  })
  return atMost.length === 0 ? {} : {atMost: Object.fromEntries(atMost)}
}

function known(finding: Finding | undefined): Finding | undefined {
  return finding?.verdict === 'unknown' ? undefined : finding
}

function phaseOf(failover: Finding | undefined, phase: Phase) {
  return failover?.phases?.find(row => row.phase === phase)
}

/** A phase that is missing although somebody looked has failed; one that nobody saw is unknown. */
function tookOf(failover: Finding | undefined, phase: Phase): number | null {
  const row = phaseOf(failover, phase)
  if (row?.measured === null && row.verdict === 'fail') return Number.POSITIVE_INFINITY
  return row?.took ?? null
}

/** A writer that never came back is the slowest of all. */
function reconnection(reconnect: Finding | undefined, share: number): number | null {
  const rows = reconnect?.rows ?? []
  return rows.length === 0
    ? null
    : quantile(
        rows.map(row => numberOf(row.reconnectionMicros) ?? Number.POSITIVE_INFINITY),
        share,
      )
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

/** From one acknowledged write of the scenario's own clients to the next, for the longest such time that ends after the fault and before its mend. */
function writeOutage(history: History): Micros | null {
  const found = findFailover(history)
  if (typeof found === 'string') return null
  const acknowledged = ownAnsweredWrites(history)
  const gaps = acknowledged.flatMap((op, index) => {
    const before = acknowledged[index - 1]
    return before && op.at > found.t0 && before.at < found.until ? op.at - before.at : []
  })
  return gaps.length === 0 ? null : quantile(gaps, 1)
}

function etcdLeaderDied(history: History): boolean | null {
  const found = findFailover(history)
  if (typeof found === 'string' || found.facts.etcd.leader === 'unknown') return null
  return found.facts.etcd.leader === 'died'
}

/** At the fault that struck the leader; else at the first fault there was. */
function leaseAge(history: History): Micros | null {
  const found = findFailover(history)
  if (typeof found !== 'string') return found.facts.refreshAge
  const t0 = of(history, 'fault-injecting')[0]?.at
  const refresh = t0 === undefined ? undefined : lastRefresh(history, t0)
  return refresh === undefined || t0 === undefined ? null : t0 - refresh.at
}

function settingOf(versions: Readonly<Record<string, string>>, topology: Topology): Record<string, string> {
  const {ttlSeconds, loopWaitSeconds, retryTimeoutSeconds, synchronousMode} = topology.patroni
  const {interMs, fastinterMs, downinterMs, fall, rise} = topology.haproxy
  // The id of an image tells two builds of the same packages apart, which makes no difference to a run.
  const {image: _, ...software} = versions
  return {
    ...software,
    profile: topology.profile,
    'ttl/loop_wait/retry_timeout': `${ttlSeconds}/${loopWaitSeconds}/${retryTimeoutSeconds}`,
    synchronous_mode: synchronousMode,
    on_marked_down: topology.haproxy.onMarkedDown,
    ...(topology.pgbouncer !== undefined && pooling(topology, topology.pgbouncer)),
    'inter/fastinter/downinter/fall/rise': [interMs, fastinterMs, downinterMs, fall, rise].join('/'),
  }
}

/** Where it stands, and what of it decides how long a server stays away. */
function pooling(topology: Topology, of: PgbouncerSettings): Record<string, string> {
  const where = poolersBefore(topology).length > 0 ? 'before the proxies' : 'beside PostgreSQL'
  const times = [of.serverLoginRetryMs, of.serverConnectTimeoutMs, of.serverLifetimeMs].map(ms)
  return {
    pooler: `${where}, ${of.poolMode}, ${of.auth}`,
    'server_login_retry/server_connect_timeout/server_lifetime': times.join('/'),
  }
}

/** A value for people: `21.93 s`, `130 ms`, `3`, or `never`. */
export function sayValue(value: number, unit: MeasuredIn): string {
  if (!Number.isFinite(value)) return 'never'
  return unit === 'micros' ? sayMicros(value) : String(Number(value.toFixed(1)))
}
