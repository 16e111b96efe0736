/** The settings of keepalived that decide when a virtual address moves: what they are by default, and their keys in a lab.yaml. */
import {ms} from '../words/quantity.ts'
import type {Written} from './settings.ts'
import {type Allocation, type HostName, hostsWith, type Topology} from './topology.ts'

/** Under its own names (keepalived 2.3, keepalived.conf(5)). */
export interface KeepalivedSettings {
  /** How often the holder says that it is there; three of these and a little without a word, and another one takes the address. */
  readonly advertIntSeconds: number
  /** How often HAProxy is asked whether it answers, and after how many times in a row that counts (vrrp_script). */
  readonly intervalSeconds: number
  readonly fall: number
  readonly rise: number
  /** Whether a host of a higher priority that comes back takes the address from its holder. */
  readonly preempt: boolean
  /** `none`: nobody asks HAProxy, and an address stays where it is dead. Left out: it is asked. */
  readonly check?: 'none'
  /** A failed check changes the priority by so much, less than 0, or a passed one, more than 0. Left out: it gives the address up. */
  readonly weight?: number
  /** By host, where they are not as usual. */
  readonly priorities?: Readonly<Record<HostName, number>>
}

/** Of every timing profile; keepalived's own, but for `preempt`: an address that moves back breaks every session once more. */
export const keepalivedDefaults: KeepalivedSettings = {
  advertIntSeconds: 1,
  intervalSeconds: 1,
  fall: 2,
  rise: 2,
  preempt: false,
}

/** Priorities of VRRP, in the order of the hosts where nobody says them: all less than 255, which the owner of an address would have. */
export function priorityOf(topology: Topology, host: HostName): number {
  const hosts = hostsWith(topology, 'keepalived')
  return topology.keepalived?.priorities?.[host] ?? 100 + hosts.length - 1 - hosts.indexOf(host)
}

/** With what a check of HAProxy adds to it or takes from it (keepalived.conf(5): weight). */
export function priorityWhile(topology: Topology, host: HostName, proxy: 'answers' | 'fails'): number {
  const {check, weight = 0} = topology.keepalived ?? {}
  const counts = check !== 'none' && (proxy === 'answers' ? weight > 0 : weight < 0)
  return Math.min(254, Math.max(1, priorityOf(topology, host) + (counts ? weight : 0)))
}

/** The address that one of these hosts has, in the lab's network: hosts have theirs from .11 on, and there are at most 64 of them. */
export function virtualAddress({subnet}: Pick<Allocation, 'subnet'>): string {
  return subnet.replace(/\.0\/24$/, '.253')
}

/** With what is written of them. */
export function withKeepalived(
  base: KeepalivedSettings,
  written: NonNullable<Written['keepalived']>,
): KeepalivedSettings {
  return {
    advertIntSeconds: written.advert_int ?? base.advertIntSeconds,
    intervalSeconds: written.interval ?? base.intervalSeconds,
    fall: written.fall ?? base.fall,
    rise: written.rise ?? base.rise,
    preempt: written.preempt === undefined ? base.preempt : written.preempt === 'on',
    ...(written.check === 'none' ? {check: written.check} : {}),
    ...(written.weight === undefined || written.weight === 0 ? {} : {weight: written.weight}),
    ...(written.priority === undefined ? {} : {priorities: written.priority}),
  }
}

/** As a lab.yaml has them, but for what only a file says. */
export function keepalivedKeys(of: KeepalivedSettings): Readonly<Record<string, string>> {
  return {
    advert_int: ms(of.advertIntSeconds * 1000),
    interval: ms(of.intervalSeconds * 1000),
    fall: String(of.fall),
    rise: String(of.rise),
    preempt: of.preempt ? 'on' : 'off',
  }
}
