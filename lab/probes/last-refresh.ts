/**
 * When a lease was last refreshed, though nobody saw it: etcd tells the whole seconds that are left of it (`server/lease/lessor.go:
 * Remaining`, cut off), so at the moment at which one of them passes its age is known as well as it is asked often.
 */
import {refreshSeenLateMicros} from '../budget/small-terms.ts'
import type {Micros} from '../words/quantity.ts'

/** What etcd answered about a lease, somewhen between the question and the answer. */
export interface LeaseAnswer {
  readonly lease: string
  readonly leftSeconds: number
  readonly grantedSeconds: number
  readonly askedAt: Micros
  readonly heardAt: Micros
}

export class LastRefresh {
  #before: LeaseAnswer | undefined

  /**
   * @returns when the lease was refreshed at the latest, and that was no longer before it than a refresh is told late at most; undefined:
   * these two answers do not tell it so well.
   */
  hear(now: LeaseAnswer): Micros | undefined {
    const before = this.#before
    this.#before = now
    if (before === undefined || before.lease !== now.lease || now.grantedSeconds !== before.grantedSeconds) return
    if (now.heardAt - before.askedAt > refreshSeenLateMicros || now.leftSeconds < 0) return
    // Refreshed between the two.
    if (now.leftSeconds > before.leftSeconds) return now.heardAt
    // Between the two there was a moment at which as many whole seconds were left as were told before it.
    if (now.leftSeconds === before.leftSeconds - 1)
      return now.heardAt - (before.grantedSeconds - before.leftSeconds) * 1_000_000
    return
  }
}
