/**
 * When a client is due, in time and not by its last answer: a schedule that waits for answers stops measuring exactly
 * when the server is slow (coordinated omission).
 */
export class Schedule {
  readonly #periodMicros: number
  #next: number

  /** Slots at `firstMicros`, then every `periodMicros`. */
  constructor(firstMicros: number, periodMicros: number) {
    this.#next = firstMicros
    this.#periodMicros = periodMicros
  }

  get nextMicros(): number {
    return this.#next
  }

  /**
   * How many slots have come up since the last call; each is told once. Slots are not caught up: after a stall the
   * caller sends one at most and counts the others as not sent.
   */
  take(nowMicros: number): number {
    if (nowMicros < this.#next) return 0
    const slots = Math.floor((nowMicros - this.#next) / this.#periodMicros) + 1
    this.#next += slots * this.#periodMicros
    return slots
  }
}

/** Schedules for `clients` clients that together make `perSecond`, evenly shifted against each other. */
export function shifted(clients: number, perSecond: number, startMicros: number): Schedule[] {
  const stepMicros = 1e6 / perSecond
  return Array.from(
    {length: clients},
    (_, index) => new Schedule(startMicros + index * stepMicros, clients * stepMicros),
  )
}
