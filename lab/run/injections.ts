/** The faults of one run: injected with their mends on disk first, kept in force while hosts restart, and mended. */

import type {Fault, FaultSite} from '../breaking/fault.ts'
import {type Fitting, resolve} from '../cluster/selector.ts'
import type {Lab} from '../engine/lab.ts'
import {faults} from '../faults/index.ts'
import {giveUpAfter} from '../healing/heal.ts'
import {mend} from '../healing/mend.ts'
import {of, type Recorder} from '../history/history.ts'
import {sayMend} from '../history/say-mend.ts'
import type {Strike} from '../history/strike.ts'
import type {Step} from '../scenario/index.ts'
import {namedIn} from '../scenario/params.ts'
import {sayFault, sayWhom} from '../scenario/say.ts'
import {inForce, mended, plan} from '../state/journal.ts'
import {tellFault} from '../state/told-faults.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {next, onLab} from '../words/next-step.ts'
import {Lasting} from './lasting.ts'
import {SharedMoment} from './shared-moment.ts'

type Inject = Extract<Step, {do: 'inject'}>

const mendWithinMs = 30_000

/** What must happen while a fault is in force, though no step says it. */
interface Kept {
  readonly again: Map<HostName, () => Promise<void>>
  limit: NodeJS.Timeout | undefined
}

/** A fault, and whom it is to be done to. */
interface Aimed {
  readonly step: Inject
  readonly fault: Fault<unknown>
  readonly params: unknown
  readonly hosts: readonly HostName[]
  readonly from: readonly HostName[] | null
}

/** How far a fault has come. */
interface Progress {
  began: boolean
  needsMend: boolean
  /** Not there: it has shown nothing so far. */
  proven: boolean | undefined
}

/** Whether a fault took hold, in words as well. */
interface Injection {
  readonly ok: boolean
  readonly says: string
}

export class Injections implements Disposable {
  readonly #lab: Lab
  readonly #history: Recorder
  readonly #signal: AbortSignal
  /** A step's name stands for the hosts that its selector meant when it was first used. */
  readonly #pinned = new Map<string, readonly HostName[]>()
  readonly #kept = new Map<string, Kept>()
  readonly #deaf: () => void
  /** Under way: faults being put in force again on hosts that have restarted. A mend that did not wait for them would be undone. */
  readonly #reapplying = new Set<Promise<void>>()
  readonly #lasting: Lasting
  readonly #moment: ((together: readonly Strike[]) => Promise<void>) | undefined

  /** @param moment resolves when the next faults may come, everything but their first blow being done already. */
  constructor(
    lab: Lab,
    history: Recorder,
    signal: AbortSignal,
    moment?: (together: readonly Strike[]) => Promise<void>,
  ) {
    this.#moment = moment
    this.#lab = lab
    this.#history = history
    this.#signal = signal
    this.#lasting = new Lasting(lab, history, () => Promise.all(this.#reapplying))
    this.#deaf = history.subscribe(event => {
      if (event.kind === 'container' && event.action === 'start') this.#restarted(event.host)
    })
  }

  /**
   * Breaks what comes at one moment, mostly a single fault: each is prepared, proven and mended by itself. Ends when all of them have,
   * so that none breaks after its mend.
   * @throws LabError `no-target`, and what the engine or a host says while a fault is made: where that is before the moment, none breaks.
   */
  async inject(steps: readonly Inject[]): Promise<readonly Injection[]> {
    // In their order, and all before any: one may be done to whom another one means.
    const aimed: Aimed[] = []
    for (const step of steps) aimed.push(await this.#aim(step))
    const moment = new SharedMoment(steps.length, async strikes => {
      this.#signal.throwIfAborted()
      await this.#moment?.(strikes)
      this.#signal.throwIfAborted()
    })
    const ended = await Promise.allSettled(aimed.map(one => this.#break(one, moment)))
    return ended.map(one => {
      if (one.status === 'rejected') throw one.reason
      return one.value
    })
  }

  async #aim(step: Inject): Promise<Aimed> {
    const fault = faults[step.fault]
    if (fault === undefined) throw new TypeError(`no fault ${step.fault}`)
    const params = fault.params.parse(step.params)
    const hosts = await this.#target(step.as, step.on, fault.fits?.(params))
    this.#pinned.set(step.as, hosts)
    const from = await this.#named(step, namedIn(fault.params, step.params))
    return {step, fault, params, hosts, from}
  }

  async #break({step, fault, params, hosts, from}: Aimed, moment: SharedMoment): Promise<Injection> {
    const lab = this.#lab
    const strike = fault.strikes(params, {on: hosts, from, topology: lab.topology})
    const kept: Kept = {again: new Map(), limit: undefined}
    this.#kept.set(step.as, kept)
    const so: Progress = {began: false, needsMend: false, proven: undefined}
    const site = this.#site({step, hosts, from, strike}, kept, so, moment)
    try {
      await fault.inject(site, params)
    } catch (error) {
      moment.fails(error)
      throw error
    }
    if (!so.began) moment.passes()
    const limitMs = fault.limitMs?.(params) ?? null
    if (limitMs !== null) kept.limit = this.#limited(step.as, limitMs)
    if (so.proven === true) this.#lasting.watch(step.as)
    return {ok: so.proven === true, says: so.proven ? 'the fault took hold' : 'the fault did not take hold'}
  }

  /** What a fault is given to work with. */
  #site(
    {step, hosts, from, strike}: Pick<Aimed, 'step' | 'hosts' | 'from'> & {readonly strike: Strike},
    kept: Kept,
    so: Progress,
    moment: SharedMoment,
  ): FaultSite {
    const [lab, history] = [this.#lab, this.#history]
    const id = step.as
    return {
      ...{lab, id, hosts, signal: this.#signal, from},
      mend: async (undo, still) => {
        so.needsMend = true
        this.#lasting.plan(id, undo, still)
        plan(lab.name, {id: `${id}/${sayMend(undo)}`, fault: id, mend: undo})
      },
      broke: async call => {
        if (!so.began) {
          await moment.ready(strike)
          const {fault, params} = step
          const {needsMend} = so
          const happening = {id, fault, what: sayFault(step), hosts, params, needsMend, strike}
          // Before its moment: a disk that stalls must not stand between that and the call.
          tellFault(lab.name, {kind: 'fault-injecting', ...happening})
          history.record({kind: 'fault-injecting', ...happening})
        }
        so.began = true
        const result = await call()
        history.record({kind: 'fault-injected', id})
        return result
      },
      proof(holds, says, atMicros) {
        so.proven = (so.proven ?? true) && holds
        history.record({kind: 'fault-proof', id, holds, says}, atMicros ?? history.now())
      },
      now: () => history.now(),
      again: (host, apply) => void kept.again.set(host, apply),
    }
  }

  /** Mends this run's faults, newest first (or only one's); ignores the run's signal. @throws LabError `heal-failed` */
  async mend(which: (fault: string) => boolean = () => true): Promise<void> {
    const failures: string[] = []
    await Promise.all(this.#reapplying)
    if (!this.#signal.aborted) await this.#lasting.lastLook(which)
    for (const [id, kept] of this.#kept) if (which(id)) this.#letGo(id, kept)
    await Promise.all(this.#reapplying)
    for (const entry of inForce(this.#lab.name)) {
      if (!which(entry.fault)) continue
      this.#history.record({kind: 'fault-mending', id: entry.fault, mend: entry.mend})
      try {
        await giveUpAfter(mendWithinMs, mend(this.#lab, entry.mend))
        mended(this.#lab.name, entry.id)
        this.#history.record({kind: 'fault-mended', id: entry.fault, mend: entry.mend, ok: true})
      } catch (error) {
        const says = (error as Error).message
        this.#history.record({kind: 'fault-mended', id: entry.fault, mend: entry.mend, ok: false, says})
        failures.push(`${sayMend(entry.mend)}: ${says}`)
      }
    }
    if (failures.length > 0)
      throw new LabError('heal-failed', `a fault is still in force: ${failures.join('; ')}`, {
        hint: next`to go on healing: ${onLab(this.#lab.name, 'heal')} to remove the lab: ${onLab(this.#lab.name, 'down')}`,
      })
  }

  [Symbol.dispose](): void {
    this.#deaf()
    void this.#lasting[Symbol.asyncDispose]()
    for (const [id, kept] of this.#kept) this.#letGo(id, kept)
  }

  /** @param words a selector, a host or an earlier step, or several of them: whom they mean together. */
  async #target(fault: string, words: string | readonly string[], fitting?: Fitting): Promise<readonly HostName[]> {
    const each = [words].flat().map(word => this.#pinned.get(word) ?? resolve(this.#lab, word, fitting))
    const hosts = [...new Set((await Promise.all(each)).flat())]
    this.#history.record({kind: 'target', fault, selector: sayWhom(words), hosts})
    return hosts
  }

  /** Whom the parameters of a step name beside `on`. */
  async #named(step: Inject, named: ReturnType<typeof namedIn>): Promise<readonly HostName[] | null> {
    if (named.length === 0) return null
    const hosts = await Promise.all(named.map(({word}) => this.#target(step.as, word)))
    return [...new Set(hosts.flat())]
  }

  #letGo(id: string, kept: Kept): void {
    clearTimeout(kept.limit)
    this.#lasting.forget(id)
    this.#kept.delete(id)
  }

  /** Counted from the break, as the host does, however long the proof took. */
  #limited(id: string, limitMs: number): NodeJS.Timeout {
    const now = this.#history.now()
    const begun = of(this.#history, 'fault-injecting').findLast(one => one.id === id)?.at ?? now
    return setTimeout(() => this.#ranOut(id, limitMs), Math.max(0, limitMs - (now - begun) / 1000))
  }

  #ranOut(id: string, limitMs: number): void {
    if (!inForce(this.#lab.name).some(entry => entry.fault === id)) return
    this.#kept.delete(id)
    this.#lasting.forget(id)
    this.#history.record({
      kind: 'fault-lost',
      id,
      host: null,
      says: `its limit of ${limitMs / 1000} s ran out before it was mended`,
    })
  }

  /** A new network namespace knows nothing of the old one's rules. */
  #restarted(host: HostName): void {
    for (const [id, {again}] of this.#kept) {
      const apply = again.get(host)
      if (apply === undefined) continue
      const applying = this.#reapply(id, host, apply).finally(() => this.#reapplying.delete(applying))
      this.#reapplying.add(applying)
    }
  }

  async #reapply(id: string, host: HostName, apply: () => Promise<void>): Promise<void> {
    try {
      await giveUpAfter(mendWithinMs, apply())
      this.#history.record({kind: 'fault-again', id, host})
    } catch (error) {
      const says = `${host} restarted and could not be given it again: ${(error as Error).message}`
      this.#lasting.forget(id)
      this.#history.record({kind: 'fault-lost', id, host, says})
    }
  }
}
