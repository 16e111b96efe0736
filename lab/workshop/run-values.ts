/** What a lesson may ask of a recorded run, each by its name; what the run does not tell is null. */
import {findFailover} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {judge} from '../judge/judge.ts'
import {type MeasuredRun, measureRun} from '../judge/measure-run.ts'
import type {MetricName} from '../judge/metrics.ts'
import type {Report} from '../judge/report.ts'
import {sayMicros} from '../words/quantity.ts'
import type {Form} from './facts.ts'
import {count, hosts, seconds, type Truth, word} from './truth.ts'

/** A recorded run, judged. */
export interface Played {
  readonly name: string
  readonly history: History
  readonly report: Report
  /** Its numbers by today's checks, whatever the scenario expects. */
  readonly measured: MeasuredRun
}

export function played(name: string, history: History): Played {
  return {name, history, report: judge(history), measured: measureRun(history)}
}

const verdicts = {pass: 'passed', fail: 'failed', unknown: 'inconclusive'} as const

type Reading = (played: Played) => Truth | null

const table = {
  /** For how long clients could not write: as a check measured it, else around the fault. */
  outage: one => {
    const micros = told(one, 'writeOutageMicros') ?? told(one, 'totalMicros') ?? metric(one, 'write-outage')
    return time(micros, 'clients could not write for')
  },
  lease: one => time(metric(one, 'lease-expiry'), 'the leader key was gone after'),
  election: one => time(metric(one, 'election'), 'the election took'),
  total: one => time(told(one, 'totalMicros') ?? metric(one, 'total'), 'the first write was acknowledged after'),
  'old-leader': one => {
    const found = findFailover(one.history)
    return typeof found === 'string' ? null : hosts([found.oldLeader], `${found.oldLeader} led before`)
  },
  'new-leader': one => {
    const leader = newLeaderIn(one.history)
    return leader === null ? null : hosts([leader], `${leader} leads after it`)
  },
  lost: one => {
    const lost = told(one, 'lost') ?? metric(one, 'lost-writes')
    return lost === null ? null : count(lost, `${lost} acknowledged writes were lost`)
  },
  /** How long the old leader took writes after the fault. */
  'writable-for': one => time(told(one, 'writableForMicros'), 'the old leader took its last write after'),
  /** From the last moment of the old primary to the first of the new one. */
  'fencing-margin': one =>
    time(told(one, 'marginMicros') ?? metric(one, 'fencing-margin'), 'between the two primaries there were'),
  'stale-for': one => time(told(one, 'staleForMicros'), 'reads through the replicas were old for'),
  verdict: one => word(verdicts[one.report.verdict], `the run ${verdicts[one.report.verdict]}`),
} as const satisfies Readonly<Record<string, Reading>>

export type RunValueName = keyof typeof table
export const runValueNames = Object.keys(table) as readonly RunValueName[]

export const runValueForms: Readonly<Record<RunValueName, Form>> = {
  ...{outage: 'seconds', lease: 'seconds', election: 'seconds', total: 'seconds', 'writable-for': 'seconds'},
  ...{'fencing-margin': 'seconds', 'stale-for': 'seconds', 'old-leader': 'hosts', 'new-leader': 'hosts'},
  ...{lost: 'count', verdict: 'word'},
}

export function isRunValue(name: string): name is RunValueName {
  return Object.hasOwn(table, name)
}

export function runValue(one: Played, name: RunValueName): Truth | null {
  return table[name](one)
}

/** What the model predicted of such a fault for any moment, in micros; null: the run's fault is none that it knows by a name. */
export function predictedFor({report}: Played, name: RunValueName): readonly [number, number] | null {
  if (name !== 'outage' && name !== 'total') return null
  const {predictedMinMicros, predictedMaxMicros} = report.findings.find(one => one.check === 'failover')?.measures ?? {}
  return typeof predictedMinMicros === 'number' && typeof predictedMaxMicros === 'number'
    ? [predictedMinMicros, predictedMaxMicros]
    : null
}

/** The last host that took the key from another one. */
function newLeaderIn(history: History): string | null {
  const found = findFailover(history)
  if (typeof found !== 'string' && found.newLeader !== undefined) return found.newLeader
  return of(history, 'leader-key').findLast(one => one.holder !== null)?.holder ?? null
}

function metric({measured}: Played, name: MetricName): number | null {
  const value = measured.values[name]
  return value === null || !Number.isFinite(value) ? null : value
}

/** As a check of the run's own has it, also where the machine was too busy for a comparison. */
function told({report}: Played, key: string): number | null {
  const value = report.findings.map(one => one.measures?.[key]).find(one => typeof one === 'number')
  return value ?? null
}

function time(micros: number | null | undefined, what: string): Truth | null {
  return micros == null ? null : seconds(micros / 1e6, micros / 1e6, `${what} ${sayMicros(micros)}`)
}
