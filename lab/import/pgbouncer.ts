/** What a pgbouncer.ini says besides the times that the lab has: kept, put otherwise, dropped, or said before all else. */
import {postgresProxies} from '../lint/members.ts'
import {
  asksAs,
  isPooler,
  listensOn,
  longestSeconds,
  ofDatabases,
  type Pooler,
  poolerOf,
  poolerTimes,
  secondsOf,
} from '../lint/pooler.ts'
import type {PgbouncerFile} from '../lint/read/pgbouncer.ts'
import type {Files} from '../lint/read/read.ts'
import {type Place, sayPlace} from '../words/place.ts'
import type {Change} from './change.ts'
import {isKnownKey} from './redact.ts'

/** As compose/pgbouncer.ts has it. */
const mostClients = 2000

type Rule = readonly [pattern: RegExp, how: 'kept' | Change['how'], why?: string]

/** By key; the first that fits. What none fits is dropped. */
const rules: readonly Rule[] = [
  [/^(pool_mode|default_pool_size|listen_port)$/, 'kept'],
  [new RegExp(`^(${Object.keys(poolerTimes).join('|')})$`), 'kept'],
  [/^(listen_addr|unix_socket_\w+|so_reuseport|listen_backlog)$/, 'kept otherwise', "addresses are the lab's own"],
  [/^(auth_\w+|admin_users|stats_users)$/, 'kept otherwise', "users and passwords are the lab's own"],
  [
    /^(client|server)_tls_/,
    'kept otherwise',
    "the lab's pooler speaks TLS on both sides where its PostgreSQL does (`tls.postgresql`), and else on none",
  ],
  [
    /^(log|stats_period|syslog|verbose|pidfile|user$|job_name|conffile|service_name)/,
    'dropped',
    "paths and logs are the lab's own",
  ],
  [/^(max_client_conn|ignore_startup_parameters|max_prepared_statements)$/, 'kept otherwise', "it is the lab's own"],
  [/^(min_pool_size|reserve_pool_\w+)$/, 'dropped', 'a pool of the lab has what default_pool_size says, and no more'],
]

/** Settings with which PgBouncer does something to its clients that the lab's does not, where they are not this value of its own. */
const unlike: Readonly<Record<string, readonly [usual: RegExp, says: string]>> = {
  client_idle_timeout: [/^0(\.0+)?$/, 'clients that are idle for a time are sent away; in the lab none is'],
  query_timeout: [/^0(\.0+)?$/, 'a statement that takes too long is ended; in the lab none is'],
  transaction_timeout: [/^0(\.0+)?$/, 'a transaction that takes too long is ended; in the lab none is'],
  idle_transaction_timeout: [/^0(\.0+)?$/, 'a client that is idle in a transaction is sent away; in the lab none is'],
  max_db_connections: [
    /^0$/,
    'a server gets so many connections for a database and no more; in the lab the pool alone limits them',
  ],
  max_user_connections: [
    /^0$/,
    'a server gets so many connections for a user and no more; in the lab the pool alone limits them',
  ],
  max_db_client_connections: [
    /^0$/,
    'so many clients are let in for a database and no more; in the lab nothing limits them',
  ],
  max_user_client_connections: [
    /^0$/,
    'so many clients are let in for a user and no more; in the lab nothing limits them',
  ],
  server_fast_close: [
    /^0$/,
    'connections to a server that is to be left are closed at once; in the lab when their clients let go of them',
  ],
  server_check_delay: [
    /^30(\.0+)?$/,
    'a connection is tried after another time before a client gets it; in the lab after 30 s',
  ],
  server_check_query: [
    /^select 1;?$/i,
    'a connection is tried otherwise before a client gets it; in the lab with `select 1`',
  ],
  tcp_keepalive: [/^1$/, 'nobody asks whether the other end of a connection is there; in the lab the kernel does'],
  tcp_user_timeout: [
    /^0$/,
    'what is not acknowledged for a time ends its connection; in the lab the kernel decides when',
  ],
}

const ofDatabase: Readonly<Record<string, string>> = {
  pool_mode: 'this database has a mode of its own; in the lab all have that of the file (pool_mode)',
  pool_size: 'this database has a pool of its own; in the lab all have that of the file (pool_size)',
  max_db_connections: 'this database gets so many connections and no more; in the lab the pool alone limits them',
  connect_query: 'a query of yours begins each connection; in the lab none does (connect_query)',
  server_lifetime: 'its connections get another age; in the lab all have that of the file (server_lifetime)',
  load_balance_hosts: 'it goes to its servers in an order of its own; in the lab by turns (load_balance_hosts)',
}

interface Unlike {
  readonly place: Place
  readonly says: string
}

/** Each a sentence. Of their words only places. */
export function unlikePooler(files: Files): readonly string[] {
  const pooler = poolerOf(files)
  if (pooler === undefined) return []
  if (!isPooler(pooler))
    return [
      `${sayPlace(pooler.place)}: the lab does not run PgBouncer: ${pooler.why}. Clients come to PostgreSQL as they would without it.`,
    ]
  const all = [
    ...files.pgbouncer.flatMap(file => [...ofSettings(file), ...ofSections(file), ...ofEachDatabase(files, file)]),
    ...past(files, pooler),
    ...ofOthers(files, pooler),
  ]
  return [...Map.groupBy(all, ({says}) => says)].map(([says, alike]) => {
    const places = [...new Set(alike.map(({place}) => sayPlace(place)))]
    return `${places[0]}${places.length > 1 ? ` and ${places.length - 1} more` : ''}: ${says}.`
  })
}

function ofSettings(file: PgbouncerFile): readonly Unlike[] {
  const {settings} = file
  const ofTable = Object.entries(unlike).flatMap(([key, [usual, says]]): Unlike[] => {
    const said = settings.get(key)
    return said === undefined || usual.test(said.text) ? [] : [{place: said.keyPlace, says: `${says} (${key})`}]
  })
  const at = (key: string) => settings.get(key)?.keyPlace ?? {file: file.file, line: 1, column: 1}
  const clients = settings.get('max_client_conn')?.text ?? '100'
  const type = settings.get('auth_type')?.text.toLowerCase() ?? 'md5'
  const when = (isSo: boolean, key: string, says: string): Unlike[] => (isSo ? [{place: at(key), says}] : [])
  return [
    ...ofTable,
    ...when(
      (ofDatabases(file, 'pool_mode') ?? settings.get('pool_mode')?.text)?.toLowerCase() === 'statement',
      'pool_mode',
      'no transaction of several statements is let in; in the lab they are, as with `transaction` (pool_mode)',
    ),
    ...when(
      Number(clients) < mostClients,
      'max_client_conn',
      `so many clients and no more are let in, 100 where nobody says; in the lab ${mostClients} are (max_client_conn)`,
    ),
    ...when(
      settings.has('auth_query') && asksAs(file),
      'auth_query',
      "passwords are asked of the server with a query of yours; in the lab with PgBouncer's own, as the superuser (auth_query)",
    ),
    ...when(
      settings.has('auth_query') && !asksAs(file),
      'auth_query',
      'no auth_user is said as whom it would ask the server for passwords, so it asks nobody; nor does that of the lab, whose users stand in a file, auth: userlist (auth_query)',
    ),
    ...when(
      settings.has('auth_file') && !asksAs(file),
      'auth_file',
      "whom it lets in stands in another file, which is not read; in the lab it has the lab's users (auth_file)",
    ),
    ...when(
      /^(hba|cert|pam|ldap|gss)/.test(type) || settings.has('auth_hba_file'),
      'auth_type',
      'whom it lets in is decided otherwise than by a password; in the lab each comes with its own (auth_type)',
    ),
    ...when(
      isTls(settings.get('client_tls_sslmode')?.text) || isTls(settings.get('server_tls_sslmode')?.text),
      isTls(settings.get('client_tls_sslmode')?.text) ? 'client_tls_sslmode' : 'server_tls_sslmode',
      'it speaks TLS; in the lab it does so on both sides where PostgreSQL does (tls.postgresql), and else on none',
    ),
  ]
}

function isTls(mode: string | undefined): boolean {
  return mode !== undefined && /^(require|verify-ca|verify-full)$/.test(mode)
}

function ofSections({includes, others}: PgbouncerFile): readonly Unlike[] {
  const says = (section: string) =>
    section === 'peers'
      ? 'several of these know of each other; in the lab a request to cancel goes to one of them (peers)'
      : 'a user has settings of its own; in the lab all have those of the file (users)'
  return [
    ...includes.map(({place}) => ({place, says: 'another file is a part of this one, and is not read (%include)'})),
    ...others.map(({section, place}) => ({place, says: says(section)})),
  ]
}

function ofEachDatabase(files: Files, file: PgbouncerFile): readonly Unlike[] {
  const pooler = poolerOf({...files, pgbouncer: [file]})
  return file.databases.flatMap(one => {
    const {place, options} = one
    const own = [...options.keys()].filter(key => {
      const isAll = /^pool_(mode|size)$/.test(key) && ofDatabases(file, key) !== undefined
      return Object.hasOwn(ofDatabase, key) && !isAll
    })
    const alone = poolerOf({...files, pgbouncer: [{...file, databases: [one], includes: []}]})
    const isElsewhere = isPooler(pooler) && (!isPooler(alone) || alone.stands !== pooler.stands)
    return [
      ...own.map(key => ({place, says: ofDatabase[key]!})),
      ...(isElsewhere
        ? [{place, says: 'this database leads elsewhere than others of the file; in the lab all lead to one place'}]
        : []),
    ]
  })
}

/** One lab, one way for all clients. */
function past(files: Files, {stands, file}: Pooler): readonly Unlike[] {
  if (stands === 'before') return []
  return postgresProxies(files)
    .filter(({servers}) => servers.every(({address}) => address.port !== listensOn(file)))
    .map(({section}) => ({
      place: section.place,
      says: 'clients of this entry come past PgBouncer; in the lab all of them come through it',
    }))
}

/** What one of them says otherwise, where the first is taken for all. */
function ofOthers({pgbouncer: [first, ...others]}: Files, pooler: Pooler): readonly Unlike[] {
  const keys = ['pool_mode', 'default_pool_size', 'listen_port', ...Object.keys(poolerTimes)]
  return others.flatMap(other => {
    const key = keys.find(one => other.settings.get(one)?.text !== first?.settings.get(one)?.text)
    if (key === undefined) return []
    const place = other.settings.get(key)?.keyPlace ?? {file: other.file, line: 1, column: 1}
    return [{place, says: `${key} is not what ${pooler.file.file} has; the lab has that for every PgBouncer`}]
  })
}

export function fromPgbouncer(files: Files): readonly Change[] {
  if (!isPooler(poolerOf(files))) return []
  return files.pgbouncer.flatMap(({settings, databases}) => [
    ...[...settings].flatMap(([key, {text, keyPlace: place}]): Change[] => {
      const what = isKnownKey(key) ? key : 'a setting'
      const changed = changeOf(key, text)
      return changed === undefined ? [] : [{place, what, ...changed}]
    }),
    ...databases.map(
      ({place}): Change => ({
        place,
        what: 'a database',
        how: 'kept otherwise',
        why: "every database leads to the lab's servers, and users are the lab's own",
      }),
    ),
  ])
}

function changeOf(key: string, text: string): Pick<Change, 'how' | 'why'> | undefined {
  const [, how, why = ''] = rules.find(([pattern]) => pattern.test(key)) ?? ([/./, 'dropped'] as const)
  if (how !== 'kept') return {how, why: why === '' ? 'the lab has what PgBouncer has by itself' : why}
  if (!Object.hasOwn(poolerTimes, key)) return undefined
  const seconds = secondsOf(text)
  if (seconds === undefined) return {how: 'dropped', why: 'it is no value that PgBouncer takes'}
  if (seconds > longestSeconds) return {how: 'kept otherwise', why: 'the longest of a lab is a day'}
  const {least} = poolerTimes[key as keyof typeof poolerTimes]
  return seconds < least ? {how: 'kept otherwise', why: 'the lab has the least that is more than nothing'} : undefined
}
