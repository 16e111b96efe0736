/** What `watch` says where there is no screen: a line for whatever happens, also for what the screen only shows as it stands. No clock and no lab in it. */
import type {Event, LoadTold, Micros, Quorum} from '../../lab/index.ts'
import {printable} from '../../lab/inside/start.ts'
import {seconds} from '../ui/format.ts'
import {sayLoad} from '../ui/say-load.ts'
import {openGap} from '../ui/throughput.ts'
import {emptyView, fold, type View, withoutWriters, withWriters} from '../ui/view.ts'

/** A pause that is shorter is not worth a line; that it is over has one of its own. */
const gapWorthTelling: Micros = 1_000_000

export class PlainLines {
  readonly #write: (line: string) => void
  #view: View = emptyView
  #load: LoadTold | null = null
  #quorum = ''
  /** The last write before the pause that was told. */
  #toldGapAfter: Micros | null = null

  constructor(write: (line: string) => void) {
    this.#write = write
  }

  event(event: Event): void {
    const before = this.#view.lines.at(-1)
    this.#view = fold(this.#view, event)
    const line = this.#view.lines.at(-1)
    if (line !== undefined && line !== before) this.#line(line.at, line.says)
  }

  quorum({led, silent, members, needed, isLost, alarms}: Quorum, now: Micros): void {
    const says = [
      isLost === null
        ? `quorum of etcd not known: ${silent} of ${members} do not answer`
        : `quorum of etcd${isLost ? ' LOST' : ''}: ${led} of ${members} know a leader, ${needed} are needed`,
      ...alarms.map(alarm => `ALARM ${alarm}`),
    ].join('; ')
    if (says !== this.#quorum) this.#line(now, says)
    this.#quorum = says
  }

  load(told: LoadTold, now: Micros): void {
    const [was, is] = [this.#load?.state === 'on', told.state === 'on']
    if (is && !was) this.#view = withWriters(this.#view, now)
    if (was && !is) this.#view = withoutWriters(this.#view, now)
    this.#load = told
    this.#line(now, sayLoad(told))
  }

  /** Called now and then: that nothing is written is no event. */
  look(now: Micros): void {
    const {clients} = this.#view
    const gap = openGap(clients, now)
    if (gap === null || gap < gapWorthTelling || clients.lastWriteAt === this.#toldGapAfter) return
    this.#toldGapAfter = clients.lastWriteAt
    this.#line(now, `NO WRITES for ${seconds(gap)}`)
  }

  #line(at: Micros, says: string): void {
    this.#write(`[+${(at / 1_000_000).toFixed(2)} s] ${printable(says)}\n`)
  }
}
