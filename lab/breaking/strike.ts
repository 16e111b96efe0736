/** What faults say of themselves, in the words that most of them share. */
import {type LeaderFault, noBounds} from '../budget/index.ts'
import type {Strike} from '../history/strike.ts'
import type {HostName} from '../topology/topology.ts'

/** To a leader on one of these hosts it is this fault of the timing model; null: the model has none that is like it. */
export function strikeOn(hosts: readonly HostName[], fault: LeaderFault | null): Strike {
  return {struck: hosts.map(host => ({host, ...(fault === null ? {why: noBounds} : {fault})}))}
}

/** A service of these hosts is down until it is mended. */
export function downOn(hosts: readonly HostName[], service: string): Pick<Strike, 'down'> {
  return {down: hosts.map(host => ({host, service}))}
}
