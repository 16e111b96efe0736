/** A request to the engine: within its limit, ended with what ends its call, and what goes wrong said in one sentence. */
import {AsyncLocalStorage} from 'node:async_hooks'
import type {ClientRequest, RequestOptions} from 'node:http'
import {createRequire, Module} from 'node:module'
import type Dockerode from 'dockerode'
import {LabError} from '../../words/errors.ts'
import {ownCommand, whatFillsIt} from '../../words/next-step.ts'
import {contextInUse, mustBeLocal, reachContext} from '../context.ts'
import {EngineCalls} from '../engine-calls.ts'
import type {EngineLimits} from '../engine-limits.ts'
import {environmentOf} from '../named.ts'
import {isBySsh} from '../ssh.ts'
import {answerTo, askedOf, refusalOf, TooLong} from './answers.ts'

export class Requests {
  readonly api: Dockerode
  readonly limits: EngineLimits
  readonly #calls: EngineCalls
  readonly #called: string | undefined

  /** @param called said where it does not answer; undefined: it is the only one that can be meant. */
  constructor(api: Dockerode, limits: EngineLimits, called?: string) {
    meetAtTheDoor(api)
    this.#called = called
    this.api = api
    this.limits = limits
    this.#calls = new EngineCalls(limits, stop => stops.run(stop, () => api.ping()))
  }

  /** See `EngineCalls.heed`. */
  heed(signal: AbortSignal): void {
    this.#calls.heed(signal)
  }

  /** See `EngineCalls.lasting`. */
  lasting(giveUp: (error: LabError) => void): Disposable {
    return this.#calls.lasting(error => giveUp(this.#named(error)))
  }

  /** A call, within its limit; what the engine or the way to it says is turned into one sentence. */
  say<T>(doing: string, call: () => Promise<T>, withinMs = this.limits.answerMs): Promise<T> {
    return this.#told(doing, () => this.#calls.within(withinMs, doing, stop => stops.run(stop, call)))
  }

  /** What changes something may take longer than an answer. */
  change<T>(doing: string, call: () => Promise<T>): Promise<T> {
    return this.say(doing, call, this.limits.changeMs)
  }

  /** What takes as long as it takes, while the engine answers. */
  async wait<T>(doing: string, call: () => Promise<T>): Promise<T> {
    const stop = new AbortController()
    const {promise: lost, reject} = Promise.withResolvers<never>()
    using _lasting = this.lasting(error => {
      reject(error)
      stop.abort(error)
    })
    const ended = stops.run(stop.signal, call)
    return await this.#told(doing, () => Promise.race([ended, lost]))
  }

  async #told<T>(doing: string, call: () => Promise<T>): Promise<T> {
    try {
      return await told(doing, call)
    } catch (error) {
      throw error instanceof LabError ? this.#named(error) : error
    }
  }

  #named(error: LabError): LabError {
    if (this.#called === undefined || error.message.startsWith(`${this.#called}: `)) return error
    return error.at(this.#called)
  }
}

/** What ends the requests that are made right now. */
const stops = new AsyncLocalStorage<AbortSignal>()

/**
 * All that dockerode asks goes through here. It takes a signal for each request: every one gets that of the call that it belongs to.
 * And what comes back is looked at before anybody reads it.
 */
function meetAtTheDoor({modem}: Dockerode): void {
  const dial = modem.dial.bind(modem)
  modem.dial = (options, done) => {
    const abortSignal = stops.getStore()
    const asked = askedOf(options)
    const answered: typeof done = (error, said) => {
      if (error) return done?.(refusalOf(asked, error, modem), said)
      let answer: typeof said
      try {
        answer = answerTo(asked, said, modem)
      } catch (foreign) {
        return done?.(foreign as Error, null)
      }
      done?.(null, answer)
    }
    const isStream = options.isStream === true || options.hijack === true
    streaming.run(isStream, () => dial(abortSignal === undefined ? options : {...options, abortSignal}, answered))
  }
}

/** Whether the answer to the request that is made right now is read as it comes. */
const streaming = new AsyncLocalStorage<boolean>()

/** What is collected before it is read; the longest that an engine has to say here is what a container has printed. */
const longestAnswerBytes = 64 * 2 ** 20

/**
 * dockerode follows whoever answers to any other address, past the question whether that is on this machine, while Docker never
 * redirects; and it collects as much as it is sent.
 */
function bound(protocols: DockerodeProtocols): void {
  protocols.maxRedirects = 0
  for (const protocol of [protocols.http, protocols.https]) {
    const {request} = protocol
    protocol.request = (...asked) => {
      const made = request(...asked)
      const isStream = streaming.getStore() === true
      made.on('response', answer => {
        if (isStream && (answer.statusCode ?? 0) < 300) return
        let bytes = 0
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes <= longestAnswerBytes) return
          const error = new TooLong(longestAnswerBytes)
          // With its answer under way a request no longer fails by itself.
          made.emit('error', error)
          answer.destroy(error)
        })
      })
      return made
    }
  }
}

/** docker-modem/lib/http */
interface DockerodeProtocols {
  maxRedirects: number
  readonly http: Requesting
  readonly https: Requesting
}

interface Requesting {
  request: (options: RequestOptions, done: () => void) => ClientRequest
}

async function told<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof LabError) throw error
    const {code, statusCode, message} = error as {code?: string; statusCode?: number; message: string}
    if (
      statusCode === undefined &&
      ['ECONNREFUSED', 'ENOENT', 'EACCES', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'ETIMEDOUT'].includes(code ?? '')
    )
      throw new LabError(
        'docker-missing',
        code === 'EACCES' ? 'this user may not talk to the Docker engine' : 'no Docker engine answers',
        {cause: error, hint: ownCommand('doctor')},
      )
    if (/no space left on device/i.test(message))
      throw new LabError('disk-full', `the disk of the Docker engine is full: it failed at ${doing}`, {
        cause: error,
        hint: whatFillsIt,
      })
    if (/^Max redirects exceeded/.test(message))
      throw new LabError(
        'engine',
        `what answers as the Docker engine sends to another address at ${doing}, which no engine does`,
        {
          cause: error,
          hint: ownCommand('doctor'),
        },
      )
    throw new LabError('engine', `Docker failed at ${doing}: ${message}`, {cause: error})
  }
}

/**
 * dockerode reads DOCKER_HOST and knows nothing of the docker client's contexts.
 * @param name a context, or an address.
 * @throws LabError `docker-missing` for one that is not there, `remote-engine` for one elsewhere that nobody allowed.
 */
export function engineCalled(name: string, {answerMs}: EngineLimits): Dockerode {
  const env = {...process.env, ...environmentOf(name)}
  const context = contextInUse(env)
  mustBeLocal(context === null ? env : {...env, DOCKER_HOST: context.address})
  const Engine = dockerode()
  if (context !== null) return new Engine(reachContext(context, answerMs))
  const {DOCKER_HOST: address} = env
  // What the environment says besides, such as DOCKER_CERT_PATH, goes with the DOCKER_HOST that it has.
  const isInUse = address === (process.env.DOCKER_HOST || undefined)
  if (isInUse && !(address && isBySsh(address))) return new Engine()
  return new Engine(address === undefined ? {socketPath: ownSocket} : reachContext({address, tls: {}}, answerMs))
}

const ownSocket = process.platform === 'win32' ? '//./pipe/docker_engine' : '/var/run/docker.sock'

/** Loaded by whoever asks the engine. */
function dockerode(): typeof Dockerode {
  if (loaded === null) {
    const ofDockerode = createRequire(createRequire(import.meta.url).resolve('dockerode'))
    for (const file of seldomUsed) whenUsed(ofDockerode, file)
    loaded = createRequire(import.meta.url)('dockerode') as typeof Dockerode
    bound(ofDockerode('docker-modem/lib/http') as DockerodeProtocols)
  }
  return loaded
}

let loaded: typeof Dockerode | null = null

/**
 * Nine tenths of what dockerode loads: with ssh2 and gRPC a way by SSH that is not ours and a session of BuildKit, with a copy of Node's
 * streams what an exec is told and what is packed, and what only a swarm has.
 */
const seldomUsed = [
  'docker-modem/lib/ssh',
  './session',
  'docker-modem/lib/http_duplex',
  'tar-fs',
  '@balena/dockerignore',
  ...['./plugin', './service', './secret', './config', './task', './node'],
]

/** Stands for what one of these files exports, and loads the file when that is called, made or looked into. */
function whenUsed(require: NodeJS.Require, file: string): void {
  const path = require.resolve(file)
  if (require.cache[path] !== undefined) return
  const standIn = new Module(path)
  const real = (): Exported => {
    if (require.cache[path] === standIn) delete require.cache[path]
    return require(file) as Exported
  }
  standIn.loaded = true
  // Of an arrow function no proxy can be called with `new`.
  const anything = class {} as unknown as Exported
  standIn.exports = new Proxy(anything, {
    apply: (_, self, given) => Reflect.apply(real(), self, given),
    construct: (_, given) => Reflect.construct(real(), given),
    get: (_, name) => Reflect.get(real(), name),
  })
  require.cache[path] = standIn
}

type Exported = (new (...given: readonly unknown[]) => object) & ((...given: readonly unknown[]) => unknown)

export function hasStatus(error: unknown, status: number): boolean {
  return (error as {statusCode?: number}).statusCode === status
}

/** Removing what is gone already is no failure. */
export async function gone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal
  } catch (error) {
    if (!hasStatus(error, 404) && !hasStatus(error, 409)) throw error
  }
}
