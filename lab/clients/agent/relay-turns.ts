/** So many a second and no more: tells whoever comes how long to wait. A short rest may be made up for, a long one may not. */
export class Turns {
  readonly #periodMicros: number
  readonly #burstMicros: number
  #next = Number.NEGATIVE_INFINITY

  constructor(perSecond: number, burstSeconds: number) {
    this.#periodMicros = 1e6 / perSecond
    this.#burstMicros = burstSeconds * 1e6
  }

  /** Takes the next turn; milliseconds until it comes, 0 when it is now. */
  take(nowMicros: number): number {
    const turn = Math.max(this.#next, nowMicros - this.#burstMicros)
    this.#next = turn + this.#periodMicros
    return Math.max(0, (turn - nowMicros) / 1000)
  }
}
