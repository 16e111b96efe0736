/** A topology as a lab.yaml with a comment at each setting: read again it is the same topology. */
import {type Note, printYaml, type Value} from '../../compose/print-yaml.ts'
import {clusters} from '../topology/clusters.ts'
import {hbaLine} from '../topology/hba.ts'
import {keepalivedKeys} from '../topology/keepalived.ts'
import {type DynamicName, dynamicSettings} from '../topology/kept.ts'
import {pgbouncerKeys} from '../topology/pgbouncer.ts'
import {releaseNames, releases} from '../topology/release.ts'
import {securityKeys} from '../topology/security.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import {ms} from '../words/quantity.ts'

type Values = Readonly<Record<string, Value | undefined>>

/** @param header at its head, without its comment signs. */
export function labFile(topology: Topology, header: string): string {
  const values = withoutNothing({
    profile: topology.profile,
    release: topology.release,
    images: ifAny(topology.images ?? {}),
    hosts: Object.fromEntries(topology.hosts.map(({name, services}) => [name, [...services]])),
    patroni: patroniOf(topology),
    etcd: withoutNothing({
      heartbeat_interval: topology.etcd?.heartbeatMs === undefined ? undefined : ms(topology.etcd.heartbeatMs),
      election_timeout: topology.etcd?.electionMs === undefined ? undefined : ms(topology.etcd.electionMs),
      quota: topology.etcd?.quotaBytes === undefined ? undefined : bytes(topology.etcd.quotaBytes),
    }),
    haproxy: haproxyOf(topology),
    pgbouncer: withoutNothing({
      port: topology.ports?.pgbouncer,
      ...(topology.pgbouncer === undefined ? {} : plain(pgbouncerKeys(topology.pgbouncer))),
    }),
    keepalived: keepalivedOf(topology.keepalived),
    postgresql: withoutNothing({
      port: topology.ports?.postgres,
      parameters: ifAny(topology.postgresParameters),
      pg_hba: topology.hba?.map(one => hbaLine(one)),
      data_size: topology.dataBytes === undefined ? undefined : bytes(topology.dataBytes),
    }),
    ...securityIn(topology),
    network: topology.network,
    stand_ins: topology.standIns,
  })
  return printYaml(values, {header, oneLine: 100, notes: [...notesOn(values), ...ofEtcd(topology)]})
}

function securityIn(topology: Topology): Values {
  const under = (key: 'tls' | 'auth') =>
    Object.entries(securityKeys(topology)).flatMap(([path, value]) =>
      path.startsWith(`${key}.`) ? [[path.slice(key.length + 1), value] as const] : [],
    )
  return {tls: Object.fromEntries(under('tls')), auth: Object.fromEntries(under('auth'))}
}

function patroniOf(topology: Topology): Values {
  const {patroni, scope, namespace, ports = {}, dynamic = {}, callbacks = {}, postBootstrap, patroniBuild} = topology
  const usual = clusters(topology)[0]
  return withoutNothing({
    scope: scope === undefined ? undefined : usual.scope,
    namespace: namespace === undefined ? undefined : usual.namespace,
    port: ports.patroni,
    ttl: `${patroni.ttlSeconds}s`,
    loop_wait: `${patroni.loopWaitSeconds}s`,
    retry_timeout: `${patroni.retryTimeoutSeconds}s`,
    maximum_lag_on_failover: bytes(patroni.maximumLagOnFailoverBytes),
    synchronous_mode: patroni.synchronousMode,
    primary_start_timeout: `${patroni.primaryStartTimeoutSeconds}s`,
    failsafe_mode: onOff(patroni.failsafeMode),
    watchdog: patroni.watchdog,
    watchdog_safety_margin: `${patroni.watchdogSafetyMarginSeconds}s`,
    ...Object.fromEntries(Object.entries(dynamic).map(([key, value]) => [key, written(key as DynamicName, value)])),
    slots: ifAny(patroni.slots ?? {}),
    build: patroniBuild?.path,
    post_bootstrap: postBootstrap && `./${postBootstrap.file}`,
    callbacks: ifAny(Object.fromEntries(Object.entries(callbacks).map(([name, {file}]) => [name, `./${file}`]))),
    tags: ifAny(topology.tags ?? {}) as Value | undefined,
  })
}

/** As its own schema reads it. */
function written(key: DynamicName, value: number | boolean): Value {
  if (typeof value === 'boolean') return onOff(value)
  const {takes} = dynamicSettings[key]
  if (takes.safeParse(value).success) return value
  return takes.safeParse(`${value}s`).success ? `${value}s` : bytes(value)
}

function haproxyOf({haproxy, haproxyFile, ports = {}}: Topology): Values {
  // Its file says all the rest.
  if (haproxyFile?.own !== undefined)
    return withoutNothing({file: `./${haproxyFile.own.file}`, stats_port: ports.stats})
  return withoutNothing({
    port: ports.primary,
    replicas_port: ports.replicas,
    stats_port: ports.stats,
    inter: ms(haproxy.interMs),
    fastinter: ms(haproxy.fastinterMs),
    downinter: ms(haproxy.downinterMs),
    fall: haproxy.fall,
    rise: haproxy.rise,
    timeout_connect: ms(haproxy.connectTimeoutMs),
    timeout_check: ms(haproxy.checkTimeoutMs),
    timeout_client: ms(haproxy.clientTimeoutMs),
    timeout_server: ms(haproxy.serverTimeoutMs),
    on_marked_down: haproxy.onMarkedDown,
    check_primary: haproxy.checkPrimary,
    check_replicas: haproxy.checkReplicas,
    check_tls: haproxy.checkTls === undefined ? undefined : onOff(haproxy.checkTls),
    maxconn: haproxy.maxconn,
    retries: haproxy.retries,
    redispatch: haproxy.redispatch === undefined ? undefined : onOff(haproxy.redispatch),
    balance: haproxy.balance,
    tcpka: haproxy.tcpka === undefined ? undefined : onOff(haproxy.tcpka),
  })
}

function keepalivedOf(of: Topology['keepalived']): Value | undefined {
  if (of === undefined) return undefined
  const {check, weight, priorities} = of
  return withoutNothing({...plain(keepalivedKeys(of)), check, weight, priority: priorities})
}

/** Numbers are written as such. */
function plain(keys: Readonly<Record<string, string>>): Values {
  return Object.fromEntries(Object.entries(keys).map(([key, text]) => [key, /^\d+$/.test(text) ? Number(text) : text]))
}

const comments: Readonly<Record<string, string>> = {
  profile: 'what is left out below comes from it: default (as Patroni and HAProxy have it) or fast',
  release: releaseNames.map(name => `${name}: ${releases[name].title}`).join(', '),
  images: 'of your own, by service: that of each host that runs it',
  'patroni.scope': 'of the keys in etcd',
  'patroni.ttl': 'the leader key lives so long without its leader; loop_wait + 2 * retry_timeout must fit',
  'patroni.loop_wait': 'pause of the loop',
  'patroni.retry_timeout': 'a leader that cannot reach etcd for so long demotes itself',
  'patroni.maximum_lag_on_failover': 'who is further behind does not take over',
  'patroni.synchronous_mode': 'off | on | strict | quorum',
  'patroni.primary_start_timeout': 'for a PostgreSQL that crashed to come back before another takes over',
  'patroni.failsafe_mode': 'on: the leader goes on without etcd while all members answer it',
  'patroni.watchdog': 'off | automatic | required',
  'patroni.tags': 'who may not lead, follow or be read from',
  'haproxy.file': 'a haproxy.cfg of your own, which each proxy runs as it is',
  'haproxy.inter': 'pause between checks; fastinter while the state changes, downinter while a server is down',
  'haproxy.fall': 'so many failed checks take a server out, and rise brings it back',
  'haproxy.timeout_client': 'how long a session may be idle',
  'haproxy.on_marked_down': 'or none: sessions stay with a server that goes down',
  'postgresql.pg_hba':
    "besides the lab's own superuser nobody else is let in; replicator streams, rewinder rewinds, app is the clients",
  'pgbouncer.server_login_retry': 'a server to which no connection came about is left alone for so long',
  'pgbouncer.query_wait_timeout': 'a client waits so long for a connection to a server',
  'pgbouncer.auth': 'passwords stand in a file (userlist), or the server is asked for them (auth_query)',
  'keepalived.advert_int': 'the holder of the virtual address says so often that it is there',
  'keepalived.fall': 'so many failed checks of HAProxy, every interval, and its host gives the address up',
  'keepalived.preempt': 'on: a host of a higher priority that comes back takes the address from its holder',
  network: 'nothing leads out of it, but to the machine of the engine',
  'tls.etcd': "certificates of a CA of the lab's own",
  'auth.etcd': 'users and roles; the kind of its tokens: simple | jwt',
  'auth.etcd_token_ttl': 'a token lives so long',
  'auth.rest': 'who changes something through the REST API says a password',
  'keepalived.check': 'none: nobody asks HAProxy, and an address stays where it is dead',
  'keepalived.weight':
    'of a failed check, or more than 0 of a passed one; without it a failed one gives the address up',
  stand_ins: 'each call is a line of /data/postgresql/called.log, or of /var/log/called.log where keepalived calls',
}

function notesOn(values: Values): readonly Note[] {
  const has = (path: readonly string[]) =>
    path.reduce<unknown>((at, key) => (at as Values | undefined)?.[key], values) !== undefined
  const apart = Object.keys(values).map((key): Note => ({at: [key], apart: true}))
  const beside = Object.entries(comments)
    .map(([path, text]): Note => ({at: path.split('.'), beside: text}))
    .filter(({at}) => has(at as string[]))
  // A mapping and a list of lines have their comment above.
  return [
    ...apart.slice(1),
    ...beside.map(note =>
      note.at.at(-1) === 'tags' || note.at.at(-1) === 'pg_hba' ? {at: note.at, above: note.beside!} : note,
    ),
  ]
}

/** Where etcd is not simply beside each PostgreSQL, nor apart from all of them. */
function ofEtcd(topology: Topology): readonly Note[] {
  const [etcd, members] = [hostsWith(topology, 'etcd'), hostsWith(topology, 'patroni')]
  const isMixed =
    etcd.some(host => members.includes(host)) &&
    new Set([...etcd, ...members]).size > Math.min(etcd.length, members.length)
  if (!isMixed || etcd.length % 2 === 0) return []
  const above = `etcd runs on ${etcd.length} hosts, an odd number: with one more it could lose no more of them`
  return [{at: ['hosts'], above}]
}

function withoutNothing(values: Values): Record<string, Value> {
  const said = Object.entries(values).filter(([, value]) => value !== undefined && !isEmpty(value))
  return Object.fromEntries(said) as Record<string, Value>
}

function isEmpty(value: Value): boolean {
  // No line of pg_hba lets in nobody.
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0
}

function ifAny(values: Readonly<Record<string, Value>> | object): Value | undefined {
  return Object.keys(values).length === 0 ? undefined : (values as Value)
}

function onOff(value: boolean): 'on' | 'off' {
  return value ? 'on' : 'off'
}

function bytes(count: number): Value {
  for (const [unit, factor] of [['GB', 1024 ** 3] as const, ['MB', 1024 ** 2] as const, ['kB', 1024] as const])
    if (count >= factor && count % factor === 0) return `${count / factor}${unit}`
  return count < 0 ? count : `${count}B`
}
