/** Which certificate each service shows that speaks TLS: one that nobody believes looks like a host that is not there. */
import {once} from 'node:events'
import type {Duplex} from 'node:stream'
import {identityFor} from '../engine/access.ts'
import type {Lab} from '../engine/lab.ts'
import {type Identity, overTls, ServerTls} from '../observer/tls.ts'
import {hasAuthority} from '../topology/security.ts'
import {services} from '../topology/services.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {own} from '../words/own.ts'

export interface BadCertificate {
  readonly host: HostName
  /** As a person calls it. */
  readonly service: string
  /** What is wrong with it, behind "a certificate that ". */
  readonly why: string
}

/** Of Node (`tls`, `X509_V_ERR_*`). */
const anotherCa = "is of another CA than the lab's"
const reasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_SIGNATURE_FAILURE: anotherCa,
  DEPTH_ZERO_SELF_SIGNED_CERT: anotherCa,
  SELF_SIGNED_CERT_IN_CHAIN: anotherCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: anotherCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: anotherCa,
  ERR_TLS_CERT_ALTNAME_INVALID: 'is not for its address',
}

/**
 * Those that do not hold: of every PostgreSQL, and of whoever else gave no answer; why it is not there at all, others tell. (Patroni
 * writes a traceback for each handshake without a question.) Empty in a lab without TLS.
 */
export async function badCertificates(
  lab: Lab,
  silent: {readonly etcd: readonly HostName[]; readonly patroni: readonly HostName[]},
  withinMs: number,
): Promise<readonly BadCertificate[]> {
  if (!hasAuthority(lab.topology)) return []
  const asked = [
    // One that its peers do not believe serves no clients; to them it shows the same certificate.
    ...silent.etcd.map(host => ({host, service: 'etcd', port: 'etcd-peer'}) as const),
    ...silent.patroni.map(host => ({host, service: 'patroni', port: 'patroni'}) as const),
    // Through the port that is published, where that is of this machine.
    ...(lab.allocation.elsewhere === true ? [] : hostsWith(lab.topology, 'patroni')).map(
      host => ({host, service: 'postgres', port: null}) as const,
    ),
  ]
  const all = await Promise.all(
    asked.map(async ({host, service, port}) => {
      const identity = identityFor(lab.topology, lab.allocation, service)
      if (identity === undefined) return []
      const why = await refusal(() => connection(lab, host, port, identity), withinMs)
      return why === null ? [] : [{host, service: title(service), why}]
    }),
  )
  return all.flat()
}

function title(service: 'etcd' | 'patroni' | 'postgres'): string {
  return service === 'postgres' ? 'PostgreSQL' : service === 'patroni' ? 'the REST API' : services.etcd.title
}

/** @param port null: PostgreSQL's, through the one that is published. */
function connection(lab: Lab, host: HostName, port: 'etcd-peer' | 'patroni' | null, identity: Identity) {
  if (port !== null) {
    const secure = overTls(lab.connect(host, port), lab.allocation.addresses[host] ?? '', identity)
    return {secure, done: 'secureConnect'}
  }
  const at = lab.reach(host, 'postgres')
  return {secure: new ServerTls(identity).connect(at.port, at.host), done: 'connect'}
}

/** null: it holds, or nobody knows. */
async function refusal(
  connect: () => {readonly secure: Duplex; readonly done: string},
  withinMs: number,
): Promise<string | null> {
  const {secure, done} = connect()
  secure.on('error', () => {}) // told below, and a later one is none of ours
  try {
    await once(secure, done, {signal: AbortSignal.timeout(withinMs)})
    return null
  } catch (error) {
    return own(reasons, String((error as NodeJS.ErrnoException).code)) ?? null
  } finally {
    secure.destroy()
  }
}

/** `etcd on node2 shows a certificate that has expired` */
export function sayBadCertificate({host, service, why}: BadCertificate): string {
  return `${service} on ${host} shows a certificate that ${why}`
}
