/** Which proxies lead anybody anywhere while a failover goes on. */
import {areTogether} from '../topology/clusters.ts'
import type {HostName, Topology} from '../topology/topology.ts'
import {stills} from './at-rest.ts'
import type {Of} from './event.ts'

/** A failover that goes on. */
interface Meanwhile {
  readonly fault: Of<'fault-injecting'>
  readonly leader: HostName | undefined
  readonly ended: readonly HostName[]
}

/** Those that could lead to this server, one of the same cluster: proxies of another one lead nobody there. */
export function leadingTo(
  server: HostName | undefined,
  topology: Topology | undefined,
  proxies: readonly HostName[],
  failover: Meanwhile,
): readonly HostName[] {
  return proxies.filter(proxy => leads(proxy, failover) && areTogether(topology, proxy, server ?? ''))
}

/**
 * Not one that the fault keeps from everybody, such as one beside the leader that died, was stopped, or was reset by its watchdog:
 * what it says when it is back is no part of the failover.
 * @param ended hosts that ended meanwhile, as the engine said.
 */
function leads(proxy: HostName, failover: Meanwhile): boolean {
  const {strike} = failover.fault
  const isAlone =
    proxy === failover.leader && strike.cut?.some(cut => cut.host === proxy && cut.service === null) === true
  return !isAlone && !failover.ended.includes(proxy) && !stills(strike, proxy, 'haproxy')
}
