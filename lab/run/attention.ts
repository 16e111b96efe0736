/** How often somebody who watches looks at a cluster: seldom while nothing happens, which costs the lab and this machine least. */
import type {Happening} from '../history/event.ts'
import type {Micros} from '../words/quantity.ts'

/** More is seen by nobody on a screen that is drawn anew each second; what is looked at less often is taken not to be watched, and told again. */
const calmMs = 400
/** As often as a screen can show that something has changed. */
const awakeMs = 250
/** A failover takes no longer, by the timings that most have. */
const awakeFor: Micros = 60_000_000

export class Attention {
  #last: Micros | undefined
  /** What each said last of what it tells again now and then. */
  readonly #said = new Map<string, unknown>()

  heard(happening: Happening, now: Micros): void {
    if (this.#isNews(happening)) this.#last = now
  }

  /** Between two looks of one probe. */
  leastMs(now: Micros): number {
    return this.#last !== undefined && now - this.#last < awakeFor ? awakeMs : calmMs
  }

  #isNews(happening: Happening): boolean {
    switch (happening.kind) {
      case 'leader-key':
        return this.#isOther(`key ${happening.scope}`, happening.holder)
      case 'proxy':
        return this.#isOther(`${happening.proxy} ${happening.backend} ${happening.server}`, happening.up)
      case 'etcd-member':
        return this.#isOther(`etcd ${happening.host}`, `${happening.up} ${happening.leader}`)
      case 'container':
        return true
      case 'postgres':
        return !happening.up
      case 'patroni':
        return happening.code === null
      default:
        return happening.kind.startsWith('fault-')
    }
  }

  #isOther(what: string, says: unknown): boolean {
    const isOther = this.#said.has(what) && this.#said.get(what) !== says
    this.#said.set(what, says)
    return isOther
  }
}
