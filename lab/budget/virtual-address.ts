/** A virtual address moves: how long after its holder, or the HAProxy there, is gone another host has it (keepalived 2.3, VRRPv2). */
import type {KeepalivedSettings} from '../topology/keepalived.ts'
import {smallTerms} from './small-terms.ts'
import {between, fixed, smallTerm, sum, type Variable} from './variable.ts'

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
  const hanging = between(0, settings.fall * scriptTimeout)
  return loss === 'outranked' ? sum(failing, hanging, unheard, skew, takes()) : sum(failing, hanging, skew, takes())
}

/** How long clients wait for a connection, and for an answer, before they give up and try anew; milliseconds. */
export interface Patience {
  readonly connectMs: number
  readonly statementMs: number
}

/** What clients behind the address wait for, one after the other. */
export interface AddressGap {
  /** The address is with another host, and everybody was told by ARP. */
  readonly moves: Variable
  /** What a client had under way with the lost holder has ended: reset by the new one, or by its own time-out. */
  readonly givesUp: Variable
  /** It has connected, and its write is acknowledged. */
  readonly returns: Variable
  readonly total: Variable
}

/**
 * From the loss of the holder to the first answer of any client. A dead holder's session ends when a retransmission reaches the new one,
 * which resets it; a frozen one's kernel goes on taking what is sent, and accepts connections, so there the client's own time-outs alone
 * end what is under way: an answer that was asked for before the loss, or the attempt to connect that followed it.
 */
export function addressGap(
  settings: KeepalivedSettings,
  backupPriority: number,
  loss: Loss,
  {connectMs, statementMs}: Patience,
): AddressGap {
  const moves = addressMoves(settings, backupPriority, loss)
  const givesUp = between(0, Math.max(connectMs * ms, statementMs * ms - moves.min))
  const returns = smallTerms().client
  return {moves, givesUp, returns, total: sum(moves, givesUp, returns)}
}

/** The script's own, beyond `timeout 1` of images/host/bin/haproxy-answers. */
const scriptTimeout = 1 * second

/** The address is added and told to all by gratuitous ARP, and our probe asks ten times a second [20-150 ms]. */
const takes = () => smallTerm([20 * ms, 150 * ms], 400 * ms)
