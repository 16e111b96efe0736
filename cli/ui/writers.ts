/** How each group of writers gets through an outage: who is without a write now, for how long it was, and how soon it was back. */
import type {ClientGroup, Micros, Of} from '../../lab/index.ts'
import {driverOf, findsPrimaryItself, isDirect, namesOf} from '../../lab/inside/reading.ts'
import type {Failover} from './failover.ts'

interface Writer {
  readonly client: string
  /** The newest acknowledged write; null: none yet, or it rests. */
  readonly lastAt: Micros | null
  /** A pause that is longer is an outage. */
  readonly least: Micros
  /** The last one that is over. */
  readonly outage: {readonly from: Micros; readonly to: Micros} | null
}

export type Writers = readonly Writer[]

/** Shorter than this, or than three times what its rate implies, no pause is an outage. */
const shortestOutage: Micros = 1_000_000
const usualPauses = 3

/** Those that a scenario has, before any of them wrote. */
export function writersIn(groups: readonly ClientGroup[]): Writers {
  const names = namesOf(groups)
  return groups.flatMap((group, index) => {
    if (group.kind !== 'writers') return []
    const usual = (group.count / group.perSecond) * 1_000_000
    return names[index]!.map(client => fresh(client, Math.max(shortestOutage, usualPauses * usual)))
  })
}

function fresh(client: string, least: Micros = shortestOutage): Writer {
  return {client, lastAt: null, least, outage: null}
}

type Answered = Of<'op'> | Of<'transaction'>

export function wrote(so: Writers, {client, op, outcome, at}: Answered): Writers {
  if (op !== 'write' || outcome !== 'ok') return so
  const index = so.findIndex(one => one.client === client)
  const known = so[index] ?? fresh(client)
  if (known.lastAt !== null && at <= known.lastAt) return so
  const isOutage = known.lastAt !== null && at - known.lastAt > known.least
  const now = {...known, lastAt: at, outage: isOutage ? {from: known.lastAt!, to: at} : known.outage}
  return index === -1 ? [...so, now] : so.with(index, now)
}

/** They were told to stop: that they are silent is no outage. */
export function rested(so: Writers): Writers {
  return so.some(one => one.lastAt !== null) ? so.map(one => ({...one, lastAt: null})) : so
}

export interface WriterGroup {
  readonly driver: string
  readonly through: 'proxy' | 'host' | 'members'
  readonly clients: number
  /** Of them, those that have had a write acknowledged since they began. */
  readonly heard: number
  /** Without a write now, and for how long the first of them has been. */
  readonly out: number
  readonly outFor: Micros
  /** The longest of their last outages; null: none had any. */
  readonly outage: Micros | null
  /** Of the failover, from the moment that there was a primary for them to the last one's first write; null: none, or not all are back. */
  readonly reconnection: Micros | null
}

/** By driver and way in, in the order in which they came. */
export function writerGroups(so: Writers, failover: Failover | null, now: Micros): readonly WriterGroup[] {
  const groups = Map.groupBy(so, ({client}) => `${driverOf(client)} ${wayOf(client)}`)
  return [...groups.values()].map(writers => groupOf(writers, failover, now))
}

function wayOf(client: string): WriterGroup['through'] {
  return findsPrimaryItself(client) ? 'members' : isDirect(client) ? 'host' : 'proxy'
}

function groupOf(writers: Writers, failover: Failover | null, now: Micros): WriterGroup {
  const out = writers.filter(one => one.lastAt !== null && now - one.lastAt > one.least)
  const outages = writers.flatMap(({outage}) => (outage === null ? [] : [outage.to - outage.from]))
  const {client} = writers[0]!
  return {
    ...{driver: driverOf(client), through: wayOf(client), clients: writers.length},
    ...{heard: writers.filter(one => one.lastAt !== null).length, out: out.length},
    outFor: Math.max(0, ...out.map(one => now - one.lastAt!)),
    outage: outages.length === 0 ? null : Math.max(...outages),
    reconnection: out.length > 0 ? null : reconnectionOf(writers, failover, isDirect(client)),
  }
}

/** As the report has it: behind the proxy there is a primary when that routes to it, and past it when it takes writes. */
function reconnectionOf(writers: Writers, failover: Failover | null, isPast: boolean): Micros | null {
  if (failover === null || failover.to === null) return null
  const {promotion, newServerUp} = failover.phases
  const needed = isPast ? [promotion] : [promotion, newServerUp]
  const ready = needed.some(at => at === undefined) ? null : Math.max(...needed.map(at => at!))
  const back = writers.flatMap(({outage}) => (outage !== null && outage.to > failover.at ? [outage.to] : []))
  return ready === null || back.length === 0 ? null : Math.max(0, Math.max(...back) - ready)
}
