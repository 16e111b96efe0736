/** Which proxies lead anybody anywhere while a failover goes on. */
import type {HostName} from '../topology/topology.ts'
import {stills} from './at-rest.ts'
import type {Of} from './event.ts'

/**
 * Not one that the fault keeps from everybody, such as one beside the leader that died, was stopped, or was reset by its watchdog:
 * what it says when it is back is no part of the failover.
 * @param ended hosts that ended meanwhile, as the engine said.
 */
export function leads(
  proxy: HostName,
  failover: {
    readonly fault: Of<'fault-injecting'>
    readonly leader: HostName | undefined
    readonly ended: readonly HostName[]
  },
): boolean {
  const {strike} = failover.fault
  const isAlone =
    proxy === failover.leader && strike.cut?.some(cut => cut.host === proxy && cut.service === null) === true
  return !isAlone && !failover.ended.includes(proxy) && !stills(strike, proxy, 'haproxy')
}
