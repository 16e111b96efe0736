/** The clients' gap behind a virtual address, phase by phase: VRRP, ARP, and the first answer. */
import {type AddressGap, budgetOf, type Phase, phaseLabel} from '../../budget/index.ts'
import {extraClientsOf, ownAttempts, ownWritesAndTransfers} from '../../history/attempts.ts'
import {isDirect} from '../../history/client-group.ts'
import type {Of, OpName} from '../../history/event.ts'
import {type History, of} from '../../history/history.ts'
import {inTime, starvedFor} from '../../history/lateness.ts'
import {coarseness} from '../../history/steady-writes.ts'
import {blind} from '../../history/watching.ts'
import {type Micros, sayMicros} from '../../words/quantity.ts'
import {betweenSamples, type PhaseSeen, phaseRow} from '../check/phase-row.ts'
import type {PhaseRow} from '../check.ts'
import type {BehindAddress} from './behind-address.ts'

/** Of one operation's clients, each row after what it waits for. */
export function addressPhases(history: History, op: OpName, behind: BehindAddress): PhaseRow[] {
  const {fault, gap} = behind
  const taken = takenIn(history, behind)
  const tell = connectionsOf(history, op)
  const connected = taken && firstThrough(history, tell, taken, behind)
  // Who never tells of its connections is measured from the move to the answer.
  const isTold = tell.length > 0
  const answered = taken && firstAnswered(history, op, isTold ? connected : taken, behind)
  const row = (seen: Omit<PhaseSeen, 'name'>) =>
    unlessBlind(history, behind, phaseRow(history, fault.at, {...seen, name: phaseLabel(seen.phase)}))
  const rows = [row({...vrrp(taken, behind), budget: budgetOf(gap.moves)})]
  if (isTold) rows.push(slowly(history, connected, taken, gap, row(arp(connected, taken, behind))))
  const took = isTold ? gap.answers : gap.wayIn.plus(gap.answers)
  rows.push(
    row({
      ...{phase: answerOf[op], event: answered},
      ...(isTold ? {waitsFor: 'wayIn', after: connected} : {waitsFor: 'addressMoves', after: taken}),
      ...{budget: budgetOf(gap.total, took), coarse: coarseness(history, {t0: fault.at}, op)},
      says: `${op} ${answered && 'id' in answered ? answered.id : ''} of ${answered?.client}, answered by ${answered?.server}`,
      absent: `no ${op} is known to have been answered through the address since`,
    }),
  )
  return rows
}

/** Two that are asked for together share the address, and have connections of their own. */
export function phasesTogether(each: readonly {readonly op: OpName; readonly rows: readonly PhaseRow[]}[]): PhaseRow[] {
  const several = each.filter(({rows}) => rows.length > 0).length > 1
  return each.flatMap(({op, rows}, index) =>
    rows.flatMap(row => {
      if (!several || isAnswer(row.phase)) return [row]
      if (row.phase === 'addressMoves') return index === 0 ? [row] : []
      return [{...row, name: `${op}s: ${row.name}`}]
    }),
  )
}

const answerOf = {write: 'firstWrite', read: 'firstRead'} as const satisfies Record<OpName, Phase>
const isAnswer = (phase: Phase) => phase === 'firstWrite' || phase === 'firstRead'

function takenIn(history: History, {fault, mending}: BehindAddress): Of<'virtual-address'> | undefined {
  return of(history, 'virtual-address').find(
    one => one.held && !fault.hosts.includes(one.host) && one.at > fault.at && one.at <= mending,
  )
}

function vrrp(
  taken: Of<'virtual-address'> | undefined,
  {fault, holder}: BehindAddress,
): Omit<PhaseSeen, 'name' | 'budget'> {
  return {
    ...{phase: 'addressMoves', event: taken, waitsFor: 'fault', after: fault, coarse: 0},
    says: `${taken?.host} has the address that ${holder} had`,
    absent: 'no other host was seen with the address',
  }
}

function arp(
  connected: Of<'client-connected'> | undefined,
  taken: Of<'virtual-address'> | undefined,
  {gap}: BehindAddress,
): Omit<PhaseSeen, 'name'> {
  return {
    ...{phase: 'wayIn', event: connected, waitsFor: 'addressMoves', after: taken, coarse: 0},
    budget: budgetOf(gap.moves.plus(gap.wayIn), gap.wayIn),
    says: connected && taken ? sayConnected(connected, taken) : '',
    absent:
      taken === undefined
        ? 'which connection was the first through another host is not known: nobody saw one with the address'
        : 'no client told of a new connection through the address',
  }
}

function sayConnected({at, client, server, tookMicros}: Of<'client-connected'>, taken: Of<'virtual-address'>): string {
  const after = at - tookMicros - taken.at
  const began =
    after >= 0
      ? `by an attempt begun ${sayMicros(after)} after the move, when all that was under way before had ended`
      : `by an attempt begun ${sayMicros(-after)} before the move was seen, whose packets were sent again`
  return `${client} was connected to ${server ?? 'a server'}, ${began}`
}

/** An attempt that began after the move had nothing to wait for but ARP and the proxy. */
function slowly(
  history: History,
  connected: Of<'client-connected'> | undefined,
  taken: Of<'virtual-address'> | undefined,
  {connects}: AddressGap,
  row: PhaseRow,
): PhaseRow {
  if (connected === undefined || taken === undefined || row.verdict !== 'pass') return row
  const {at, tookMicros} = connected
  if (at - tookMicros < taken.at) return row
  const timely = inTime({from: tookMicros, to: tookMicros}, connects.limit, starvedFor(history, at - tookMicros, at))
  if (timely === 'pass') return row
  const says = `it took ${sayMicros(tookMicros)} to connect although the address had moved before, at most ${sayMicros(connects.limit)} are expected`
  return {...row, verdict: timely, says: `${row.says}; ${says}`}
}

function connectionsOf(history: History, op: OpName): readonly Of<'client-connected'>[] {
  const isExtra = extraClientsOf(history)
  return of(history, 'client-connected').filter(one => one.op === op && !isExtra(one.client) && !isDirect(one.client))
}

/** The probe may have told of the move a look later than a client found the way. */
function firstThrough(
  history: History,
  connections: readonly Of<'client-connected'>[],
  taken: Of<'virtual-address'>,
  {fault, mending}: BehindAddress,
): Of<'client-connected'> | undefined {
  const since = Math.max(fault.at, taken.at - betweenSamples(history, taken))
  return connections.find(one => one.at > since && one.at <= mending)
}

function firstAnswered(
  history: History,
  op: OpName,
  after: Of<'client-connected'> | Of<'virtual-address'> | undefined,
  {fault, mending}: BehindAddress,
) {
  if (after === undefined) return undefined
  const since =
    after.kind === 'virtual-address' ? Math.max(fault.at, after.at - betweenSamples(history, after)) : after.at
  const all = op === 'write' ? ownWritesAndTransfers(history) : ownAttempts(history, op)
  return all.find(one => one.outcome === 'ok' && !isDirect(one.client) && one.sentAt >= since && one.at <= mending)
}

/** What came late may have come before, where nobody looked meanwhile. */
function unlessBlind(history: History, {fault, holder}: BehindAddress, row: PhaseRow): PhaseRow {
  if (row.verdict !== 'fail' || row.measured === null) return row
  const to: Micros = fault.at + row.measured
  const others = of(history, 'run-started')[0]!
    .topology.hosts.filter(one => one.services.includes('keepalived') && one.name !== holder)
    .map(one => one.name)
  const why =
    row.phase === 'addressMoves'
      ? blind(history, 'address', fault.at, to, others)
      : blind(history, 'clients', fault.at, to)
  return why === null ? row : {...row, verdict: 'unknown', says: `${row.says}, but ${why}`}
}
