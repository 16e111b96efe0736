/** What a container prints, and what happens to containers. */
import {createInterface} from 'node:readline'
import {PassThrough, type Readable} from 'node:stream'
import {type HostName, labels} from '../../topology/topology.ts'
import {eventIn} from './answers.ts'
import type {Requests} from './requests.ts'

export interface EngineEvent {
  readonly host: HostName
  readonly action: string
  readonly exitCode: number | null
  /** Wall clock of the engine, ms since 1970. */
  readonly atMs: number
}

export interface LogOptions {
  readonly follow?: boolean
  readonly tail?: number
  readonly timestamps?: boolean
  readonly sinceSeconds?: number
}

/** Each ends when the engine no longer answers. */
export interface Streams {
  /** Container output since its creation, as the engine keeps it. */
  logs(id: string, options?: LogOptions): Promise<Readable>

  /** Events of a lab's hosts as they happen, until the signal. @param begun told when the engine has begun to tell. */
  events(lab: string, signal: AbortSignal, begun?: () => void): AsyncGenerator<EngineEvent>
}

export class StreamsOfEngine implements Streams {
  readonly #engine: Requests

  constructor(engine: Requests) {
    this.#engine = engine
  }

  async logs(id: string, options: LogOptions = {}): Promise<Readable> {
    const both = new PassThrough()
    const {follow: _, sinceSeconds: since, ...rest} = options
    const common = {stdout: true, stderr: true, ...rest, ...(since === undefined ? {} : {since})}
    if (options.follow) {
      const stream = await this.#engine.say('reading logs', () =>
        this.#engine.api.getContainer(id).logs({...common, follow: true}),
      )
      this.#engine.api.modem.demuxStream(stream, both, both)
      // An engine that goes away ends it without an `end`.
      for (const sign of ['end', 'close', 'error'] as const) stream.on(sign, () => both.end())
      const hangUp = () => (stream as unknown as {destroy?(): void}).destroy?.()
      both.on('error', () => {}) // whoever reads on gets it all the same
      const lasting = this.#engine.lasting(error => both.destroy(error))
      both.on('close', () => {
        lasting[Symbol.dispose]()
        hangUp()
      })
      return both
    }
    const all = await this.#engine.change('reading logs', () =>
      this.#engine.api.getContainer(id).logs({...common, follow: false}),
    )
    both.end(withoutFrames(all as unknown as Buffer))
    return both
  }

  async *events(lab: string, signal: AbortSignal, begun: () => void = () => {}): AsyncGenerator<EngineEvent> {
    const stream = (await this.#engine.say('listening to events', () =>
      this.#engine.api.getEvents({filters: {type: ['container'], label: [`${labels.lab}=${lab}`, labels.host]}}),
    )) as Readable
    const stop = () => stream.destroy()
    signal.addEventListener('abort', stop, {once: true})
    using _lasting = this.#engine.lasting(error => stream.destroy(error))
    begun()
    try {
      for await (const line of createInterface({input: stream})) {
        const {Action: action, Actor, timeNano} = eventIn(line, this.#engine.api.modem)
        const {[labels.host]: host = '', exitCode} = Actor.Attributes
        yield {host, action, exitCode: exitCode === undefined ? null : Number(exitCode), atMs: timeNano / 1e6}
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', stop)
      stream.destroy()
    }
  }
}

/** The engine prefixes each chunk of a container without a TTY with 8 bytes: stream, 3 zeros, length (Docker API, attach). */
function withoutFrames(framed: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= framed.length; ) {
    const length = framed.readUInt32BE(at + 4)
    parts.push(framed.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(parts)
}
