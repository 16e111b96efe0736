/**
 * What befalls a leader without any command having said so: somebody's `docker pause`, a kill, a key that is gone. It is told as a fault
 * is, so that what follows is read as after one. What was done is known only where the engine tells it; else nothing is said of it, and
 * the timing model has no figures for it.
 */
import {isOfFirst} from '../topology/clusters.ts'
import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import type {Event, Of} from './event.ts'
import {type Followed, latest, type Reading} from './unfolding.ts'

type Injecting = Of<'fault-injecting'>

/** No fault is called so. */
const name = 'unannounced'
/** By then a fault that was a mere blow has had its consequences, whatever the settings. */
const overAfter: Micros = 120_000_000
/** By SIGKILL, with what was on it: an orderly stop has another exit code, and gives the key away before. */
const killed = 137

export function isUnannounced({fault}: Pick<Injecting, 'fault'>): boolean {
  return fault === name
}

/** What has to be told before this event; null: nothing, or somebody has said it. */
export function unannounced(so: Reading, event: Event): Injecting | null {
  const leader = so.key?.holder
  if (leader === null || leader === undefined) return null
  const seen = befell(so, event, leader)
  if (seen === null || isAbout(latest(so), leader, event.at)) return null
  const {what, strike} = seen
  // Right before: what is told of a fault comes after it.
  const at = Math.max(0, event.at - 1)
  return {at, kind: 'fault-injecting', id: name, fault: name, what, hosts: [leader], needsMend: false, strike}
}

function befell(so: Reading, event: Event, leader: HostName): Pick<Injecting, 'what' | 'strike'> | null {
  if (event.kind === 'container' && event.host === leader) {
    if (event.action === 'die' && event.exitCode === killed)
      return {
        what: `the container of ${leader} died`,
        strike: {struck: [{host: leader, fault: 'host-killed'}], dead: [leader]},
      }
    if (event.action === 'pause')
      return {
        what: `the container of ${leader} was paused`,
        strike: {struck: [{host: leader, fault: 'host-paused'}], frozen: [leader]},
      }
  }
  if (event.kind !== 'leader-key' || event.holder === leader) return null
  if (!isOfFirst(so.topology, event)) return null
  return {what: `${leader} lost the leader key`, strike: {struck: []}}
}

/** This fault is why the leader is lost: it struck that one, and nothing has come of it so far. */
function isAbout(one: Followed | undefined, leader: HostName, at: Micros): boolean {
  if (one === undefined || one.leader !== leader || one.keyGone !== undefined || one.restarted !== undefined)
    return false
  if (one.ending !== undefined) return false
  const {strike, needsMend} = one.fault
  const isGone = strike.dead?.includes(leader) === true || strike.frozen?.includes(leader) === true
  if (isGone || (needsMend !== false && one.struck !== undefined)) return true
  return at - one.fault.at < overAfter && (one.struck !== undefined || one.fault.hosts.includes(leader))
}
