/** How long a step may wait for something that the cluster's own timings decide: `until ... within: budget`. */
import {failoverBounds, isModelled} from '../budget/index.ts'
import type {Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {type History, of} from './history.ts'

/**
 * The latest first write after the faults that were injected so far. Where one of them is not in the model, or the model expects
 * no recovery from it, that of the slowest fault there is: nothing better is known.
 */
export function budgetLimit(topology: Topology, history: History): Micros {
  const limits = of(history, 'fault-injecting').map(event => {
    const limits = event.strike.struck.filter(isModelled).map(({fault}) => failoverBounds(topology, fault).total[1])
    return Math.max(0, ...limits)
  })
  const known = limits.length > 0 && limits.every(limit => limit > 0)
  return known ? Math.max(...limits) : failoverBounds(topology).total[1]
}
