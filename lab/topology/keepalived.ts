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
}

/** Of every timing profile; keepalived's own, but for `preempt`: an address that moves back breaks every session once more. */
export const keepalivedDefaults: KeepalivedSettings = {
  advertIntSeconds: 1,
  intervalSeconds: 1,
  fall: 2,
  rise: 2,
  preempt: false,
}

/** Priorities of VRRP, in the order of the hosts: all less than 255, which the owner of an address would have. */
export function priorityOf(topology: Topology, host: HostName): number {
  const hosts = hostsWith(topology, 'keepalived')
  return 100 + hosts.length - 1 - hosts.indexOf(host)
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
  }
}

/** As a lab.yaml has them. */
export function keepalivedKeys(of: KeepalivedSettings): Readonly<Record<string, string>> {
  return {
    advert_int: ms(of.advertIntSeconds * 1000),
    interval: ms(of.intervalSeconds * 1000),
    fall: String(of.fall),
    rise: String(of.rise),
    preempt: of.preempt ? 'on' : 'off',
  }
}
