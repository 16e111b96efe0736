/** The leader gives its key away itself, without waiting for the lease. */
import type {SmallTerms} from './small-terms.ts'
import {between, fixed, sum, type Variable} from './variable.ts'

const second = 1_000_000

/** `patroni/postgresql/__init__.py: STOP_POLLING_INTERVAL`, and the same second in `ha.py: on_shutdown` "give replicas some more time". */
const stopPoll = fixed(1.0 * second)
/** `patroni/api.py: RestApiServer` is a socketserver: `serve_forever` looks every 0.5 s whether it has been asked to end. */
const apiEnds = between(0, 0.5 * second)

/**
 * An orderly stop (`patroni/daemon.py: sigterm_handler`, `__main__.py: Patroni._shutdown`, `ha.py: Ha.shutdown`): the REST API
 * ends, PostgreSQL is stopped and looked at once a second (`postgresql/__init__.py: Postgresql._do_stop`), then
 * `delete_leader`. Even if PostgreSQL stops in 20 ms it takes more than a second.
 */
export function stopRelease(small: SmallTerms): {readonly begins: Variable; readonly at: Variable} {
  const begins = sum(small.signal, apiEnds)
  return {begins, at: sum(begins, stopPoll, small.slowStop, small.release)}
}

/** A switchover (`ha.py: Ha.process_manual_failover_from_leader -> demote('graceful')`): CHECKPOINT, stop, release; nothing waits for a loop, the request wakes it. */
export function switchoverRelease(small: SmallTerms): {readonly begins: Variable; readonly at: Variable} {
  const begins = small.switchover
  return {begins, at: sum(begins, stopPoll, small.slowStop, small.release)}
}

/**
 * PostgreSQL crashed and primary_start_timeout is 0 (`ha.py: Ha.recover -> is_failover_possible -> demote('immediate') ->
 * release_leader_key_voluntarily`): at the next loop, nothing wakes it earlier.
 */
export function crashRelease(loopDue: Variable, small: SmallTerms): Variable {
  return sum(loopDue, small.giveUp, small.release)
}
