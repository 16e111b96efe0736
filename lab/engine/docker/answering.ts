/** Whether the engine answers, which it is, and what ends waiting for it. */
import type {EngineLimits} from '../engine-limits.ts'
import type {Requests} from './requests.ts'

/** The engine itself. */
export interface Answering {
  readonly limits: EngineLimits
  /** An interrupt ends what waits for an engine that does not answer; what one that answers is doing is waited for. */
  heed(signal: AbortSignal): void

  /**
   * For a program of the system that has work done by the engine: ends with `signal`, and with a LabError as its reason when
   * the engine no longer answers.
   */
  answering(signal?: AbortSignal): Disposable & {readonly signal: AbortSignal}

  /** Engine version; throws `docker-missing` with the next step when no engine answers. */
  version(withinMs?: number): Promise<string>

  /** The engine's wall clock, ms since 1970. */
  clockMs(): Promise<number>
}

export class AnsweringEngine implements Answering {
  readonly limits: EngineLimits
  readonly #engine: Requests

  constructor(engine: Requests) {
    this.#engine = engine
    this.limits = engine.limits
  }

  heed(signal: AbortSignal): void {
    this.#engine.heed(signal)
  }

  answering(signal?: AbortSignal): Disposable & {readonly signal: AbortSignal} {
    const silence = new AbortController()
    const lasting = this.#engine.lasting(error => silence.abort(error))
    return {
      signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
      [Symbol.dispose]: () => lasting[Symbol.dispose](),
    }
  }

  async version(withinMs = this.#engine.limits.answerMs): Promise<string> {
    return (await this.#engine.say('asking for its version', () => this.#engine.api.version(), withinMs)).Version
  }

  async clockMs(): Promise<number> {
    const {SystemTime} = await this.#engine.say('asking for its clock', () => this.#engine.api.info())
    return Date.parse(SystemTime)
  }
}
