/**
 * The operator renews certificates before they expire, one host after the other: a new key and certificate by the same CA, put in place
 * at once, and each service that shows one is told to read it in its own way. etcd reads it for each connection, Patroni's reload has
 * PostgreSQL read it too, PgBouncer has its RELOAD, and HAProxy is told over its socket. Nothing to mend: the former ones hold as well.
 */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {Shells} from '../breaking/paths.ts'
import {prove, type Seen} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {newCertificates} from '../engine/certificates.ts'
import type {Lab} from '../engine/lab.ts'
import type {SupervisedName} from '../topology/services.ts'
import {type HostName, hostsWith, portOf, type Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'

const params = z.strictObject({})

type Params = z.output<typeof params>

export const renewCertificates: Fault<Params> = {
  area: 'the operator',
  on: 'servers',
  about:
    "Each host of `on` gets a new certificate by the lab's CA, one after the other, and its services read it without a restart",
  neverDrawn: 'it takes nothing from anybody',
  params,
  needs: () => ['tls'],
  strikes: (_, {on}) => strikeOn(on, null),

  async inject(on) {
    const {lab, hosts, signal, broke} = on
    const {topology} = lab
    const renewed = await newCertificates(lab.docker, topology, lab.allocation, hosts)
    await using shells = await Shells.open(lab, renewed.keys())
    const shown = async (host: HostName) =>
      serialsIn((await shells.run(one => (one === host ? shownScript(topology, host) : null))).get(host) ?? '')
    // Patroni does what a signal asks for between two loops.
    const pace = {limitMs: 2 * topology.patroni.loopWaitSeconds * 1000 + 10_000, everyMs: 250}
    for (const [host, pem] of renewed) {
      if (signal.aborted) return
      const before = await shown(host)
      await broke(() => putInPlace(lab, host, pem))
      if (showing(topology, host).length > 0)
        await prove(on, async () => judgeShown(host, before, await shown(host)), pace)
    }
  },
}

interface Showing {
  readonly title: string
  /** Prints what it shows, as text of OpenSSL or of HAProxy. */
  readonly ask: string
}

const root = '/etc/pgha-lab/keys'
const ofHaproxy = '/run/pgha-lab/keys/haproxy/host.pem'

/** Whoever on this host shows its certificate to somebody. */
function showing(topology: Topology, host: HostName): readonly Showing[] {
  const {tls = {}} = topology
  const runs = (service: SupervisedName) => hostsWith(topology, service).includes(host)
  const at = (port: Parameters<typeof portOf>[2]) =>
    `openssl s_client -connect "$(hostname -i):${portOf(topology, host, port)}" -CAfile ${root}/ca.crt -verify_return_error`
  const asMember = `-cert ${root}/host.pem -key ${root}/host.pem`
  const toEtcd = (port: 'etcd' | 'etcd-peer') => `${at(port)} ${asMember} < /dev/null`
  const toServer = (port: 'postgres' | 'pgbouncer') => `${at(port)} -starttls postgres < /dev/null`
  return [
    ...(tls.etcd === true && runs('etcd')
      ? [
          {title: 'etcd', ask: toEtcd('etcd')},
          {title: 'etcd to its peers', ask: toEtcd('etcd-peer')},
        ]
      : []),
    // With a question: Patroni writes a traceback for a handshake without one.
    ...(tls.rest === true && runs('patroni')
      ? [
          {
            title: 'the REST API',
            ask: `printf 'GET /liveness HTTP/1.0\\r\\n\\r\\n' | ${at('patroni')} ${asMember} -ign_eof`,
          },
        ]
      : []),
    ...(tls.postgresql === true && runs('patroni') ? [{title: 'PostgreSQL', ask: toServer('postgres')}] : []),
    ...(tls.postgresql === true && runs('pgbouncer') ? [{title: 'PgBouncer', ask: toServer('pgbouncer')}] : []),
    ...(isShownByHaproxy(topology, host)
      ? [{title: 'HAProxy', ask: `echo 'show ssl cert ${ofHaproxy}' | ${admin}`}]
      : []),
  ]
}

const admin = 'socat -T 2 - UNIX-CONNECT:/run/haproxy/admin.sock'

function isShownByHaproxy(topology: Topology, host: HostName): boolean {
  return topology.tls?.restClients === 'required' && hostsWith(topology, 'haproxy').includes(host)
}

/** Prints a line `SERIAL of WHO` for the file of the host and for each service that shows one; nothing for who shows none. */
function shownScript(topology: Topology, host: HostName): string {
  const lines = showing(topology, host).map(
    ({title, ask}) => `{ ${ask}; } 2> /dev/null | serial | sed 's/$/ of ${title}/'`,
  )
  return `serial() { sed -n -e '/^-----BEGIN CERT/,/^-----END CERT/p' -e 's/^Serial: //p' | {
  read -r first
  case $first in
    -*) { echo "$first"; cat; } | openssl x509 -noout -serial | sed 's/^serial=//' ;;
    ?*) echo "$first" ;;
  esac
}; }
serial < ${root}/host.pem | sed 's/$/ of ${own}/'
${lines.join('\n')}
true`
}

const own = 'the host'

async function putInPlace(lab: Lab, host: HostName, pem: string): Promise<void> {
  const {id} = await lab.container(host)
  await using running = await lab.engineOf(host).exec(id, ['sh', '-c', placeScript(lab.topology, host)])
  running.stdin.end(pem)
  const code = await running.done
  if (running.lost !== undefined) throw running.lost
  if (code !== 0)
    throw new LabError('engine', `${host} did not take its new certificate: ${running.stderr().trim() || code}`)
}

const users = {etcd: 'etcd', patroni: 'postgres', pgbouncer: 'postgres', haproxy: 'haproxy'} as const

/** Takes the certificate from stdin. A new file takes the place of the old one: who reads finds one of them, whole. */
function placeScript(topology: Topology, host: HostName): string {
  const run = (Object.keys(users) as (keyof typeof users)[]).filter(one => hostsWith(topology, one).includes(host))
  const reloaded = run.filter(one => one === 'patroni' || one === 'pgbouncer')
  return [
    `umask 077; cat > ${root}/.host.pem && chmod 400 ${root}/.host.pem && mv -f ${root}/.host.pem ${root}/host.pem || exit`,
    ...[...new Set(run.map(one => users[one]))].map(user => `keys-for ${user} host.pem || exit`),
    ...reloaded.map(service => `s6-svc -h /run/service/${service} || exit`),
    ...(isShownByHaproxy(topology, host)
      ? [
          `{ echo 'set ssl cert ${ofHaproxy} <<'; cat ${ofHaproxy}; echo; } | ${admin}`,
          `echo 'commit ssl cert ${ofHaproxy}' | ${admin}`,
        ]
      : []),
  ].join('\n')
}

type Serials = ReadonlyMap<string, string>

/** Lines that are none of the script's are none. */
export function serialsIn(printed: string): Serials {
  return new Map(
    [...printed.matchAll(/^([0-9A-F]{16,40}) of (.+)$/gm)].map(([, serial = '', who = '']) => [who, serial]),
  )
}

/** @param before whoever showed one then has to show the new one `after`. */
export function judgeShown(host: HostName, before: Serials, after: Serials): Seen {
  const [former, fresh] = [before.get(own), after.get(own)]
  const shows = [...before.keys()].filter(who => who !== own)
  const short = (serial: string | undefined) => (serial === undefined ? 'none' : serial.slice(0, 8))
  if (former === undefined || fresh === undefined || fresh === former)
    return {holds: false, says: `${host} has no new certificate: ${short(former)} before and ${short(fresh)} after`}
  if (shows.length === 0)
    return {holds: false, says: `no service on ${host} showed a certificate before it was renewed`}
  const late = shows.filter(who => after.get(who) !== fresh)
  const told = late.map(who => `${who} shows ${short(after.get(who))}`).join(', ')
  if (late.length > 0) return {holds: false, says: `on ${host}, where the new certificate is ${short(fresh)}, ${told}`}
  return {
    holds: true,
    says: `on ${host} the certificate ${short(fresh)} is shown in place of ${short(former)} by ${shows.join(', ')}`,
  }
}
