/**
 * Looks whether the faults of a run last: once a second from their proof on, and right before their mend. One that is gone though no mend
 * of ours has ended it is lost. It disturbs nobody: a look that takes its time is not waited for, and whoever cannot tell is not taken
 * for a sign of anything.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import type {Still} from '../breaking/lasting.ts'
import type {Lab} from '../engine/lab.ts'
import {giveUpAfter} from '../healing/heal.ts'
import type {Mend} from '../history/event.ts'
import {of, type Recorder} from '../history/history.ts'
import {lostOf} from '../history/lost.ts'
import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {OpenSight} from './sight.ts'

const everyMs = 1000
/** A look takes milliseconds; on a host that is busy or stands still it tells nothing. */
const withinMs = 1000
/** The engine's word that a host restarts may come a little later than what shows it. */
const againAfterMs = 200

/** What one mend undoes. */
interface Part {
  readonly id: string
  readonly host: HostName | null
  readonly still: Still
  /** What a later fault leaves in the same place takes the place of this. */
  readonly place: string
  seenAt: Micros
  /** Under way. */
  look: Promise<void> | undefined
  /** What it asks has not been answered yet. */
  asking: boolean
}

export class Lasting implements AsyncDisposable {
  readonly #history: Recorder
  readonly #sight: OpenSight
  /** Resolves when no fault is being put in force again on a host that has restarted. */
  readonly #settled: () => Promise<unknown>
  readonly #planned: Part[] = []
  #parts: Part[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(lab: Lab, history: Recorder, settled: () => Promise<unknown>) {
    this.#history = history
    this.#sight = new OpenSight(lab)
    this.#settled = settled
  }

  /** Of a fault that has not been proven yet. */
  plan(id: string, undo: Mend, still: Still): void {
    const place = [undo.do, undo.host, 'service' in undo && undo.service, 'cut' in undo && undo.cut].join(' ')
    this.#planned.push({id, host: undo.host, still, place, seenAt: 0, look: undefined, asking: false})
  }

  /** From now on: it has been proven. */
  watch(id: string): void {
    const begun = this.#planned.filter(part => part.id === id).map(part => ({...part, seenAt: this.#history.now()}))
    const places = new Set(begun.map(part => part.place))
    this.#parts = [...this.#parts.filter(part => !places.has(part.place)), ...begun]
    if (begun.length > 0) this.#timer ??= setInterval(() => void this.#lookAtAll(() => true), everyMs).unref()
  }

  /** Right before a mend. */
  async lastLook(which: (id: string) => boolean): Promise<void> {
    await this.#lookAtAll(which)
    for (const id of new Set(this.#parts.map(part => part.id))) if (which(id)) this.forget(id)
  }

  /** It is being mended, or is lost. */
  forget(id: string): void {
    this.#parts = this.#parts.filter(part => part.id !== id)
    if (this.#parts.length > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts = []
    clearInterval(this.#timer)
    await this.#sight[Symbol.asyncDispose]()
  }

  async #lookAtAll(which: (id: string) => boolean): Promise<void> {
    this.#readHistory()
    await Promise.all(
      this.#parts
        .filter(part => which(part.id))
        .map(part => {
          part.look ??= this.#look(part).finally(() => {
            part.look = undefined
          })
          return part.look
        }),
    )
  }

  /** What the probes and the clients have told anyway. */
  #readHistory(): void {
    for (const {id, at, host, says} of lostOf(this.#history)) this.#lost(id, host, says, at)
  }

  async #look(part: Part): Promise<void> {
    if ((await this.#seen(part)) === null) return
    const at = this.#history.now()
    await sleep(againAfterMs)
    await this.#settled()
    const says = await this.#seen(part)
    if (says === null || !this.#parts.includes(part)) return
    if (this.#endedByUs(part)) this.#parts = this.#parts.filter(one => one !== part)
    else this.#lost(part.id, part.host, says, at)
  }

  /** What is there instead of it; null: it is still there, or nobody can tell. */
  async #seen(part: Part): Promise<string | null> {
    if (part.asking) return null
    part.asking = true
    const look = Promise.resolve()
      .then(() => part.still(this.#sight))
      .finally(() => {
        part.asking = false
      })
    try {
      const says = await giveUpAfter(withinMs, look)
      if (says === null) part.seenAt = this.#history.now()
      return says
    } catch {
      return null
    }
  }

  /**
   * Since it was last seen, another fault of the run has come to that host or was mended there, or its watchdog has reset it. What is
   * the whole cluster's, each of them touches.
   */
  #endedByUs({id, host, seenAt}: Part): boolean {
    const isThere = (other: HostName | null) => host === null || other === host
    const others = [
      ...of(this.#history, 'fault-injecting').filter(
        one => one.id !== id && (host === null || one.hosts.includes(host)),
      ),
      ...of(this.#history, 'fault-mending').filter(one => one.id !== id && isThere(one.mend.host)),
      ...of(this.#history, 'fault-mended').filter(one => one.id !== id && isThere(one.mend.host)),
    ]
    const begun = of(this.#history, 'fault-injecting').findLast(one => one.id === id)?.at ?? 0
    const reset = of(this.#history, 'watchdog').some(
      one => one.host === host && one.state === 'fired' && one.at >= begun,
    )
    return reset || others.some(one => one.at >= seenAt)
  }

  #lost(id: string, host: HostName | null, says: string, at: Micros): void {
    if (!this.#parts.some(part => part.id === id)) return
    this.forget(id)
    this.#history.record({kind: 'fault-lost', id, host, says}, at)
  }
}
