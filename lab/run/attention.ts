/** How often somebody who watches looks at a cluster: seldom while nothing happens, which costs the lab and this machine least. */
import type {Happening} from '../history/event.ts'
import type {Micros} from '../words/quantity.ts'

/** More is seen by nobody on a screen that is drawn anew each second. */
const calmMs = 500
/** As often as a screen can show that something has changed. */
const awakeMs = 250
/** A failover takes no longer, by the timings that most have. */
const awakeFor: Micros = 60_000_000

export class Attention {
  #last: Micros | undefined

  heard(happening: Happening, now: Micros): void {
    if (isNews(happening)) this.#last = now
  }

  /** Between two looks of one probe. */
  leastMs(now: Micros): number {
    return this.#last !== undefined && now - this.#last < awakeFor ? awakeMs : calmMs
  }
}

/** Told when it changes, or an answer as a healthy cluster gives none. */
function isNews(happening: Happening): boolean {
  switch (happening.kind) {
    case 'leader-key':
    case 'container':
    case 'proxy':
    case 'etcd-member':
    case 'virtual-address':
    case 'watchdog':
      return true
    case 'postgres':
      return !happening.up
    case 'patroni':
      return happening.code === null
    default:
      return happening.kind.startsWith('fault-')
  }
}
