/** Keeps the account of one observer and records it once a second, so that silence can be told from absence. */
import type {Of} from '../history/event.ts'
import {NoWay} from '../observer/tunnel.ts'
import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import type {ProbeSite} from './probe.ts'

export class Watching implements Disposable {
  readonly #site: ProbeSite
  readonly #who: Of<'watching'>['who']
  readonly #host: HostName | undefined
  readonly #timer: NodeJS.Timeout
  #samples = 0
  #failures = 0
  #refused = 0
  #worstMicros: Micros = 0
  #lastAt: Micros
  #never: string | undefined
  #compacted = false
  readonly #missed = new Set<string>()

  constructor(site: ProbeSite, who: Of<'watching'>['who'], host?: HostName) {
    this.#site = site
    this.#who = who
    this.#host = host
    this.#lastAt = site.now()
    this.#timer = setInterval(() => this.#tell(), 1000)
  }

  /**
   * An observation has ended; `answered` false: what is watched gave no answer, which is an observation too.
   * @returns the time since the one before it.
   */
  sample(answered: boolean): Micros {
    const now = this.#site.now()
    const since = now - this.#lastAt
    this.#worstMicros = Math.max(this.#worstMicros, since)
    this.#lastAt = now
    this.#samples++
    if (!answered) this.#failures++
    return since
  }

  /**
   * A question has failed: an observation as well, unless the run is over or the question never got to the host. Then nobody has
   * looked, which the time since the last observation tells.
   * @returns whether it was an observation.
   */
  unanswered(error: unknown): boolean {
    if (this.#site.signal.aborted || error instanceof NoWay) return false
    this.sample(false)
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') this.#refused++
    return true
  }

  /** Of several that are watched as one: which did not answer since the last report. */
  missed(engine: string): void {
    this.#missed.add(engine)
  }

  /** What changed while nobody watched can be told by nobody any more. */
  compacted(): void {
    this.#compacted = true
  }

  /** It will see nothing any more, whatever it does. */
  never(why: string): void {
    this.#never = why
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#tell()
  }

  #tell(): void {
    const openGap = this.#site.now() - this.#lastAt
    this.#site.record({
      kind: 'watching',
      who: this.#who,
      ...(this.#host === undefined ? {} : {host: this.#host}),
      samples: this.#samples,
      failures: this.#failures,
      ...(this.#refused === 0 ? {} : {refused: this.#refused}),
      worstMicros: Math.max(this.#worstMicros, openGap),
      ...(this.#never === undefined ? {} : {never: this.#never}),
      ...(this.#compacted ? {compacted: true} : {}),
      ...(this.#missed.size === 0 ? {} : {engines: [...this.#missed]}),
    })
    this.#compacted = false
    this.#missed.clear()
    this.#samples = 0
    this.#failures = 0
    this.#refused = 0
    this.#worstMicros = 0
  }
}
