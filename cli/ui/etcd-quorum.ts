/** What is left of etcd's quorum, by the members that are heard and the answer that was asked for last. */
import type {Quorum} from '../../lab/index.ts'
import type {Member, View} from './view.ts'

type Counted = Omit<Quorum, 'alarms'>

/** By the probes alone; null: the members have not all been heard. */
export function quorumHeard(view: View): Counted | null {
  const all = etcdMembers(view)
  if (all.length === 0 || all.some(one => one.etcdUp === null && one.container === 'running')) return null
  const members = all.length
  const needed = Math.floor(members / 2) + 1
  const silent = all.filter(one => isGone(one) || one.etcdUp !== true).length
  const led = all.filter(one => !isGone(one) && one.etcdUp === true && one.etcdLed === true).length
  return {led, silent, members, needed, isLost: isLost(view, {led, silent, members, needed})}
}

/**
 * An answer is some seconds old, and a member that is heard to be down meanwhile is in no quorum any more: it is taken off. That one came
 * back the next answer says.
 */
export function quorumNow(asked: Quorum | null, view: View): Quorum | null {
  const heard = quorumHeard(view)
  if (asked === null || heard === null) return asked
  const led = Math.min(asked.led, asked.members - heard.silent)
  const silent = Math.max(asked.silent, heard.silent)
  if (led === asked.led && silent === asked.silent) return asked
  return {...asked, led, silent, isLost: isLost(view, {...asked, led, silent})}
}

/** Only a quorum drops a lease that has run out, so without one none is counted down. */
export function isCounted(view: View): boolean {
  const heard = quorumHeard(view)
  return heard === null || heard.led >= heard.needed
}

/** A member that does not answer may be slow; one whose host has stopped is none. */
function isLost(view: View, {led, silent, members, needed}: Omit<Counted, 'isLost'>): boolean | null {
  if (led >= needed) return false
  const gone = etcdMembers(view).filter(isGone).length
  return members - gone < needed || led + silent < members ? true : null
}

function isGone({container}: Member): boolean {
  return container === 'stopped'
}

export function etcdMembers({topology, members}: View): readonly Member[] {
  const hosts = new Set(topology?.hosts.filter(host => host.services.includes('etcd')).map(host => host.name))
  return members.filter(({host}) => hosts.has(host))
}
