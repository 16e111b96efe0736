/** What only several files together show. */
import {serverDown} from '../../budget/proxy.ts'
import {smallTerms} from '../../budget/small-terms.ts'
import {checkPort, checksInTls} from '../../haproxy/check.ts'
import {checkTimings, type HaproxyProxy, type HaproxyServer, isChecked, isPooler} from '../../haproxy/proxies.ts'
import {effectiveTimings} from '../../topology/timings.ts'
import {isAddress, isLoopback, sameHost} from '../../words/place.ts'
import {choosing, memberAddresses, postgresProxies} from '../members.ts'
import {dcsOf, type PatroniFile, timingsOf} from '../read/patroni.ts'
import {hbaOf} from '../read/pg-hba.ts'
import type {PgbouncerFile} from '../read/pgbouncer.ts'
import type {Files} from '../read/read.ts'
import type {Found, Rule} from '../rule.ts'
import {parametersOf} from './patroni-timings.ts'

export const clusterRules: readonly Rule[] = [
  {
    id: 'cluster/haproxy-lacks-member',
    severity: 'error',
    about: 'a member that is no server of this proxy: nobody can write while it leads',
    source: 'how HAProxy works: it knows the servers of its file only',
    fix: 'a server line for each member',
    find: files =>
      comparable(files).flatMap(({proxy, members}) => {
        const missing = members.filter(member => !proxy.servers.some(server => isServerOf(server, member)))
        return missing.slice(0, 1).map(({name, address}) => ({
          place: proxy.section.place,
          says: `${name?.text ?? address?.text} (${address?.text}) is no server of ${proxy.name}: nobody gets to it when it leads`,
        }))
      }),
  },
  {
    id: 'cluster/haproxy-not-a-member',
    severity: 'warning',
    about: 'a server that is a member in none of the files of Patroni',
    source: 'the files of Patroni that were given',
    fix: 'take it out, or give the file of that member too',
    // One file stands for all members.
    find: files =>
      (files.patroni.length < 2 ? [] : comparable(files)).flatMap(({proxy, members}) =>
        proxy.servers
          .filter(server => isAddress(server.address.host) && !members.some(member => isServerOf(server, member)))
          .map(({name, address, place}) => ({
            place,
            says: `${name} (${address.text}) is a member in none of the files of Patroni`,
          })),
      ),
  },
  {
    id: 'cluster/haproxy-port-differs',
    severity: 'error',
    about: 'another port than the member says its PostgreSQL has',
    source: 'Patroni, postgresql.connect_address',
    fix: 'the port of postgresql.connect_address, or of the pooler before it',
    find: files =>
      comparable(files).flatMap(({proxy, members}) =>
        proxy.servers.flatMap(server => {
          const member = members.find(one => isServerOf(server, one))
          const poolers = [
            member?.pooler?.port,
            ...files.pgbouncer.map(({settings}) => Number(settings.get('listen_port')?.text ?? 6432)),
          ]
          const [here, there] = [server.address.port, member?.address?.port]
          const isFine =
            here === undefined || there === undefined || here === there || isPooler(server) || poolers.includes(here)
          return isFine
            ? []
            : [
                {
                  place: server.place,
                  says: `port ${here}, and ${member?.name?.text ?? 'the member'} listens on ${there}`,
                },
              ]
        }),
      ),
  },
  {
    id: 'cluster/check-port-differs',
    severity: 'error',
    about: 'the check asks another port than the one of the REST API: the server is always down',
    source: 'Patroni, restapi.connect_address',
    fix: 'check port, as in restapi.connect_address',
    find: files =>
      comparable(files).flatMap(({proxy, members}) =>
        proxy.servers.flatMap(server => {
          const member = members.find(one => isServerOf(server, one))
          const [here, there] = [checkPort(server, proxy.check), member?.restapi.address?.port]
          const isAsked = proxy.check?.asksHttp === true && isChecked(server) && here !== server.address.port
          return !isAsked || there === undefined || here === there
            ? []
            : [
                {
                  place: server.place,
                  says: `the check asks port ${here}, and the REST API of ${member?.name?.text ?? 'the member'} listens on ${there}`,
                },
              ]
        }),
      ),
  },
  {
    id: 'cluster/haproxy-server-twice',
    severity: 'warning',
    about: 'one address under two names: it gets twice the clients, and another member may be missing',
    source: 'HAProxy, configuration manual: server',
    fix: 'one server line for each member',
    find: files =>
      choosing(files).flatMap(({servers}) =>
        servers.flatMap(({address, place, name}, index) => {
          const earlier = servers.slice(0, index).find(one => one.address.text === address.text)
          return earlier === undefined ? [] : [{place, says: `${name} is ${address.text}, as ${earlier.name} is`}]
        }),
      ),
  },
  {
    id: 'cluster/restapi-tls-mismatch',
    severity: 'error',
    about: 'the check and the REST API do not both speak TLS: the server is always down',
    source: 'Patroni, docs/rest_api.rst, restapi.certfile; HAProxy, configuration manual: check-ssl',
    fix: 'check-ssl at the servers when restapi has a certfile, and only then',
    find: files =>
      asked(files).flatMap(({server, proxy, member}) => {
        const [speaks, expects] = [isTls(server, proxy), member.restapi.certificate !== undefined]
        if (speaks === expects) return []
        const says = expects
          ? 'the REST API speaks TLS only, and the check speaks none: check-ssl is missing'
          : 'the check speaks TLS, and the REST API has no certfile'
        return [{place: server.place, says}]
      }),
  },
  {
    id: 'cluster/restapi-client-certificate',
    severity: 'error',
    about: 'the REST API requires a certificate of every client, and the check has none',
    source: 'Patroni, docs/rest_api.rst, restapi.verify_client',
    fix: 'crt FILE at the servers, or verify_client: optional',
    find: files =>
      asked(files).flatMap(({server, proxy, member}) =>
        member.restapi.verifyClient === 'required' && isTls(server, proxy) && !server.options.has('crt')
          ? [{place: server.place}]
          : [],
      ),
  },
  {
    id: 'cluster/check-slower-than-failover',
    severity: 'warning',
    about:
      'HAProxy takes longer to mark a silent server down than Patroni to replace it: clients go on to the dead one',
    source: 'docs/how/timing-model.md of pgha-lab; HAProxy, configuration manual: fall, fastinter, timeout check',
    fix: 'a shorter inter and timeout check, or fewer checks (fall)',
    find: files => {
      const written = dcsOf(files).map(({map}) => timingsOf(map))[0]
      if (written === undefined) return []
      const used = effectiveTimings({
        ttlSeconds: written.ttl,
        loopWaitSeconds: written.loopWait,
        retryTimeoutSeconds: written.retryTimeout,
      })
      const least = used.ttlSeconds - used.loopWaitSeconds
      return choosing(files)
        .filter(({check}) => check?.asksHttp === true)
        .filter(proxy => downAfter(proxy) > least)
        .map(proxy => ({
          place: proxy.section.place,
          says: `up to ${Math.round(downAfter(proxy))} s until a lost host is marked down; Patroni can replace the leader in ${least} s`,
        }))
    },
  },
  {
    id: 'pgbouncer/database-pinned-to-member',
    severity: 'error',
    about: 'the pooler leads to a member whatever its role: after a failover its clients cannot write',
    source: 'PgBouncer, doc/config.md: host',
    fix: 'the address of HAProxy or of the virtual address, or 127.0.0.1 where HAProxy leads to poolers',
    find: files =>
      files.pgbouncer.flatMap(({databases}) =>
        databases.flatMap(({name, place, options}) => {
          const hosts = (options.get('host') ?? '').split(',').map(host => host.trim())
          const pinned = hosts.filter(
            host =>
              !isLoopback(host) &&
              memberAddresses(files).some(member => sameHost(member.host, host)) &&
              !isProxy(files, host),
          )
          if (pinned.length === 0) return []
          const says =
            hosts.length === 1
              ? `${name} leads to the member ${pinned[0]} whatever its role`
              : `${name} leads to ${hosts.join(', ')} by turns, whatever their roles`
          return [{place, says}]
        }),
      ),
  },
  {
    id: 'cluster/pooler-cannot-log-in',
    severity: 'error',
    about: 'pg_hba asks clients over the network for what no pooler has: gss, sspi, ident, peer or oauth',
    source: 'PgBouncer, doc/config.md: auth_type; it logs in with trust, password, md5, SCRAM or a certificate',
    fix: 'scram-sha-256 for the addresses of the poolers',
    find: files =>
      files.pgbouncer.length === 0
        ? []
        : files.patroni.flatMap(patroni => {
            const lines = (hbaOf(patroni, files.dynamic)?.lines ?? []).filter(
              ({type, databases, method}) =>
                type !== 'local' && !databases.includes('replication') && method !== 'reject',
            )
            const isHopeless =
              lines.length > 0 && lines.every(({method}) => /^(gss|sspi|ident|peer|oauth)$/.test(method))
            return isHopeless
              ? lines.slice(0, 1).map(({place, method}) => ({place, says: `a pooler cannot log in with ${method}`}))
              : []
          }),
  },
  {
    id: 'cluster/pooler-secret',
    severity: 'advice',
    about: 'PostgreSQL asks the pooler for SCRAM, and it cannot answer with what it may have in its auth_file',
    source: 'PgBouncer, doc/config.md: Authentication file format, Limitations',
    fix: 'plain text in auth_file, or auth_type = scram-sha-256 with the very secrets of PostgreSQL and no user in the database',
    find: files => (asksScram(files) ? files.pgbouncer.flatMap(poolerSecrets) : []),
  },
  {
    id: 'cluster/pooler-hash',
    severity: 'warning',
    about: 'PgBouncer asks for SCRAM, and PostgreSQL keeps MD5 hashes, from which it cannot be answered',
    source: 'PgBouncer, doc/config.md: auth_type, auth_file; PostgreSQL, password_encryption',
    fix: 'password_encryption: scram-sha-256, and set the passwords again',
    find: files =>
      files.pgbouncer.flatMap(({settings}) => {
        const type = settings.get('auth_type')
        const keepsMd5 = parametersOf(files, 'password_encryption').some(({text}) => text === 'md5')
        return type?.text === 'scram-sha-256' && keepsMd5 ? [{place: type.place}] : []
      }),
  },
]

/** Whether every line for clients over the network of every member asks for SCRAM; an md5 line takes either. */
function asksScram({patroni, dynamic}: Files): boolean {
  const lines = patroni.flatMap(one => hbaOf(one, dynamic)?.lines ?? [])
  const ofClients = lines.filter(({type, databases}) => type !== 'local' && !databases.includes('replication'))
  return ofClients.length > 0 && ofClients.every(({method}) => method === 'scram-sha-256')
}

function poolerSecrets({settings, databases}: PgbouncerFile): Found[] {
  const type = settings.get('auth_type')
  const hashes =
    type?.text === 'md5'
      ? [{place: type.place, says: 'MD5 hashes in auth_file cannot answer SCRAM, which PostgreSQL asks for'}]
      : []
  const fixed = databases.filter(({options}) => options.has('user') && !options.has('password'))
  return [
    ...hashes,
    ...fixed.map(({name, place}) => ({
      place,
      says: `${name} names a user: a SCRAM secret in auth_file cannot log in as that, only plain text can`,
    })),
  ]
}

function isServerOf({address, name}: HaproxyServer, member: PatroniFile): boolean {
  if (member.address !== undefined && sameHost(member.address.host, address.host)) return true
  // One has an address and the other a name: the names of server and member may tell.
  return (
    member.address !== undefined &&
    isAddress(member.address.host) !== isAddress(address.host) &&
    name === member.name?.text
  )
}

/** Proxies whose servers can be told apart by the addresses of members: at least one is one. */
function comparable(files: Files): readonly {readonly proxy: HaproxyProxy; readonly members: readonly PatroniFile[]}[] {
  const members = files.patroni.filter(({address}) => address !== undefined && !isLoopback(address.host))
  return choosing(files)
    .filter(
      ({servers, check}) =>
        check?.asksHttp === true && members.some(member => servers.some(server => isServerOf(server, member))),
    )
    .map(proxy => {
      // A proxy may be for one of several clusters.
      const scopes = new Set(
        members
          .filter(member => proxy.servers.some(server => isServerOf(server, member)))
          .map(({scope}) => scope?.text),
      )
      return {proxy, members: members.filter(({scope}) => scopes.has(scope?.text))}
    })
}

/** Each server whose check asks the REST API of a member that is known. */
function asked(files: Files): readonly {
  readonly server: HaproxyServer
  readonly proxy: HaproxyProxy
  readonly member: PatroniFile
}[] {
  return comparable(files).flatMap(({proxy, members}) =>
    proxy.servers.flatMap(server => {
      const member = members.find(one => isServerOf(server, one))
      return member === undefined || !isChecked(server) || checkPort(server, proxy.check) === server.address.port
        ? []
        : [{server, proxy, member}]
    }),
  )
}

function isTls(server: HaproxyServer, {check}: HaproxyProxy): boolean {
  return checksInTls(server, check) || (check?.inTls === undefined && server.options.has('ssl'))
}

/** Seconds until a server whose host is lost is surely marked down, by the timing model. */
function downAfter(proxy: HaproxyProxy): number {
  const most = proxy.servers
    .filter(isChecked)
    .map(server => serverDown(checkTimings(proxy, server), 'silent', 0, smallTerms()).max)
  return Math.max(0, ...most) / 1e6
}

/** Whether a proxy on this host leads on: a member's host may have one. */
function isProxy(files: Files, host: string): boolean {
  return postgresProxies(files).some(({binds}) => binds.some(bind => bind.host === host))
}
