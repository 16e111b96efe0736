/** That a server took writes at some moment, as somebody saw it: its own answer to a question, or an acknowledged write. */
import type {Micros} from '../words/quantity.ts'
import type {Acknowledgement} from './acknowledgements.ts'
import type {Of} from './event.ts'

/** The host took writes at some moment between `from` and `to`. */
export interface Sighting {
  readonly from: Micros
  readonly to: Micros
  readonly event: Of<'postgres'> | Acknowledgement
}

/** In the order in which they were told. Kept as the events that they are: an hour of a run has a million of them. */
export class Sightings implements Iterable<Sighting> {
  readonly #events: Sighting['event'][] = []
  /** The one that ended first, and the one that began last; the first of those that did so at once. */
  #ends: {first: Sighting; last: Sighting} | undefined
  /** From the earliest beginning to the latest end of those that the probe told, and of those that clients did; infinite without any. */
  readonly byProbe = nothing()
  readonly byClients = nothing()
  /** Where the one that was told last ends. */
  lastTo: Micros = Number.NEGATIVE_INFINITY
  /** Times of the clients come from another clock; their sightings are as much wider as that one is uncertain. */
  readonly #uncertain: Micros

  constructor(uncertain: Micros) {
    this.#uncertain = uncertain
  }

  get length(): number {
    return this.#events.length
  }

  /** @param one by `sightingBy`, with the same uncertainty. */
  add(one: Sighting): void {
    const {event, to} = one
    this.#events.push(event)
    this.lastTo = to
    this.#ends ??= {first: one, last: one}
    if (one.to < this.#ends.first.to) this.#ends.first = one
    if (one.from > this.#ends.last.from) this.#ends.last = one
    const span = event.kind === 'postgres' ? this.byProbe : this.byClients
    if (one.from < span.from) span.from = one.from
    if (one.to > span.to) span.to = one.to
  }

  /** A reign surely lasted from the earliest end of a sighting to the latest beginning of one. */
  get ends(): {readonly first: Sighting; readonly last: Sighting} {
    return this.#ends!
  }

  /** As of an array. */
  at(index: number): Sighting | undefined {
    const event = this.#events.at(index)
    return event && sightingBy(event, this.#uncertain)
  }

  /** No generator: that takes several times as long. */
  [Symbol.iterator](): IterableIterator<Sighting, undefined> {
    const [events, uncertain] = [this.#events, this.#uncertain]
    let next = 0
    return {
      next: () =>
        next < events.length
          ? {done: false, value: sightingBy(events[next++]!, uncertain)}
          : {done: true, value: undefined},
      [Symbol.iterator]() {
        return this
      },
    }
  }
}

function nothing(): {from: Micros; to: Micros} {
  return {from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY}
}

export function sightingBy(event: Sighting['event'], uncertain: Micros): Sighting {
  return event.kind === 'postgres'
    ? {from: event.askedAt, to: event.at, event}
    : {from: event.sentAt - uncertain, to: event.at + uncertain, event}
}
