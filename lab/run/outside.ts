/** Faults of a lab that is watched and that the watch does not make: those of other commands, and what nobody has announced. */
import type {Event, Happening} from '../history/event.ts'
import {unannounced} from '../history/unannounced.ts'
import {nothingRead, type Reading, readOn} from '../history/unfolding.ts'
import {inForce} from '../state/journal.ts'
import {stampOfTold, type ToldFault, toldFaults} from '../state/told-faults.ts'
import type {Micros} from '../words/quantity.ts'

type Planned = ReturnType<typeof inForce>[number]

/** Whether another command has broken or mended something: two small files. */
const lookEveryMs = 500

export class Outside implements Disposable {
  readonly #lab: string
  readonly #now: () => Micros
  readonly #listener: {event(event: Event): void}
  readonly #looking: NodeJS.Timeout
  #reading: Reading = nothingRead
  /** When the newest of those was told that have been heard. */
  #heardMs: number
  /** Faults of other commands, which are told to be mended, too. */
  readonly #ids = new Set<string>()
  #open: readonly Planned[] = []
  #stamp = ''

  constructor(lab: string, now: () => Micros, listener: {event(event: Event): void}) {
    this.#lab = lab
    this.#now = now
    this.#listener = listener
    // What was broken before is no news, and its moments have not been seen.
    this.#heardMs = Date.now()
    this.#looking = setInterval(() => this.#tellAll(this.#look()), lookEveryMs).unref()
  }

  /** Everything that is told, of faults and of the cluster, goes this way. */
  tell(event: Event): void {
    this.#reading = readOn(this.#reading, event)
    this.#listener.event(event)
  }

  /** Tells what has to be told before this is: why it comes, as far as anybody has said it or it shows. */
  before(happening: Happening, at: Micros): void {
    if (happening.kind !== 'container' && happening.kind !== 'leader-key') return
    this.#tellAll(this.#look())
    const unsaid = unannounced(this.#reading, {at: Math.max(0, Math.round(at)), ...happening})
    if (unsaid !== null) this.tell(unsaid)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking)
  }

  #tellAll(events: readonly Event[]): void {
    for (const event of events) this.tell(event)
  }

  /** What other commands have broken and mended since it was asked last. */
  #look(): readonly Event[] {
    const stamp = stampOfTold(this.#lab)
    const told = stamp === this.#stamp ? [] : toldFaults(this.#lab)
    this.#stamp = stamp
    const fresh = told.filter(one => one.pid !== process.pid && one.atMs > this.#heardMs)
    this.#heardMs = Math.max(this.#heardMs, ...fresh.map(one => one.atMs))
    for (const {happening} of fresh) this.#ids.add(happening.id)
    const injecting = fresh.map(({atMs, happening}): Event => ({...happening, at: this.#atOf(atMs)}))
    return [...injecting, ...this.#mended()]
  }

  #atOf(atMs: ToldFault['atMs']): Micros {
    return Math.max(0, Math.round(this.#now() - (Date.now() - atMs) * 1000))
  }

  #mended(): readonly Event[] {
    if (this.#ids.size === 0) return []
    const open = inForce(this.#lab).filter(one => this.#ids.has(one.fault))
    const gone = this.#open.filter(was => !open.some(one => one.id === was.id))
    this.#open = open
    const at = Math.round(this.#now())
    return gone.flatMap(({fault: id, mend}): Event[] => [
      {at, kind: 'fault-mending', id, mend},
      {at, kind: 'fault-mended', id, mend, ok: true},
    ])
  }
}
