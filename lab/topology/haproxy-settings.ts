/** What a lab.yaml says of HAProxy, over what a profile has. */
import {ms} from '../words/quantity.ts'
import type {Written} from './settings.ts'
import type {HaproxySettings} from './topology.ts'

/** Later layers win, key by key. */
export function haproxyOf(base: HaproxySettings, layers: readonly Pick<Written, 'haproxy'>[]): HaproxySettings {
  const haproxy = Object.assign({}, ...layers.map(layer => layer.haproxy)) as NonNullable<Written['haproxy']>
  const inter = haproxy.inter ?? base.interMs
  // HAProxy: fastinter and downinter are inter unless they are set; a person who sets inter alone means all three.
  const checkedOften = haproxy.inter === undefined ? base : {fastinterMs: inter, downinterMs: inter}
  return {
    interMs: inter,
    fastinterMs: haproxy.fastinter ?? checkedOften.fastinterMs,
    downinterMs: haproxy.downinter ?? checkedOften.downinterMs,
    fall: haproxy.fall ?? base.fall,
    rise: haproxy.rise ?? base.rise,
    connectTimeoutMs: haproxy.timeout_connect ?? base.connectTimeoutMs,
    checkTimeoutMs: haproxy.timeout_check ?? base.checkTimeoutMs,
    clientTimeoutMs: haproxy.timeout_client ?? base.clientTimeoutMs,
    serverTimeoutMs: haproxy.timeout_server ?? base.serverTimeoutMs,
    onMarkedDown: haproxy.on_marked_down ?? base.onMarkedDown,
    ...entryOf(haproxy),
  }
}

/** As a lab.yaml has them. */
export function haproxyKeys(of: HaproxySettings): Readonly<Record<string, string>> {
  return {
    inter: ms(of.interMs),
    fastinter: ms(of.fastinterMs),
    downinter: ms(of.downinterMs),
    fall: String(of.fall),
    rise: String(of.rise),
    timeout_connect: ms(of.connectTimeoutMs),
    timeout_check: ms(of.checkTimeoutMs),
    timeout_client: ms(of.clientTimeoutMs),
    timeout_server: ms(of.serverTimeoutMs),
    on_marked_down: of.onMarkedDown,
  }
}

/** What has to be set so that `base` becomes `now`: `inter` alone sets two more. */
export function haproxySet(
  now: Readonly<Record<string, string>>,
  base: Readonly<Record<string, string>>,
): [string, string][] {
  const often = ['inter', 'fastinter', 'downinter']
  const isOften = often.some(key => now[key] !== base[key])
  return Object.entries(now).filter(([key, value]) => (often.includes(key) ? isOften : base[key] !== value))
}

/** How HAProxy lets clients in, where that is not as usual. */
function entryOf(haproxy: NonNullable<Written['haproxy']>): Partial<HaproxySettings> {
  const {check_primary, check_replicas, check_tls, maxconn, retries, redispatch, balance, tcpka} = haproxy
  return {
    ...(check_primary === undefined ? {} : {checkPrimary: check_primary}),
    ...(check_replicas === undefined ? {} : {checkReplicas: check_replicas}),
    ...(check_tls === undefined ? {} : {checkTls: check_tls}),
    ...(maxconn === undefined ? {} : {maxconn}),
    ...(retries === undefined ? {} : {retries}),
    ...(redispatch === undefined ? {} : {redispatch}),
    ...(balance === undefined ? {} : {balance}),
    ...(tcpka === undefined ? {} : {tcpka}),
  }
}
