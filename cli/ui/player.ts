/** Plays a recorded run: where it stands, how fast it goes, and what the screen knows there. No terminal in it. */
import type {Event, Micros} from '../../lab/index.ts'
import {countLeading} from '../../lab/inside/reading.ts'
import {marks} from './failover.ts'
import {clock} from './format.ts'
import {emptyView, fold, type View} from './view.ts'

/** Slower or faster than this nobody can follow. */
const slowest = 1 / 8
const fastest = 128
/** So long a phase has only just begun. */
const justMicros: Micros = 1_000_000
/** A jump back folds at most this many events again: a view is a value, so keeping one costs little. */
const keptEvery = 2000

export class Player {
  readonly #events: readonly Event[]
  readonly #nowMs: () => number
  /** Where it stood, and when that was; it has moved on since, unless it is paused. */
  #from: Micros = 0
  #sinceMs: number
  #speed: number
  #paused = false
  readonly #verdict: string | null
  /** `#kept[i]`: the view after the first `i * keptEvery` events. */
  readonly #kept: View[] = [emptyView]
  /** Where a jump may lead, in the order of time; read when it is first asked for. */
  #turns: readonly Micros[] | undefined
  #folded = 0
  #view: View = emptyView

  /**
   * @param events in the order of time.
   * @param verdict the word that stands there at the end; null: none is known.
   */
  constructor(
    events: readonly Event[],
    speed = 1,
    nowMs: () => number = () => performance.now(),
    verdict: string | null = null,
  ) {
    this.#verdict = verdict
    this.#events = events
    this.#nowMs = nowMs
    this.#sinceMs = nowMs()
    this.#speed = clamp(speed, slowest, fastest)
  }

  get end(): Micros {
    return this.#events.at(-1)?.at ?? 0
  }

  /** Micros since the run began, as it is played. */
  now(): Micros {
    const moved = this.#paused ? 0 : (this.#nowMs() - this.#sinceMs) * 1000 * this.#speed
    return Math.round(clamp(this.#from + moved, 0, this.end))
  }

  /** Everything that had happened by then. */
  view(now: Micros = this.now()): View {
    const upTo = countLeading(this.#events, one => one.at <= now)
    if (upTo < this.#folded) {
      const kept = Math.floor(upTo / keptEvery)
      this.#folded = kept * keptEvery
      this.#view = this.#kept[kept]!
    }
    while (this.#folded < upTo) {
      this.#view = fold(this.#view, this.#events[this.#folded]!)
      this.#folded++
      if (this.#folded % keptEvery === 0) this.#kept[this.#folded / keptEvery] ??= this.#view
    }
    return this.#view
  }

  /** Pauses or plays on; at the end it begins again. */
  toggle(): void {
    const over = this.now() >= this.end
    this.#stand(over ? 0 : this.now())
    this.#paused = over ? false : !this.#paused
  }

  seek(by: Micros): void {
    this.#stand(clamp(this.now() + by, 0, this.end))
  }

  /** To where the next phase, step or moment of a failover is, or back to the one before. */
  jump(to: 'next' | 'previous'): void {
    const now = this.now()
    this.#turns ??= turnsOf(this.#events)
    const turns = this.#turns
    // What has only just begun is left by a jump back, or it would be the end of every way back.
    const back = turns.findLast(at => at < now - justMicros)
    const on = turns.find(at => at > now)
    this.#stand(to === 'next' ? (on ?? this.end) : (back ?? 0))
  }

  accelerate(times: number): void {
    this.#stand(this.now())
    this.#speed = clamp(this.#speed * times, slowest, fastest)
  }

  /** `2x 0:05/0:41`, `paused 2x 0:05/0:41` */
  says(): string {
    // The steps went well, and nobody would guess from that how the run ended.
    if (this.#verdict !== null && this.now() >= this.end) return `${this.#verdict}; q says why`
    const now = this.now()
    const state = now >= this.end ? 'end ' : this.#paused ? 'paused ' : ''
    return `${state}${this.#speed}x ${clock(now)}/${clock(this.end)}`
  }

  #stand(at: Micros): void {
    this.#from = at
    this.#sinceMs = this.#nowMs()
  }
}

/** Phases, steps, and of each failover the fault and the moments that the screen has marks for. */
function turnsOf(events: readonly Event[]): readonly Micros[] {
  const turns = new Set<Micros>()
  let so = emptyView
  for (const event of events) {
    const before = so.failover
    so = fold(so, event)
    if (event.kind === 'phase' || event.kind === 'step-started') turns.add(event.at)
    if (so.failover === null || so.failover === before) continue
    turns.add(so.failover.at)
    for (const mark of marks) {
      const at = so.failover.phases[mark]
      if (at !== undefined) turns.add(at)
    }
  }
  return [...turns].toSorted((a, b) => a - b)
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
