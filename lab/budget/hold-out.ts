/**
 * How long a leader holds out without etcd before it demotes itself: counted from the beginning of the HA loop that cannot
 * refresh the lease (`patroni/dcs/etcd3.py: Etcd3._update_leader`, then `ha.py: Ha._handle_dcs_error -> demote('offline')`).
 */
import {type Bounds, either, usually, type Variable} from './variable.ts'

const second = 1_000_000
/** `patroni/utils.py: Retry.sleeptime`: 0.1 s and a jitter of up to 0.8 s. */
const firstSleepSeconds: Bounds = [0.1, 0.9]

/** As Patroni divides its retry_timeout over the members of etcd (`dcs/etcd.py: AbstractEtcdClientWithFailover._calculate_timeouts`). */
export function share(members: number, seconds: number): {nodes: number; eachSeconds: number; tries: number} {
  let nodes = members
  let most = 4 - Math.min(members, 3)
  while (nodes > 0) {
    let each = seconds / nodes
    if (each >= 1) {
      let tries = 1
      while (tries < most && each / (tries + 1) >= 1) tries++
      each /= tries
      return {nodes, eachSeconds: each, tries}
    }
    nodes--
    most = 1
  }
  return {nodes: 0, eachSeconds: 0, tries: 0}
}

const connectSeconds = (each: number) => Math.max(1, each / 2)

/**
 * Packets vanish: the pooled connection times out, each other member is tried anew, then all once more for the list of
 * members (`dcs/etcd.py: _do_http_request, _load_machines_cache`), and again while retry_timeout leaves a second a member.
 * With three members that is R/3 + 5 * max(1, R/6): 6.0 s for 3, 11.7 s for 10; longer than retry_timeout itself.
 */
function vanishingSeconds(members: number, retrySeconds: number, sleepSeconds: number): number {
  const first = share(members, retrySeconds)
  const connect = connectSeconds(first.eachSeconds)
  let spent = first.eachSeconds + (members - 1) * first.tries * connect
  for (let sleep = sleepSeconds; ; sleep += 0.1) {
    spent += members * first.tries * connect
    const again = share(members, Math.max(0, retrySeconds - sleep - spent))
    if (again.nodes === 0) return spent
    spent += sleep + again.nodes * again.tries * connectSeconds(again.eachSeconds)
  }
}

/** `cut` not known: bounded by both. */
export function holdOut(members: number, retrySeconds: number, cut: 'drop' | 'reject' | undefined): Variable {
  const times = firstSleepSeconds.map(sleep => vanishingSeconds(members, retrySeconds, sleep))
  const [least, most] = [Math.min(...times), Math.max(...times)]
  const {eachSeconds} = share(members, retrySeconds)
  const connect = connectSeconds(eachSeconds)
  // One member may fail at once (no route to it), and the leader's own may accept the connection and never answer.
  const drop = usually(
    [least * second, most * second],
    [Math.max(0, least - connect) * second, (most + 2 * Math.max(0, eachSeconds - connect)) * second],
  )
  if (cut === 'drop') return drop
  // Refused at once: tried again, with pauses, until less than a second of retry_timeout is left.
  const refused: Bounds = [Math.max(0, retrySeconds - 1.9) * second, retrySeconds * second]
  const reject = usually(refused, refused)
  return cut === 'reject' ? reject : either(drop, reject)
}
