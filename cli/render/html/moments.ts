/** Times in the page's text that lead to their place on the timeline. */
import type {Micros} from '../../../lab/index.ts'
import {sayMoment} from '../moment.ts'
import {html, type Markup} from './markup.ts'

export class Moments {
  readonly zero: Micros
  readonly #from: Micros
  readonly #to: Micros
  readonly #linked = new Set<Micros>()

  constructor(zero: Micros, from: Micros, to: Micros) {
    this.zero = zero
    this.#from = from
    this.#to = to
  }

  link(at: Micros): Markup {
    return this.named(at, sayMoment(at, this.zero))
  }

  /** What lies before the timeline's beginning is told, but leads nowhere. */
  named(at: Micros, says: string): Markup {
    if (at < this.#from || at > this.#to) return html`<time>${says}</time>`
    this.#linked.add(at)
    return html`<a class="moment" href="#at-${at}" title="show this moment on the timeline"><time>${says}</time></a>`
  }

  /** Every moment that something links to. */
  get linked(): readonly Micros[] {
    return [...this.#linked].sort((a, b) => a - b)
  }
}
