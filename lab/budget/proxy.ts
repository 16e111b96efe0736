/** HAProxy's view: when it takes the old server out and the new one in. */

import type {HaproxySettings} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import type {Look} from './leader-fault.ts'
import type {SmallTerms} from './small-terms.ts'
import {between, fixed, none, sum, usually, type Variable} from './variable.ts'

const ms = 1000

/**
 * The old server goes down: U(0, inter) + d + (fall - 1)(fastinter + d), since the next check is scheduled after the end of
 * the one before (`src/check.c: process_chk_conn`, `src/server.c: srv_getinter`). Counted from when its checks begin to fail.
 */
export function serverDown(haproxy: HaproxySettings, look: Look, callTook: Micros, small: SmallTerms): Variable {
  const {interMs, fastinterMs, fall} = haproxy
  return sum(between(0, interMs * ms), fixed((fall - 1) * fastinterMs * ms), between(0, callTook), small.proxy).plus(
    failingCheck(haproxy, look),
    fall,
  )
}

/**
 * How long a failing check takes: nothing where it is refused or answered; min(inter, timeout connect) where the packet is lost
 * (`src/tcpcheck.c: tcpcheck_eval_connect`); where the connection is accepted and never answered `timeout check`, noticed no
 * earlier than after inter, until the backlog of five is full and packets are lost there too.
 */
function failingCheck({interMs, connectTimeoutMs, checkTimeoutMs}: HaproxySettings, look: Look): Variable {
  const lost = Math.min(interMs, connectTimeoutMs) * ms
  const hung = Math.max(interMs, checkTimeoutMs) * ms
  switch (look) {
    case 'refusing':
    case 'answering':
      return none
    case 'hung':
      return usually([lost, hung], [0, hung])
    case 'silent':
    case 'unknown':
      return usually([lost, lost], [0, lost])
  }
}

/** The new server comes up: U(0, downinter) + (rise - 1) fastinter after the lock, not the promotion: `/primary` reports the lock (`patroni/api.py: do_GET`). */
export function serverUp({rise, fastinterMs, downinterMs}: HaproxySettings, small: SmallTerms): Variable {
  return sum(between(0, downinterMs * ms), fixed((rise - 1) * fastinterMs * ms), small.proxy)
}
