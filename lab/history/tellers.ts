/** Whose word each event is, and of which host: an observer's account of what it has told goes by that. */
import type {HostName} from '../topology/topology.ts'
import type {Event, Happening, Of} from './event.ts'

export const observers = [
  ...(['runner', 'clients', 'etcd', 'patroni', 'postgres', 'proxy'] as const),
  ...(['address', 'engine', 'logs', 'watchdog', 'disk', 'room'] as const),
] as const satisfies readonly Of<'watching'>['who'][]

export type Observer = Of<'watching'>['who']
/** An observer, or whoever reads the tables at the end. */
export type Witness = Observer | 'rows'

/** Kinds that are not here are told by the run itself: its steps, faults and phases. */
export const tellers: Readonly<Partial<Record<Event['kind'], Witness>>> = {
  'leader-key': 'etcd',
  'status-key': 'etcd',
  'sync-key': 'etcd',
  'config-key': 'etcd',
  lease: 'etcd',
  'etcd-member': 'etcd',
  patroni: 'patroni',
  postgres: 'postgres',
  settings: 'postgres',
  slots: 'postgres',
  proxy: 'proxy',
  'virtual-address': 'address',
  container: 'engine',
  file: 'engine',
  log: 'logs',
  watchdog: 'watchdog',
  fsync: 'disk',
  room: 'room',
  'client-connected': 'clients',
  'client-disconnected': 'clients',
  'client-notice': 'clients',
  op: 'clients',
  bank: 'clients',
  transaction: 'clients',
  'final-rows': 'rows',
}

export const tellerOf = (event: Happening): Witness | undefined =>
  event.kind === 'watching' ? event.who : tellers[event.kind]

/** The host that an event is about, or that told it. */
export function hostOf(event: Happening): HostName | undefined {
  if ('told' in event) return event.told
  if ('proxy' in event) return event.proxy
  return 'host' in event && typeof event.host === 'string' ? event.host : undefined
}

/** Not the runner, which only says that it lives; and rows are read when nobody watches any more. */
const counted: ReadonlySet<Witness | undefined> = new Set(observers.filter(one => one !== 'runner'))

/** The account that an event is in; null: nobody counts it. The engine is listened to as a whole, and all agents of clients are one. */
export function accountOf(event: Happening): string | null {
  const who = tellerOf(event)
  // As it comes to below, and nine of ten events are theirs.
  if (who === 'clients' && event.kind !== 'watching') return 'clients '
  if (!counted.has(who)) return null
  return who === 'engine' ? who : accountsOf(who!, hostOf(event) ?? '')
}

/** Each made once: a record asks for the same few of every line, and to put one together and hash it takes as long as all else. */
const accounts = new Map<Witness, Map<HostName, string>>()

function accountsOf(who: Witness, host: HostName): string {
  const own = accounts.get(who) ?? new Map<HostName, string>()
  accounts.set(who, own)
  const account = own.get(host) ?? `${who} ${host}`
  own.set(host, account)
  return account
}

/** Whoever told a line: a witness, or the run itself (its steps, faults and phases). */
export type Teller = Witness | 'run'

/** By whose number a line goes: `etcd node1`, `engine`, `run`. */
export function lineOf(event: Happening): string {
  return accountOf(event)?.trim() ?? tellerOf(event) ?? 'run'
}

/** Gives each report the count of what its observer has told, on the way to the record. */
export function counting<Args extends readonly unknown[]>(record: (happening: Happening, ...more: Args) => void) {
  const counts = new Map<string, number>()
  return (happening: Happening, ...more: Args): void => {
    const account = accountOf(happening)
    const count = counts.get(account ?? '') ?? 0
    if (account !== null && happening.kind !== 'watching') counts.set(account, count + 1)
    const isReport = account !== null && happening.kind === 'watching'
    record(isReport ? {...happening, recorded: count} : happening, ...more)
  }
}
