/**
 * The watchdog resets a host whose Patroni stopped feeding it. It is fed right after each refresh of the lease
 * (`patroni/ha.py: Ha.update_lock -> watchdog/base.py: Watchdog.keepalive`) and fires ttl - safety_margin later
 * (`topology/timings.ts: watchdogTimeoutSeconds`), so before the key can expire, by the margin.
 */

import type {Lease} from './lease.ts'
import type {SmallTerms} from './small-terms.ts'
import {fixed, sum, type Variable} from './variable.ts'

const second = 1_000_000

export function reset(timeoutSeconds: number, lease: Lease, small: SmallTerms): Variable {
  return sum(fixed(timeoutSeconds * second).minus(lease.age), small.reset)
}
