/** A virtual address moves: how long after its holder, or the HAProxy there, is gone another host has it (keepalived 2.3, VRRPv2). */
import {type KeepalivedSettings, priorityWhile} from '../topology/keepalived.ts'
import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import type {Patience} from './client.ts'
import type {FaultModel, NoModel} from './model.ts'
import {smallTerms} from './small-terms.ts'
import {between, fixed, none, smallTerm, sum, usually, type Variable} from './variable.ts'

const second = 1_000_000
const ms = 1000

/**
 * `silent`: nothing of the holder is heard any more. `given-up`: it says itself that it gives the address up, when its script has failed.
 * `outranked`: its script has a weight, which leaves it a lower priority than a backup has.
 */
export type Loss = 'silent' | 'given-up' | 'outranked'

/**
 * A backup waits for `3 advert_int + skew` since the last advert that it heard, whose age at the fault is U(0, advert_int), and for
 * the skew alone when the holder says that it gives up (`vrrp.c: vrrp_state_backup`, RFC 3768 6.4.2). Until then the script has failed
 * `fall` times: U(0, interval) + (fall - 1) interval, and each time up to its time-out of 2 s where HAProxy hangs. A holder with a lower
 * priority goes on saying that it is there: a backup that may preempt discards that, and waits as if it were silent.
 */
export function addressMoves(settings: KeepalivedSettings, backupPriority: number, loss: Loss): Variable {
  const advert = settings.advertIntSeconds * second
  const skew = fixed(Math.round(((256 - backupPriority) / 256) * advert))
  const unheard = between(2 * advert, 3 * advert)
  if (loss === 'silent') return sum(unheard, skew, takes())
  const interval = settings.intervalSeconds * second
  const failing = between((settings.fall - 1) * interval, settings.fall * interval)
  // One that was killed refuses at once.
  const hanging = usually([0, 0], [0, settings.fall * scriptTimeout])
  return loss === 'outranked' ? sum(failing, hanging, unheard, skew, takes()) : sum(failing, hanging, skew, takes())
}

/** What clients behind the address wait for, one after the other; each counts from the one before it. */
export interface AddressGap {
  /** VRRP: another host has the address. */
  readonly moves: Variable
  /** ARP: somebody has a new connection through it, once what was under way with the lost holder has ended. */
  readonly wayIn: Variable
  /** The part of that which is left where the attempt began after the move: everybody was told by gratuitous ARP then. */
  readonly connects: Variable
  /** A write, or a read, is answered. */
  readonly answers: Variable
  readonly total: Variable
}

/**
 * From the loss of the holder to the first answer of any client. A dead holder's session ends when a retransmission reaches the new one,
 * which resets it; a frozen one's kernel goes on taking what is sent, and accepts connections, so there the client's own time-outs alone
 * end what is under way: an answer that was asked for before the loss, or the attempt to connect that followed it. keepalived sends
 * gratuitous ARPs as soon as it has the address (`vrrp.c: vrrp_send_link_update`): an attempt that begins then finds the way at once.
 */
export function addressGap(
  settings: KeepalivedSettings,
  backupPriority: number,
  loss: Loss,
  {connectMs, statementMs}: Patience,
): AddressGap {
  const moves = addressMoves(settings, backupPriority, loss)
  const givesUp = between(0, Math.max(connectMs * ms, statementMs * ms - moves.min))
  const {connects, answers} = smallTerms()
  const wayIn = sum(givesUp, connects)
  return {moves, wayIn, connects, answers, total: sum(moves, wayIn, answers)}
}

/** Whether the holder is gone with its host, or its HAProxy alone is dead. */
export type LostPart = 'host' | 'haproxy'

/** How a holder loses the address by keepalived's own settings, and the priority of whoever takes it; `none`: it does not. */
export function holderLoses(
  topology: Topology,
  holder: HostName,
  lost: LostPart,
): {readonly loss: Loss | 'none'; readonly best: number} {
  const others = hostsWith(topology, 'keepalived').filter(host => host !== holder)
  const best = Math.max(...others.map(host => priorityWhile(topology, host, 'answers')))
  return {best, loss: lost === 'haproxy' ? lossOfProxy(topology, holder, best) : 'silent'}
}

function lossOfProxy(topology: Topology, holder: HostName, best: number): Loss | 'none' {
  const {check, weight, preempt} = topology.keepalived!
  if (check === 'none') return 'none'
  if (weight === undefined) return 'given-up'
  return preempt && best > priorityWhile(topology, holder, 'fails') ? 'outranked' : 'none'
}

/** What clients behind the address meet when it leaves its usual holder, the one of the highest priority. The leader goes on. */
export function addressModel(topology: Topology, lost: LostPart, patience: Patience): FaultModel | NoModel {
  const [holder, ...others] = hostsWith(topology, 'keepalived').toSorted(
    (a, b) => priorityWhile(topology, b, 'answers') - priorityWhile(topology, a, 'answers'),
  )
  if (topology.keepalived === undefined || holder === undefined || others.length === 0)
    return {why: 'there is no other host that could take a virtual address'}
  const {loss, best} = holderLoses(topology, holder, lost)
  if (loss === 'none')
    return {
      why: `by keepalived's own settings the address stays with ${holder}, where no HAProxy answers any more: clients get no answer until that is back`,
    }
  const {moves, wayIn, answers, total} = addressGap(topology.keepalived, best, loss, patience)
  return {
    takesOver: false,
    key: 'stays',
    phases: [
      {phase: 'addressMoves', at: moves, took: moves},
      {phase: 'wayIn', at: sum(moves, wayIn), took: wayIn},
      {phase: 'firstWrite', at: total, took: answers},
    ],
    outage: {begins: none, length: total},
    margin: null,
    basis: 'distribution',
    says: 'the last advert that the others heard is any age up to advert_int',
  }
}

/** The script's own, beyond `timeout 1` of images/host/bin/haproxy-answers. */
const scriptTimeout = 1 * second

/** The address is added and told to all by gratuitous ARP, and our probe asks ten times a second [20-150 ms]. */
const takes = () => smallTerm([20 * ms, 150 * ms], 400 * ms)
