/** Every call to the engine ends: when it is answered, when its limit is over, or when the engine is found not to answer at all. */

import {LabError} from '../words/errors.ts'
import {next, ownCommand} from '../words/next-step.ts'
import type {EngineLimits} from './engine-limits.ts'

type GiveUp = (error: LabError) => void

export class EngineCalls {
  readonly limits: EngineLimits
  readonly #ping: (stop: AbortSignal) => Promise<unknown>
  /** All that waits for the engine now, and how each is given up. */
  readonly #waiting = new Set<GiveUp>()
  /** It has kept silent: before it is asked anything else, it is asked whether it is there. */
  #doubted = false
  #pinging: Promise<LabError | undefined> | undefined
  #beat: NodeJS.Timeout | undefined
  #lasting = 0

  /** @param ping asks for no more than that it answers. */
  constructor(limits: EngineLimits, ping: (stop: AbortSignal) => Promise<unknown>) {
    this.limits = limits
    this.#ping = ping
  }

  /**
   * A call that is answered within its limit; `stop` ends its connection.
   * @throws LabError `timeout`, and what the call throws.
   */
  async within<T>(limitMs: number, doing: string, call: (stop: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#doubted) {
      const silence = await this.#answers(this.limits.pingMs, doing)
      if (silence !== undefined) throw silence
    }
    return this.#limited(limitMs, doing, call)
  }

  /** What may take as long as it likes, such as a stream, while the engine answers: it is asked again and again whether it does. */
  lasting(giveUp: GiveUp): Disposable {
    this.#waiting.add(giveUp)
    this.#lasting++
    const {answerMs} = this.limits
    this.#beat ??= setInterval(() => void this.#answers(answerMs, 'asking whether it is there'), answerMs / 2).unref()
    let over = false
    return {
      [Symbol.dispose]: () => {
        if (over) return
        over = true
        this.#waiting.delete(giveUp)
        if (--this.#lasting > 0) return
        clearInterval(this.#beat)
        this.#beat = undefined
      },
    }
  }

  /**
   * At an interrupt the engine is asked at once whether it is there, and whatever waits for it is given up if not. While it answers,
   * what it has been told to do is waited for: an effect that comes after its mend would stay.
   */
  heed(signal: AbortSignal): void {
    signal.addEventListener('abort', () => void this.#answers(this.limits.pingMs, 'asking whether it is there'), {
      once: true,
    })
  }

  /** undefined: it does. One question at a time: who else wants to know waits for the same answer. */
  #answers(limitMs: number, doing: string): Promise<LabError | undefined> {
    this.#pinging ??= this.#limited(limitMs, doing, this.#ping)
      .then(
        () => undefined,
        error => {
          if (hasAnswered(error)) return undefined
          const silence = error instanceof LabError ? error : gone(error)
          for (const giveUp of this.#waiting) giveUp(silence)
          return silence
        },
      )
      .finally(() => {
        this.#pinging = undefined
      })
    return this.#pinging
  }

  async #limited<T>(limitMs: number, doing: string, call: (stop: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController()
    const {promise: over, reject} = Promise.withResolvers<never>()
    let waits = true
    const giveUp = (error: LabError) => {
      if (!waits) return
      this.#doubted = true
      reject(error)
      stop.abort(error)
    }
    // What came while this process could not run, stopped or starved, is read before it is called late.
    const timer = setTimeout(() => setImmediate(() => giveUp(late(limitMs, doing))), limitMs)
    this.#waiting.add(giveUp)
    try {
      const value = await Promise.race([call(stop.signal), over])
      this.#doubted = false
      return value
    } catch (error) {
      if (hasAnswered(error)) this.#doubted = false
      throw error
    } finally {
      waits = false
      clearTimeout(timer)
      this.#waiting.delete(giveUp)
    }
  }
}

/** A refusal is an answer, too. */
function hasAnswered(error: unknown): boolean {
  return typeof (error as {statusCode?: unknown}).statusCode === 'number'
}

/** @throws nothing; what to do is the same whatever was asked. */
function late(limitMs: number, doing: string): LabError {
  return new LabError('timeout', `the Docker engine did not answer within ${limitMs / 1000} s (${doing})`, {
    hint: next`restart the engine if it hangs; a slow one gets more time by PGHA_LAB_ENGINE_TIMEOUT=30s; to see which it is: ${ownCommand('doctor')}`,
  })
}

function gone(cause: unknown): LabError {
  return new LabError('docker-missing', 'no Docker engine answers', {cause, hint: ownCommand('doctor')})
}
