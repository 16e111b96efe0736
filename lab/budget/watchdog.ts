/**
 * The watchdog resets a host whose Patroni stopped feeding it. It is fed right after each refresh of the lease
 * (`patroni/ha.py: Ha.update_lock -> watchdog/base.py: Watchdog.keepalive`) and fires ttl - safety_margin later
 * (`watchdog/base.py: WatchdogConfig.timeout`), so before the key can expire, by the margin.
 */

import {effectiveTimings} from '../topology/timings.ts'
import type {Topology} from '../topology/topology.ts'
import type {Lease} from './lease.ts'
import type {SmallTerms} from './small-terms.ts'
import {fixed, sum, type Variable} from './variable.ts'

const second = 1_000_000

/** Null: there is none, or Patroni does not use it because its timeout would be shorter than loop_wait (`WatchdogConfig.timing_slack`). */
export function watchdogTimeoutSeconds({patroni}: Topology): number | null {
  if (patroni.watchdog === 'off') return null
  const {ttlSeconds, loopWaitSeconds} = effectiveTimings(patroni)
  const timeout = ttlSeconds - patroni.watchdogSafetyMarginSeconds
  return timeout >= loopWaitSeconds ? timeout : null
}

export function reset(timeoutSeconds: number, lease: Lease, small: SmallTerms): Variable {
  return sum(fixed(timeoutSeconds * second).minus(lease.age), small.reset)
}
