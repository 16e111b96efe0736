/** How long a step may wait for something that the cluster's own timings decide: `until ... within: budget`. */
import {failoverBounds} from '../budget/index.ts'
import type {Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {type History, of} from './history.ts'
import {isModelled, struckBy} from './struck.ts'

/**
 * The latest first write after the faults that were injected so far. Where one of them is not in the model, or the model expects
 * no recovery from it, that of the slowest fault there is: nothing better is known.
 */
export function budgetLimit(topology: Topology, history: History): Micros {
  const limits = of(history, 'fault-injecting').map(event => {
    const struck = struckBy(event)
    return isModelled(struck) ? failoverBounds(topology, struck.fault).total[1] : 0
  })
  const known = limits.length > 0 && limits.every(limit => limit > 0)
  return known ? Math.max(...limits) : failoverBounds(topology).total[1]
}
