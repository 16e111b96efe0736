/**
 * A history as one of a lab's clusters lived it. Each cluster has an etcd and a leader key of its own: who holds that of the second says
 * nothing of who leads the first. So whoever asks for a leader asks a view, in which there is one. In a lab with one cluster every view
 * is the history itself.
 */
import {type Cluster, clusterOf, clusters, within} from '../topology/clusters.ts'
import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import type {Event} from './event.ts'
import {type History, of, once} from './history.ts'
import {hostOf, tellerOf} from './tellers.ts'

/** What each view was taken from: who judges a server of another cluster goes back to it. */
const wholes = new WeakMap<readonly Event[], History>()

/** All of a run, whichever view of it this is. */
export function wholeOf(history: History): History {
  return wholes.get(history.events) ?? history
}

/**
 * One for each cluster, the first's first: its own keys, and what its own hosts say and are said to do; its topology is of its own
 * hosts. What the clients and the engine tell is in all of them, because they count what they tell of all hosts together.
 */
export function viewsOf(history: History): readonly History[] {
  return views(wholeOf(history))
}

const views = once((whole): readonly History[] => {
  const topology = topologyOf(whole)
  const all = topology === undefined ? [] : clusters(topology)
  if (topology === undefined || all.length < 2) return [whole]
  return all.map(cluster => without(whole, isOther(topology, cluster), cluster))
})

/** As the cluster of this host lived it. */
export function viewOf(history: History, host: HostName): History {
  const topology = topologyOf(wholeOf(history))
  if (topology === undefined) return history
  const {scope} = clusterOf(topology, host)
  return viewsOf(history)[clusters(topology).findIndex(one => one.scope === scope)] ?? history
}

/** Of another cluster of the lab than the one that this is a view of. */
export function isElsewhere(history: History, host: HostName): boolean {
  const [own, all] = [topologyOf(history), topologyOf(wholeOf(history))]
  return own !== all && all !== undefined && own !== undefined && !isIn(own, host) && isIn(all, host)
}

const isIn = ({hosts}: Topology, host: HostName) => hosts.some(({name}) => name === host)

/** It is a view of the cluster that was raised to follow the first one: that nobody there takes writes is as it should be. */
export function isOfFollower(history: History): boolean {
  return history !== wholeOf(history) && viewsOf(history).indexOf(history) > 0
}

/**
 * As whoever follows the first cluster sees it: every server, of whichever cluster, and of the keys the first's alone. What is asked of
 * the leader of a run is asked of that one.
 */
export function firstView(history: History): History {
  return first(wholeOf(history))
}

const first = once((whole): History => {
  const topology = topologyOf(whole)
  const [cluster, ...others] = topology === undefined ? [] : clusters(topology)
  if (topology === undefined || cluster === undefined || others.length === 0) return whole
  const isElse = isOther(topology, cluster)
  return without(whole, event => tellerOf(event) === 'etcd' && isElse(event))
})

/** undefined for one that has no hosts, which no file can say: whoever needs them stumbles by itself, and says so. */
function topologyOf(history: History): Topology | undefined {
  const topology: Partial<Topology> | undefined = of(history, 'run-started')[0]?.topology
  return topology?.hosts === undefined ? undefined : (topology as Topology)
}

function without(whole: History, isOut: (event: Event) => boolean, cluster?: Cluster): History {
  const events = whole.events.flatMap((event): Event[] => {
    if (isOut(event)) return []
    const isBegin = event.kind === 'run-started' && cluster !== undefined
    return [isBegin ? {...event, topology: within(event.topology, cluster)} : event]
  })
  wholes.set(events, whole)
  return {...whole, events}
}

/** Whether an event is of another cluster's keys or hosts. Asked of each of a run: which hosts those are is found out once. */
function isOther(topology: Topology, {scope}: Cluster): (event: Event) => boolean {
  const asking = new Set(hostsWith(topology, 'client'))
  const own = (host: HostName) => asking.has(host) || clusterOf(topology, host).scope === scope
  const ours = new Map(topology.hosts.map(({name}) => [name, own(name)]))
  return event => {
    if ('scope' in event) return event.scope !== scope
    const teller = tellerOf(event)
    if (teller === undefined || teller === 'engine' || teller === 'clients') return false
    const host = hostOf(event)
    return host !== undefined && !(ours.get(host) ?? own(host))
  }
}
