/**
 * Which fault of the timing model an injected fault is, told from its name and its parameters as they were written. Runs that
 * were recorded before parameters were kept are told from the text, such as `kill host on leader`.
 */
import type {FaultFacts, LeaderFault} from '../budget/index.ts'
import type {Of} from './event.ts'

/** A fault that the model knows, or why it knows none: what was done to the leader's host leaves the leader alone, or is not modelled. */
export type Struck = (Pick<FaultFacts, 'cut' | 'proxyReaches'> & {readonly fault: LeaderFault}) | {readonly why: string}

export function isModelled(struck: Struck): struck is Exclude<Struck, {why: string}> {
  return 'fault' in struck
}

const whats = [
  'host',
  'patroni',
  'postgres',
  'etcd',
  'haproxy',
  'walreceiver',
  'checkpointer',
  'startup',
  'backend',
] as const

/** As an event of a history has it, or a step that nobody has played yet. */
type Written = Pick<Of<'fault-injecting'>, 'fault' | 'what' | 'params'>

export function struckBy(event: Written): Struck {
  const params = paramsOf(event)
  const known = byName[`${event.fault} ${what(event, params)}`] ?? byName[event.fault]
  if (known !== undefined) return {fault: known}
  switch (event.fault) {
    case 'partition':
      return partitioned(params)
    case 'unplug':
      return {fault: 'isolated'}
    default:
      return {why: 'the timing model has no bounds for such a fault'}
  }
}

/** A fault with what it is done to, or alone. */
const byName: Readonly<Record<string, LeaderFault>> = {
  'kill host': 'host-killed',
  'kill patroni': 'patroni-killed',
  'kill postgres': 'postgres-killed',
  'stop host': 'stopped',
  'stop patroni': 'stopped',
  // Patroni calls a PostgreSQL that it did not stop itself crashed (ha.py: Ha.recover).
  'stop postgres': 'postgres-killed',
  'pause host': 'host-paused',
  'pause patroni': 'patroni-frozen',
  'freeze-watchdog': 'patroni-frozen',
  switchover: 'switchover',
  failover: 'switchover',
}

/**
 * Who is cut from whom decides. A connection that loses its packets one way only hangs as well as one that loses them both ways,
 * so for a cut from etcd alone the way does not matter.
 */
function partitioned(params: Readonly<Record<string, unknown>>): Struck {
  const {from, services, ways = 'both', how, shape = 'split'} = params
  const cut = how === 'reject' ? 'reject' : 'drop'
  if (shape !== 'split') return {why: `the timing model has no bounds for a cut in the shape of a ${String(shape)}`}
  if (Array.isArray(services)) {
    if (!services.includes('etcd')) return {why: `a cut of ${services.join(' and ')} alone leaves the leader its key`}
    if (!services.includes('patroni') && (from === undefined || breaksQuorum(from)))
      return {fault: 'cut-from-etcd', cut}
  } else if (ways === 'both' && (from === undefined || breaksQuorum(from)))
    return {fault: 'isolated', cut, proxyReaches: from !== undefined && !sides(from).some(one => withProxies.has(one))}
  return {why: 'the timing model has no bounds for a cut in part'}
}

/** Cut from whom one of these selectors names, nobody reaches a quorum of etcd; single hosts may leave the leader its own. */
function breaksQuorum(from: unknown): boolean {
  return sides(from).some(one => ['all', 'etcd', 'replicas', 'servers', 'everyone'].includes(one))
}

const withProxies: ReadonlySet<string> = new Set(['proxy', 'proxies', 'servers', 'everyone'])

function sides(from: unknown): readonly string[] {
  return (Array.isArray(from) ? from : [from]).filter(one => typeof one === 'string')
}

function paramsOf({params}: Written): Readonly<Record<string, unknown>> {
  return typeof params === 'object' && params !== null ? (params as Record<string, unknown>) : {}
}

function what(event: Written, params: Readonly<Record<string, unknown>>): string {
  if (typeof params.what === 'string') return params.what
  return whats.find(one => new RegExp(`\\b${one}\\b`).test(event.what)) ?? ''
}
