/** An agent as the runner sees it: started on the host of the clients, its clock kept, what it says recorded. */
import {setTimeout as pause} from 'node:timers/promises'
import type {Running} from '../engine/docker.ts'
import type {Of} from '../history/event.ts'
import {estimateOffset, type PingPong} from '../probes/clock-offset.ts'
import type {ProbeSite} from '../probes/probe.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import type {Micros} from '../words/quantity.ts'
import {type AgentConfig, type AgentLine, type Command, decodeAgentLine} from './agent/protocol.ts'
import {Happenings} from './happenings.ts'

export type WatchedSecond = Pick<Of<'watching'>, 'samples' | 'failures' | 'worstMicros' | 'cpuWaitMicros'>

const pings = 20
/** Waking up, reading the bundle and answering: generous, because 2 cores may be raising a cluster at the same time. */
const startWithinMs = 20_000

/** An agent that runs. */
export class AgentProcess implements AsyncDisposable {
  failure: LabError | undefined
  readonly #ended: Promise<void>
  readonly #site: ProbeSite
  readonly #host: HostName
  readonly #running: Running
  readonly #config: AgentConfig
  readonly #awaited = new Map<string, (line: AgentLine) => void>()
  readonly #happenings: Happenings
  readonly #watched: (report: WatchedSecond, at: Micros) => void
  #offsetMicros = 0
  #asked = false

  /** @param watched is told what the agent reports once a second about its watching. */
  constructor(
    site: ProbeSite,
    host: HostName,
    running: Running,
    config: AgentConfig,
    watched: (report: WatchedSecond, at: Micros) => void,
  ) {
    this.#site = site
    this.#host = host
    this.#running = running
    this.#config = config
    this.#watched = watched
    this.#happenings = new Happenings(
      theirMicros => this.#ours(theirMicros),
      said => site.lab.hostNamed(said),
    )
    this.#ended = this.#listen().then(error => {
      this.failure = error
    })
    const stop = () => void this.stop()
    site.signal.addEventListener('abort', stop, {once: true})
    void this.#ended.finally(() => site.signal.removeEventListener('abort', stop))
  }

  /** Resolves when its clock is known; nothing is sent before `go`. */
  async begin(): Promise<void> {
    this.#running.stdin.on('error', () => {}) // a broken pipe is the agent's end, and `failure` tells that with its reason
    this.#running.stdin.write(`${JSON.stringify(this.#config)}\n`)
    const hi = await this.#answer('hi', startWithinMs)
    if (hi[0] === 'hi') this.#site.record({kind: 'note', says: `clients run with ${hi[3]} on ${hi[2]}`})
    await this.#setClock()
  }

  go(): void {
    this.#say({go: true})
  }

  async stopWriters(): Promise<void> {
    const quiet = this.#answer('quiet', this.#config.statementTimeoutMs + 5000)
    this.#say({stopWriters: true})
    await quiet
  }

  async stop(): Promise<void> {
    if (!this.#asked) {
      this.#asked = true
      this.#say({stop: true})
      this.#running.stdin.end()
    }
    const tooLong = new AbortController()
    await Promise.race([
      this.#ended,
      pause(this.#config.statementTimeoutMs + 5000, undefined, {signal: tooLong.signal}).catch(() => {}),
    ])
    tooLong.abort()
    await this.#running[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Reads the agent's lines to their end. */
  async #listen(): Promise<LabError | undefined> {
    let bye: string | undefined
    try {
      for await (const text of this.#running.lines) {
        const line = decodeAgentLine(text)
        if (line[0] === 'bye') bye = line[1]
        this.#record(line)
        const name = line[0] === 'pong' ? `pong ${line[1]}` : line[0]
        this.#awaited.get(name)?.(line)
      }
      if (this.#asked) return undefined
      const code = await this.#running.done
      if (this.#running.lost !== undefined) return this.#gone(this.#running.lost.message, this.#running.lost)
      return this.#gone(bye ?? (code === null ? 'the engine has lost them' : `exit code ${code}`))
    } catch (error) {
      if (this.#asked) return undefined
      return this.#gone((error as Error).message, error)
    }
  }

  #gone(why: string, cause?: unknown): LabError {
    const says = this.#running.stderr().trim().split('\n').at(-1)
    const error = new LabError(
      'not-ready',
      `the clients ended unexpectedly: ${why}${says ? `; the last thing they said: ${says}` : ''}`,
      {...(cause === undefined ? {} : {cause}), hint: onLab(this.#site.lab.name, 'logs', this.#host)},
    )
    this.#site.record({kind: 'note', says: error.message})
    return error
  }

  async #setClock(): Promise<void> {
    const seen: PingPong[] = []
    for (let ping = 0; ping < pings; ping++) {
      const askedMicros = this.#site.now()
      const pong = this.#answer(`pong ${ping}`, startWithinMs).then(line => ({line, answeredMicros: this.#site.now()}))
      this.#say({ping})
      const {line, answeredMicros} = await pong
      if (line[0] === 'pong') seen.push({askedMicros, answeredMicros, theirMicros: line[2]})
    }
    const {offsetMicros, uncertaintyMicros} = estimateOffset(seen)
    this.#offsetMicros = offsetMicros
    this.#site.record({kind: 'clock', who: 'clients', host: this.#host, offsetMicros, uncertaintyMicros})
  }

  #say(command: Command): void {
    if (this.#running.stdin.writable) this.#running.stdin.write(`${JSON.stringify(command)}\n`)
  }

  /** The next line of this name; throws `failure` if the agent goes instead, `timeout` if nothing comes. */
  async #answer(name: string, withinMs: number): Promise<AgentLine> {
    const {promise, resolve, reject} = Promise.withResolvers<AgentLine>()
    const timer = setTimeout(
      () => reject(new LabError('timeout', `waited ${withinMs / 1000} s for the clients to answer (${name})`)),
      withinMs,
    )
    this.#awaited.set(name, resolve)
    void this.#ended.then(() => reject(this.failure ?? new LabError('interrupted', 'the clients have been stopped')))
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#awaited.delete(name)
    }
  }

  #record(line: AgentLine): void {
    if (line[0] === 'w') {
      const [, at, samples, failures, worstMicros, cpuWaitMicros = null] = line
      const waited = cpuWaitMicros === null ? {} : {cpuWaitMicros}
      this.#watched({samples, failures, worstMicros, ...waited}, this.#ours(at))
      return
    }
    const told = this.#happenings.of(line)
    if (told !== null) this.#site.record(told.happening, told.at)
  }

  #ours(theirMicros: number): Micros {
    return theirMicros + this.#offsetMicros
  }
}
