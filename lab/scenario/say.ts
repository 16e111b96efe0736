/** Parts of a scenario in words, for a screen, a report and the manual. */
import type {Timeouts} from '../history/client-group.ts'
import {sayMicros} from '../words/quantity.ts'
import type {ClientGroup, Needs, Step} from './index.ts'

export function sayStep(step: Step): string {
  switch (step.do) {
    case 'inject':
      return `${step.together === true ? 'at the same moment: ' : ''}${sayFault(step)}`
    case 'heal':
      return `heal ${step.as}`
    case 'hold':
      return `hold ${sayMs(step.forMs)}`
    case 'until':
      return `until ${step.check}`
    case 'say':
      return step.says
  }
}

/** What is broken, whenever it comes: `crash: kill host on leader`. */
export function sayFault(step: Extract<Step, {do: 'inject'}>): string {
  const {what, ...rest} = step.params as Readonly<Record<string, unknown>>
  const more = Object.entries(rest).map(([key, value]) => `${key}: ${sayValue(value)}`)
  const named = step.as === step.fault ? '' : `${step.as}: `
  return `${named}${step.fault}${what === undefined ? '' : ` ${sayValue(what)}`} on ${sayWhom(step.on)}${more.length > 0 ? ` (${more.join(', ')})` : ''}`
}

/** `leader`, `node1 and node2`. */
export function sayWhom(on: string | readonly string[]): string {
  return [on].flat().join(' and ')
}

/** `8 writers with psycopg, 200/s, to all members, of which the driver takes the primary`. */
export function sayClients(group: ClientGroup): string {
  const {perSecond, through} = group
  const who =
    group.kind === 'program'
      ? `${group.name}${group.outside ? ' (from outside)' : group.image === null ? '' : ` (${group.image})`}, at most`
      : `${group.count} ${group.kind}${group.driver === undefined || group.driver === 'pg' ? '' : ` with ${group.driver}`},`
  const patience = group.kind === 'program' ? '' : sayTimeouts(group.timeouts)
  return `${who} ${Number(perSecond.toFixed(2))}/s, ${sayWay(through)}${patience}`
}

function sayTimeouts({connectMs, statementMs}: Timeouts = {}): string {
  if (connectMs === null || statementMs === null) return ', without any time-out'
  return [
    connectMs === undefined ? '' : `, ${sayMicros(connectMs * 1000)} for a connection`,
    statementMs === undefined ? '' : `, ${sayMicros(statementMs * 1000)} for an answer`,
  ].join('')
}

function sayWay(through: ClientGroup['through']): string {
  if (typeof through !== 'string') return `directly to ${through.to}`
  if (through === 'members') return 'to all members, of which the driver finds the primary'
  return `through the proxy's ${through} port`
}

/** `3 PostgreSQL and 3 etcd hosts, patroni.synchronous_mode: on`. */
export function sayNeeds({postgres, etcd, candidates, quorum, ...settings}: Needs): string {
  const hosts = [...(postgres > 1 ? [`${postgres} PostgreSQL`] : []), ...(etcd > 1 ? [`${etcd} etcd`] : [])]
  const all = [
    ...(hosts.length > 0 ? [`at least ${hosts.join(' and ')} hosts`] : []),
    ...sayCandidates(candidates),
    ...sayQuorum(quorum),
    ...sayKeys(settings),
  ]
  return all.length > 0 ? all.join(', ') : 'any'
}

/** The settings alone, as short as their names: `['synchronous_mode: on']`. */
export function saySettings({
  patroni = {},
  postgresql = {},
  haproxy = {},
  pgbouncer,
  candidates,
  quorum,
}: Needs): string[] {
  return [
    ...sayCandidates(candidates),
    ...sayQuorum(quorum),
    ...sayKeys(patroni),
    ...sayKeys(postgresql),
    ...sayKeys(haproxy, 'haproxy.'),
    ...(pgbouncer === undefined ? [] : ['PgBouncer beside each PostgreSQL', ...sayKeys(pgbouncer)]),
  ]
}

const sayCandidates = (candidates: Needs['candidates']) =>
  candidates === undefined ? [] : [`${candidates} members that may lead`]

const sayQuorum = (quorum: Needs['quorum']) => (quorum === undefined ? [] : ['its faults take etcd its majority'])

function sayKeys(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' && inner !== null ? sayKeys(inner, `${path}${key}.`) : [`${path}${key}: ${inner}`],
  )
}

/** `2 s`, `500 ms`, `2 min`. */
function sayMs(ms: number): string {
  if (ms < 1000) return `${ms} ms`
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`
}

/** A value as written, on one line. */
export function sayValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(sayValue).join(' and ')
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, inner]) => `${key}: ${sayValue(inner)}`)
      .join(', ')
  return String(value)
}
