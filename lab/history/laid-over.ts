/** Recorded runs laid over a prediction: when each phase really happened, and whether that is where the model has it. */
import {effectiveTimings, isModelled, type LeaderFault, type Phase} from '../budget/index.ts'
import type {PredictedName, Prediction} from '../budget/prediction.ts'
import type {Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {type Failover, findFailover, measuredPhases} from './failover.ts'
import type {History} from './history.ts'

export interface LaidOver {
  readonly run: string
  /** The predicted fault that it was; null: it is laid over none, and `why` says the reason. */
  readonly fault: PredictedName | null
  readonly why: string | null
  /** After the fault. */
  readonly phases: Readonly<Partial<Record<Phase, Micros>>>
  /** Phases earlier than the model has them, or later than it allows a slow machine. */
  readonly outside: readonly Phase[]
}

export interface NamedHistory {
  readonly run: string
  readonly history: History
}

export function layOver(prediction: Prediction, runs: readonly NamedHistory[]): LaidOver[] {
  return runs.map(one => laidOver(prediction, one))
}

function laidOver(prediction: Prediction, {run, history}: NamedHistory): LaidOver {
  const none = (why: string): LaidOver => ({run, fault: null, why, phases: {}, outside: []})
  const found = findFailover(history)
  if (typeof found === 'string') return none(found)
  if (!isModelled(found.struck)) return none(found.struck.why)
  const other = differs(prediction.topology, found.topology)
  if (other !== null) return none(`it was recorded with another ${other}`)
  const name = nameOf(found, found.struck.fault)
  const predicted = prediction.faults.find(fault => fault.name === name)
  if (!predicted) return none(`it is a run of ${name}, which is not asked for`)
  const measuredAt = measuredPhases(found)
  const phases = Object.fromEntries(
    predicted.phases.flatMap(({phase}) =>
      measuredAt[phase] === undefined ? [] : [[phase, measuredAt[phase]] as const],
    ),
  )
  const outside = predicted.phases.flatMap(({phase, at}) => {
    const measured = phases[phase]
    return measured !== undefined && (measured < at.bounds[0] || measured > at.limit) ? [phase] : []
  })
  return {run, fault: name, why: null, phases, outside}
}

const names: Readonly<Record<LeaderFault, PredictedName>> = {
  'host-killed': 'kill-host',
  'host-paused': 'pause-host',
  'patroni-killed': 'kill-patroni',
  'patroni-frozen': 'freeze-patroni',
  'cut-from-etcd': 'cut-from-etcd',
  isolated: 'isolate',
  stopped: 'stop',
  switchover: 'switchover',
  'postgres-killed': 'crash-postgres',
}

function nameOf({facts}: Failover, fault: LeaderFault): PredictedName {
  return fault === 'host-killed' && facts.etcd.leader === 'died' ? 'kill-host-and-etcd-leader' : names[fault]
}

/** The first setting that matters to the model and is not the same, or null. */
function differs(predicted: Topology, recorded: Topology): string | null {
  const [one, other] = [predicted, recorded].map(({patroni, haproxy}) => {
    const {ttlSeconds, loopWaitSeconds, retryTimeoutSeconds} = effectiveTimings(patroni)
    return {
      ttl: ttlSeconds,
      loop_wait: loopWaitSeconds,
      retry_timeout: retryTimeoutSeconds,
      synchronous_mode: patroni.synchronousMode,
      'primary_start_timeout (0 or not)': patroni.primaryStartTimeoutSeconds === 0,
      // Runs that were recorded before there was a watchdog had none.
      watchdog: patroni.watchdog ?? 'off',
      'set of HAProxy timings': JSON.stringify(Object.entries(haproxy).sort()),
    }
  })
  return Object.keys(one!).find(key => one![key as 'ttl'] !== other![key as 'ttl']) ?? null
}
