/** What Patroni makes of its three timings before it uses them. */
import type {PatroniSettings} from './topology.ts'

export type Timings = Pick<PatroniSettings, 'ttlSeconds' | 'loopWaitSeconds' | 'retryTimeoutSeconds'>

interface Adjustment {
  readonly key: 'ttl' | 'loop_wait' | 'retry_timeout'
  readonly given: number
  readonly becomes: number
}

const smallestTimings = {ttl: 20, loop_wait: 1, retry_timeout: 3} as const

/**
 * Patroni's own correction of its three timings: minima 1, 3 and 20, then loop_wait + 2 * retry_timeout <= ttl, for which
 * loop_wait is reduced first (`patroni/config.py: Config._validate_and_adjust_timeouts`, since 3.2.0). It happens in memory
 * with a warning in the log; the cluster's `/config` keeps what was written. Whole seconds in and out, cut off as `int()` does.
 */
export function effectiveTimings(given: Timings): Timings & {readonly adjusted: readonly Adjustment[]} {
  const ttl = Math.max(smallestTimings.ttl, Math.trunc(given.ttlSeconds))
  let loopWait = Math.max(smallestTimings.loop_wait, Math.trunc(given.loopWaitSeconds))
  let retryTimeout = Math.max(smallestTimings.retry_timeout, Math.trunc(given.retryTimeoutSeconds))
  if (1 + 2 * retryTimeout > ttl) {
    loopWait = 1
    retryTimeout = Math.floor((ttl - 1) / 2)
  } else if (loopWait + 2 * retryTimeout > ttl) {
    loopWait = ttl - 2 * retryTimeout
  }
  const adjusted = [
    {key: 'ttl' as const, given: given.ttlSeconds, becomes: ttl},
    {key: 'loop_wait' as const, given: given.loopWaitSeconds, becomes: loopWait},
    {key: 'retry_timeout' as const, given: given.retryTimeoutSeconds, becomes: retryTimeout},
  ].filter(one => one.given !== one.becomes)
  return {ttlSeconds: ttl, loopWaitSeconds: loopWait, retryTimeoutSeconds: retryTimeout, adjusted}
}

/**
 * How long after it was last fed the watchdog fires: ttl - safety_margin (`watchdog/base.py: WatchdogConfig.timeout`). Null: there is
 * none, or Patroni does not use it because that would be shorter than loop_wait (`WatchdogConfig.timing_slack`).
 */
export function watchdogTimeoutSeconds(patroni: PatroniSettings): number | null {
  if (patroni.watchdog === 'off') return null
  const {ttlSeconds, loopWaitSeconds} = effectiveTimings(patroni)
  const timeout = ttlSeconds - patroni.watchdogSafetyMarginSeconds
  return timeout >= loopWaitSeconds ? timeout : null
}

/** No host may lead without a watchdog, and Patroni uses none (`watchdog/base.py: Watchdog._activate`): the bootstrap is cancelled. */
export function isWatchdogUnusable(patroni: PatroniSettings): boolean {
  return patroni.watchdog === 'required' && watchdogTimeoutSeconds(patroni) === null
}

/** One adjustment in a sentence, with the rule that it comes from. */
export function sayAdjustment({key, given, becomes}: Adjustment, written: Timings): string {
  const least = smallestTimings[key]
  const why =
    given < least
      ? `it accepts no less than ${least}s`
      : key === 'ttl'
        ? 'it takes whole seconds'
        : `loop_wait + 2 * retry_timeout must not exceed ttl, and ${atLeast('loop_wait', written.loopWaitSeconds)} + 2 * ${atLeast('retry_timeout', written.retryTimeoutSeconds)} is more than ${atLeast('ttl', written.ttlSeconds)}`
  return `Patroni uses ${key} ${becomes}s instead of ${given}s: ${why}`
}

function atLeast(key: Adjustment['key'], seconds: number): number {
  return Math.max(smallestTimings[key], Math.trunc(seconds))
}

/**
 * How long a host that its watchdog has reset is away from the network, as its firmware and kernel start (images/host/bin/power-on):
 * longer than its leader key can live, even if etcd's leader died with it and its successor gave every lease its whole time again.
 */
export function bootSeconds({patroni}: {readonly patroni: Pick<PatroniSettings, 'ttlSeconds'>}): number {
  return patroni.ttlSeconds + 5
}
