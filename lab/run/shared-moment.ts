/** The one moment of faults that come together: each is prepared by itself, and they break when the last of them is ready, or none does. */
import type {Strike} from '../history/strike.ts'

export class SharedMoment {
  readonly #come = Promise.withResolvers<void>()
  readonly #strikes: Strike[] = []
  readonly #chosen: (strikes: readonly Strike[]) => Promise<void>
  #awaited: number

  /** @param chosen asked once, when all are ready: resolves when they may break. */
  constructor(faults: number, chosen: (strikes: readonly Strike[]) => Promise<void>) {
    this.#awaited = faults
    this.#chosen = chosen
    this.#come.promise.catch(() => {}) // told to whoever waits; there may be nobody
  }

  /** What one of them awaits right before it breaks. @throws what another one could not begin for. */
  ready(strike: Strike): Promise<void> {
    this.#strikes.push(strike)
    this.#oneLess()
    return this.#come.promise
  }

  /** One is over that was never ready: the others need not wait for it. */
  passes(): void {
    this.#oneLess()
  }

  /** One could not begin. Says nothing more once they have broken. */
  fails(error: unknown): void {
    this.#come.reject(error)
  }

  #oneLess(): void {
    this.#awaited--
    if (this.#awaited > 0) return
    this.#chosen(this.#strikes).then(this.#come.resolve, this.#come.reject)
  }
}
