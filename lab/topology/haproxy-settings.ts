/** What a lab.yaml says of HAProxy, over what a profile has. */
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
