/**
 * The model as bounds and limits, for checks. A bound is made of structural terms (the lease, etcd's scan, Patroni's
 * hard-coded probe, HAProxy's intervals), which no machine can stretch, and of small terms (round trips, fsyncs, scheduling),
 * which a loaded machine does stretch. It is shown as the model has it; a verdict uses its `limit`, where the small terms, and
 * only those, are tripled.
 */

import {firstCluster} from '../topology/clusters.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {type FaultFacts, type LeaderFault, strikesEtcd} from './leader-fault.ts'
import {type FaultModel, modelOf, type Phase} from './model.ts'
import type {Bounds, Variable} from './variable.ts'

export interface PhaseBudget {
  /** After the fault. */
  readonly at: Bounds
  /** `at` is late beyond this. */
  readonly limit: Micros
  /** After the phase that it waits for. */
  readonly took: Bounds
  readonly tookLimit: Micros
}

export interface FailoverBudget {
  /** A replica takes over; false: the old leader goes on where it was. */
  readonly takesOver: boolean
  readonly key: FaultModel['key']
  readonly phases: Readonly<Partial<Record<Phase, PhaseBudget>>>
  /** From the fault to the first acknowledged write. */
  readonly total: PhaseBudget
  readonly basis: FaultModel['basis']
  /** One sentence on the basis. */
  readonly says: string
}

/** The bounds after one fault, as far as its facts are known; or the reason why the model expects neither a failover nor a recovery. */
export function failoverBudget(topology: Topology, facts: FaultFacts): FailoverBudget | {readonly why: string} {
  const model = modelOf(topology, facts)
  if ('why' in model) return model
  const phases = Object.fromEntries(model.phases.map(({phase, at, took}) => [phase, budgetOf(at, took)]))
  return {
    takesOver: model.takesOver,
    key: model.key,
    phases,
    total: budgetOf(model.phases.at(-1)!.at),
    basis: model.basis,
    says: model.says,
  }
}

/** What is known before a run: the fault comes at any moment, and takes etcd's leader with it if that can be there. */
export function anyMoment(topology: Topology, fault: LeaderFault): FaultFacts {
  const both =
    strikesEtcd(fault) &&
    hostsWith(firstCluster(topology), 'patroni').some(host => hostsWith(firstCluster(topology), 'etcd').includes(host))
  return {fault, refreshAge: null, etcd: {leader: both ? 'unknown' : 'elsewhere'}, callTook: 0}
}

export const leaderFaults = [
  'host-killed',
  'host-paused',
  'patroni-killed',
  'patroni-frozen',
  'cut-from-etcd',
  'isolated',
  'stopped',
  'switchover',
  'postgres-killed',
] as const satisfies readonly LeaderFault[]

/**
 * From the fault to the first acknowledged write, for this fault or for any that the model knows, whenever it comes. The
 * maximum is a limit, small terms tripled: for deadlines such as `until ... within: budget`. 0: no recovery is expected.
 */
export function failoverBounds(topology: Topology, fault?: LeaderFault): {readonly total: Bounds} {
  const totals = (fault === undefined ? leaderFaults : [fault]).flatMap(one => {
    const budget = failoverBudget(topology, anyMoment(topology, one))
    return 'why' in budget ? [] : [budget.total]
  })
  if (totals.length === 0) return {total: [0, 0]}
  return {total: [Math.min(...totals.map(total => total.at[0])), Math.max(...totals.map(total => total.limit))]}
}

/** @param took after what it waits for, where that is not the fault. */
export function budgetOf(at: Variable, took: Variable = at): PhaseBudget {
  return {at: atLeastNow(at.bounds), limit: at.limit, took: atLeastNow(took.bounds), tookLimit: took.limit}
}

/** Nothing happens before the fault, whatever the uncertainty of the last refresh says. */
function atLeastNow([min, max]: Bounds): Bounds {
  return [Math.max(0, min), Math.max(0, max)]
}
