/** Who had the virtual address, from when to when, and when two hosts that could be reached had it at once. */
import {holderLoses, type Loss} from '../budget/index.ts'
import type {HostName, Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {atRest, outside, type Stretch} from './at-rest.ts'
import type {Of} from './event.ts'
import {type History, of} from './history.ts'
import {gapsOf} from './looks.ts'

/** By its own word, until it said that it has it no more, was dead or frozen, or its word may be missing. */
export interface Hold {
  readonly host: HostName
  readonly from: Of<'virtual-address'>
  readonly to: Micros
}

/** Reports come once a second: the last one before a host dies is so old, and less than what is tolerated of two holders. */
const unreported: Micros = 1_500_000

export function holdsOf(history: History, end: Micros): readonly Hold[] {
  const all = of(history, 'virtual-address')
  return all
    .filter(one => one.held && one.at < end)
    .map(from => {
      const next = all.find(one => one.host === from.host && one.at > from.at)?.at ?? end
      const rest = atRest(history, from.host, 'keepalived').find(one => one.to > from.at)?.from ?? end
      // What it told then may have been lost.
      const gap = gapsOf(history, 'address', from.host).find(one => one.to > from.at)
      return {
        host: from.host,
        from,
        to: Math.max(
          from.at,
          Math.min(next, rest, gap === undefined ? end : Math.max(gap.from, from.at) + unreported, end),
        ),
      }
    })
}

/** Which of the hosts that a fault struck had the address when it came. */
export function holderStruck({at, hosts}: Of<'fault-injecting'>, holds: readonly Hold[]): HostName | undefined {
  return hosts.find(host => holds.some(one => one.host === host && one.from.at <= at && at < one.to))
}

/** How its holder loses the address by keepalived's own settings, and the priority of whoever takes it; `none`: it does not. */
export function lossOf(
  topology: Topology,
  {strike}: Of<'fault-injecting'>,
  holder: HostName,
): {readonly loss: Loss | 'none'; readonly best: number} {
  const isProxyDown = strike.down?.some(one => one.host === holder && one.service === 'haproxy') === true
  return holderLoses(topology, holder, isProxyDown ? 'haproxy' : 'host')
}

interface Together extends Stretch {
  readonly hosts: readonly HostName[]
  readonly events: readonly Of<'virtual-address'>[]
}

/** But for the time in which one of them was struck by a fault that keeps everybody from it. */
export function togetherFor(history: History, holds: readonly Hold[]): readonly Together[] {
  return holds.flatMap((one, index) =>
    holds.slice(index + 1).flatMap(other => {
      if (one.host === other.host) return []
      const both = {from: Math.max(one.from.at, other.from.at), to: Math.min(one.to, other.to)}
      if (both.to <= both.from) return []
      const hidden = [...struck(history, one.host), ...struck(history, other.host)].toSorted((a, b) => a.from - b.from)
      return outside(hidden, both).map(stretch => ({
        ...stretch,
        hosts: [one.host, other.host],
        events: [one.from, other.from],
      }))
    }),
  )
}

function struck(history: History, host: HostName): Stretch[] {
  return of(history, 'fault-injecting')
    .filter(({strike}) => unreachable(strike, host))
    .map(({id, at}) => {
      const mended = of(history, 'fault-mended').find(one => one.id === id && (one.mend.host ?? host) === host)
      const lost = of(history, 'fault-lost').find(one => one.id === id)
      return {from: at, to: Math.min(mended?.at ?? Number.POSITIVE_INFINITY, lost?.at ?? Number.POSITIVE_INFINITY)}
    })
}

function unreachable({dead, frozen, cut}: Of<'fault-injecting'>['strike'], host: HostName): boolean {
  return (
    dead?.includes(host) === true ||
    frozen?.includes(host) === true ||
    cut?.some(one => one.host === host && one.service === null) === true
  )
}
