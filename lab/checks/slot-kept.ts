/**
 * A permanent replication slot outlives the failover: the new leader has it from its promotion on, at a position that skips nothing of
 * what its subscriber has yet to read, and that is not further back than Patroni lets it fall.
 *
 * Patroni's leader writes the positions of logical slots into `/status` once per loop, and each replica moves its own copies there in
 * its next one (`postgresql/slots.py: SlotsHandler.sync_replication_slots`): a copy is behind by two loops at most. A slot that was not
 * copied is made anew by the new leader, at the position of that moment; whatever was written before it, nobody gets.
 */
import {z} from 'zod'
import type {Of} from '../history/event.ts'
import {type Failover, failoversOf} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {whenWas} from '../history/lateness.ts'
import {momentsOf} from '../history/moments.ts'
import {ourPatches} from '../history/our-changes.ts'
import {positionOf, type Slot, sayPosition} from '../history/slot.ts'
import type {HostName} from '../topology/topology.ts'
import {type Micros, sayBytes, sayMicros} from '../words/quantity.ts'
import {type Check, type Finding, together} from './check.ts'

export interface SlotKeptParams {
  readonly name: string
}

type Look = Of<'slots'>

/** A look is recorded four times a second where there are slots, and every two seconds where there are none. */
const unlooked: Micros = 4_000_000
/** For the round trips of two loops. */
const besideLoops: Micros = 2_000_000

export const slotKept: Check<SlotKeptParams> = {
  about:
    'A replication slot is on the new leader from its promotion on, and neither skips what its subscriber has yet to read nor falls back.',
  evidence: ['postgres', 'etcd', 'clients', 'runner'],
  ofFault: 'of-leader',
  params: z.strictObject({
    name: z
      .string({error: '`name` is the name of a replication slot'})
      .regex(/^[a-z0-9_]{1,63}$/, 'a slot has a name of small letters, digits and _'),
  }),

  judge(history, {name}) {
    const all = failoversOf(history)
    if (typeof all === 'string') return unknown(`No slot had to be kept: ${all}.`)
    return together(
      all,
      all.map(found => afterOne(history, found, name)),
      'behindBytes',
    )
  },
}

function unknown(says: string): Finding {
  return {verdict: 'unknown', says}
}

/** What was seen of the slot around one failover. */
interface Seen {
  readonly found: Failover
  readonly name: string
  readonly newLeader: HostName
  /** The last look at the old leader before the fault, and the slot in it. */
  readonly last: Look
  readonly before: Slot
  readonly promotedAt: Micros
  /** Looks at the new leader that were surely after its promotion, in the order of time. */
  readonly after: readonly [Look, ...Look[]]
}

function afterOne(history: History, found: Failover, name: string): Finding {
  const {oldLeader, newLeader, promoted, t0} = found
  if (newLeader === undefined || promoted === undefined)
    return unknown(`Nobody was seen taking over from ${oldLeader}, so no slot had to be kept.`)
  const last = looks(history, oldLeader).findLast(one => whenWas(history, one).to <= t0)
  if (last === undefined) return unknown(`Nobody read the slots of ${oldLeader} before the fault.`)
  const before = slotIn(last, name)
  if (before === undefined)
    return {
      ...unknown(`${oldLeader} had no slot ${name} when the fault came: there was nothing to keep.`),
      evidence: [last],
    }
  const end = endOf(history, found, name)
  const promotedAt = whenWas(history, promoted).to
  const [first, ...more] = looks(history, newLeader).filter(
    one => one.askedAt >= promotedAt && whenWas(history, one).to < end.at,
  )
  if (first === undefined) return unknown(`Nobody read the slots of ${newLeader} after it was promoted.`)
  const seen: Seen = {...{found, name, newLeader, last, before, promotedAt}, after: [first, ...more]}
  const finding = violation(history, seen) ?? doubt(history, seen, end) ?? kept(seen)
  return {...finding, measures: measuresOf(seen)}
}

function looks(history: History, host: HostName): readonly Look[] {
  return of(history, 'slots').filter(one => one.host === host)
}

function slotIn(look: Look, name: string): Slot | undefined {
  return look.slots.find(one => one.name === name)
}

/** The slot is asked for until the next failover, until the run itself takes it out of the configuration, or to its end. */
function endOf(history: History, {t0, next}: Failover, name: string): {at: Micros; known: boolean} {
  const taken = ourPatches(history)
    .filter(({from, config}) => from > t0 && isWithout(config.slots, name))
    .map(one => one.from)
  const over = of(history, 'phase').find(one => one.name === 'final-reads')?.at ?? momentsOf(history)?.end
  const at = Math.min(next, over ?? Number.POSITIVE_INFINITY, ...taken)
  const final = of(history, 'phase').some(one => one.name === 'final-reads')
  return {at, known: Number.isFinite(next) || taken.length > 0 || final}
}

function isWithout(slots: unknown, name: string): boolean {
  return slots === null || (typeof slots === 'object' && (slots as Record<string, unknown>)[name] === null)
}

function violation(history: History, seen: Seen): Finding | null {
  const {found, name, newLeader, before, last, after, promotedAt} = seen
  const {oldLeader, t0} = found
  const evidence = (look: Look) => [last, found.promoted!, look].toSorted((a, b) => a.at - b.at)
  const missing = after.find(look => slotIn(look, name) === undefined)
  if (missing !== undefined) {
    const again = after.find(look => look.at > missing.at && slotIn(look, name) !== undefined)
    const later =
      again === undefined
        ? ''
        : `; it was there again ${sayMicros(again.at - promotedAt)} after the promotion, at ${sayPosition(slotIn(again, name))}`
    return {
      verdict: 'fail',
      says: `${newLeader} had no slot ${name} ${sayMicros(missing.at - promotedAt)} after it was promoted${later}.`,
      evidence: [...evidence(missing), ...(again === undefined ? [] : [again])],
      hint: `is ${name} among the \`slots\` of Patroni's configuration, and had ${newLeader} copied it before the fault? a logical slot needs wal_level logical and a restart of each replica that copies it`,
    }
  }
  const other = after.find(look => !isSame(slotIn(look, name)!, before))
  if (other !== undefined)
    return {
      verdict: 'fail',
      says: `The slot ${name} of ${newLeader} is ${saySlot(slotIn(other, name)!)}, that of ${oldLeader} was ${saySlot(before)}.`,
      evidence: evidence(other),
    }
  const lost = after.find(look => slotIn(look, name)!.walStatus === 'lost')
  if (lost !== undefined)
    return {
      verdict: 'fail',
      says: `${newLeader} no longer has the WAL that the slot ${name} needs.`,
      evidence: evidence(lost),
      hint: 'max_slot_wal_keep_size is less than what the subscriber was behind',
    }
  const skips = after.find(look => isBeyond(history, seen, look))
  if (skips !== undefined)
    return {
      verdict: 'fail',
      says: `The slot ${name} of ${newLeader} is at ${sayPosition(slotIn(skips, name))}, ${sayBytes(positionOf(slotIn(skips, name))! - positionOf(before)!)} beyond what had been read of it on ${oldLeader} (${sayPosition(before)}), and nobody read from it: what lies between is lost to its subscriber.`,
      evidence: evidence(skips),
      hint: `${newLeader} made it anew: it had not copied it before the fault, or somebody dropped it`,
    }
  const sure = looks(history, oldLeader).findLast(one => whenWas(history, one).to <= t0 - allowedBehind(found))
  const floor = sure === undefined ? null : positionOf(slotIn(sure, name))
  const fallen = floor === null ? undefined : after.find(look => (positionOf(slotIn(look, name)) ?? floor) < floor)
  return fallen === undefined
    ? null
    : {
        verdict: 'fail',
        says: `The slot ${name} of ${newLeader} is at ${sayPosition(slotIn(fallen, name))}, further back than what ${oldLeader} knew to be read ${sayMicros(t0 - sure!.at)} before the fault (${sayPosition(slotIn(sure!, name))}).`,
        evidence: [sure!, ...evidence(fallen)],
        hint: `the copy of ${newLeader} had stood still: look in its log for why the slot could not be moved on`,
      }
}

function isSame(one: Slot, other: Slot): boolean {
  return one.type === other.type && one.plugin === other.plugin && one.database === other.database
}

/** Nobody was seen reading from it anywhere, the last look at the old leader was right before the fault, and yet it has moved on. */
function isBeyond(history: History, seen: Seen, look: Look): boolean {
  const {found, name, before, last} = seen
  const [was, is] = [positionOf(before), positionOf(slotIn(look, name))]
  if (was === null || is === null || is <= was || found.t0 - last.at > unlooked) return false
  return !of(history, 'slots').some(one => one.at <= look.at && slotIn(one, name)?.active === true)
}

/** Patroni's two loops. */
function allowedBehind({topology}: Failover): Micros {
  return 2 * topology.patroni.loopWaitSeconds * 1_000_000 + besideLoops
}

function doubt(history: History, seen: Seen, end: {at: Micros; known: boolean}): Finding | null {
  const {found, name, newLeader, before, last, after, promotedAt} = seen
  if (!end.known) return unknown(`The record ends before it is known whether ${newLeader} keeps the slot ${name}.`)
  if (found.t0 - last.at > unlooked)
    return unknown(
      `Nobody read the slots of ${found.oldLeader} in the ${sayMicros(found.t0 - last.at)} before the fault.`,
    )
  const moments = [promotedAt, ...after.map(one => one.at), Math.min(end.at, history.events.at(-1)?.at ?? end.at)]
  const gap = Math.max(...moments.slice(1).map((at, index) => at - moments[index]!))
  if (gap > unlooked)
    return unknown(`${newLeader} had the slot ${name} whenever somebody looked, but for ${sayMicros(gap)} nobody did.`)
  const [was, is] = [positionOf(before), positionOf(slotIn(after[0], name))]
  if (was !== null && is === null) return unknown(`Nobody knows where the slot ${name} of ${newLeader} is.`)
  // What was read of it in the last moments before the fault, and in the first after it, nobody saw.
  if (was !== null && is! > was)
    return unknown(
      `The slot ${name} of ${newLeader} is at ${sayPosition(slotIn(after[0], name))}, beyond what was last seen to be read of it (${sayPosition(before)}): its subscriber may have read that, or not.`,
    )
  return null
}

function kept({found, name, newLeader, before, after}: Seen): Finding {
  const [was, is] = [positionOf(before), positionOf(slotIn(after[0], name))]
  const back =
    was === null || is === null || is === was
      ? ''
      : `, ${sayBytes(was - is)} before what was read last: that much its subscriber gets again`
  const where = is === null ? '' : `, at ${sayPosition(slotIn(after[0], name))}${back}`
  return {
    verdict: 'pass',
    says: `${newLeader} had the slot ${name} of ${found.oldLeader} from its promotion on${where}.`,
    evidence: [after[0]],
  }
}

function measuresOf({name, before, after}: Seen) {
  const [was, is] = [positionOf(before), positionOf(slotIn(after[0], name))]
  return {positionBefore: was, positionAfter: is, behindBytes: was === null || is === null ? null : was - is}
}

function saySlot({type, plugin, database}: Slot): string {
  return type === 'logical' ? `logical (${plugin} in database ${database})` : 'physical'
}
