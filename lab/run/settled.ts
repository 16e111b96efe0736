/** Whether leadership has settled: etcd and the cluster have each one leader, and had it for a while, and a standby where there has to be one. */
import {synchronousModeOf} from '../cluster/modes.ts'
import type {Of} from '../history/event.ts'
import {type History, of} from '../history/history.ts'
import {isOfFirst} from '../topology/clusters.ts'
import type {HostName} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'

/** An election is seen by all, and told by the slowest of the probes, in a fraction of it. */
const settledAfter: Micros = 2_000_000

/** What is still missing, by what the probes of etcd saw up to now; null: nothing. What was there when they began has settled. */
export function unsettledYet(history: History, hosts: readonly HostName[], now: Micros): string | null {
  const seen = hosts.map(host => of(history, 'etcd-member').filter(one => one.host === host))
  const silent = hosts.filter((_, index) => seen[index]!.at(-1)?.up !== true)
  if (silent.length > 0) return `no answer from etcd on ${silent.join(' and ')}`
  const last = seen.map(all => all.at(-1)!)
  const leaderless = last.filter(one => one.leader === null).map(one => one.host)
  if (leaderless.length > 0) return `etcd on ${leaderless.join(' and ')} knows no leader`
  const [first] = last
  if (last.some(one => one.leader !== first?.leader || one.term !== first?.term))
    return `etcd's members do not agree who leads them: ${last.map(one => `${one.host} says ${one.leader} in term ${one.term}`).join(', ')}`
  const elected = Math.max(...seen.map(all => changedAt(all) ?? Number.NEGATIVE_INFINITY))
  if (now - elected < settledAfter) return `etcd elected ${first?.leader} only ${sayMicros(now - elected)} ago`
  const keys = of(history, 'leader-key').filter(one => isOfFirst(of(history, 'run-started')[0]?.topology, one))
  const taken = keys.length > 1 ? keys.at(-1)! : undefined
  if (taken !== undefined && now - taken.at < settledAfter)
    return `the leader's key changed only ${sayMicros(now - taken.at)} ago`
  return unnamedYet(history)
}

/** Settings that were just put in force, or taken back by the run before, may leave a synchronous cluster without a standby for a loop. */
function unnamedYet(history: History): string | null {
  const isOwn = (event: {readonly scope: string}) => isOfFirst(of(history, 'run-started')[0]?.topology, event)
  const config = of(history, 'config-key').findLast(isOwn)?.config
  const sync = of(history, 'sync-key').findLast(isOwn)
  const holder = of(history, 'leader-key').findLast(isOwn)?.holder
  if (config === undefined || config === null || synchronousModeOf(config) === 'off') return null
  return sync !== undefined && sync.leader === holder && sync.standbys.length > 0
    ? null
    : `no replica is named a synchronous standby of ${holder} yet`
}

/** When a member last told of another leader or another term than before. */
function changedAt(all: readonly Of<'etcd-member'>[]): number | undefined {
  const led = all.filter(one => one.leader !== null)
  return led.findLast((one, index) => {
    const before = led[index - 1]
    return before !== undefined && (before.leader !== one.leader || before.term !== one.term)
  })?.at
}
