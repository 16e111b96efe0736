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
  /** Times of the clients come from another clock; their sightings are as much wider as that one is uncertain. */
  readonly #uncertain: Micros

  constructor(uncertain: Micros) {
    this.#uncertain = uncertain
  }

  get length(): number {
    return this.#events.length
  }

  add(event: Sighting['event']): void {
    this.#events.push(event)
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

export function sightingBy(event: Sighting['event'], uncertain: Micros): Sighting {
  return event.kind === 'postgres'
    ? {from: event.askedAt, to: event.at, event}
    : {from: event.sentAt - uncertain, to: event.at + uncertain, event}
}
