/** What a topology says of Patroni's dynamic configuration, by the names that Patroni has for it. */
import {releaseOf} from './release.ts'
import type {Topology} from './topology.ts'

/** All of it on which the timing model rests; the parameters of PostgreSQL come beside it. */
export function patroniConfigOf(topology: Topology): Readonly<Record<string, unknown>> {
  const {patroni} = topology
  return {
    ttl: patroni.ttlSeconds,
    loop_wait: patroni.loopWaitSeconds,
    retry_timeout: patroni.retryTimeoutSeconds,
    maximum_lag_on_failover: patroni.maximumLagOnFailoverBytes,
    [releaseOf(topology).patroni.primaryStartTimeout]: patroni.primaryStartTimeoutSeconds,
    synchronous_mode: patroni.synchronousMode === 'quorum' ? 'quorum' : patroni.synchronousMode !== 'off',
    synchronous_mode_strict: patroni.synchronousMode === 'strict',
    failsafe_mode: patroni.failsafeMode,
  }
}
