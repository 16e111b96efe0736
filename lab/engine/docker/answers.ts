/**
 * What an engine answers, as far as it is read here (Docker Engine API 1.45), checked where it comes in: a proxy, another product
 * or an engine that is broken may be at the address. So no reader needs to doubt what it has been given.
 */
import type {IncomingMessage} from 'node:http'
import type Dockerode from 'dockerode'
import {z} from 'zod'
import {LabError} from '../../words/errors.ts'
import {next, ownCommand, quoted, shell} from '../../words/next-step.ts'
import {printable} from '../../words/printable.ts'
import {SshAgent} from '../ssh.ts'

/** Go leaves what is empty out, or writes null. */
const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform(all => all ?? {})
const texts = z
  .array(z.string())
  .nullish()
  .transform(all => all ?? [])
const object = z.looseObject
const time = z.string().refine(text => !Number.isNaN(Date.parse(text)), 'expected a time')
const made = object({Id: z.string().min(1)})

const container = object({
  ...{Id: z.string(), Names: texts, Labels: labels, State: z.string()},
  ...{Image: z.string(), Created: z.number()},
})
const inspected = object({
  Config: object({User: z.string().default('')}).default({User: ''}),
  State: object({Running: z.boolean(), Paused: z.boolean(), ExitCode: z.number()}),
  HostConfig: object({CpuQuota: z.number().nullish()}),
  NetworkSettings: object({
    Networks: z.record(z.string(), z.unknown()).nullish(),
    Ports: z.record(z.string(), z.array(object({HostPort: z.string()})).nullable()).nullish(),
  }),
})
const network = object({
  ...{Id: z.string(), Name: z.string(), Created: z.string(), Labels: labels},
  IPAM: object({Config: z.array(object({Subnet: z.string().optional()})).nullish()}).nullish(),
})
const volume = object({Name: z.string(), Labels: labels, CreatedAt: z.string().optional()})
const image = object({
  ...{Id: z.string(), Created: z.string().default(''), RepoTags: texts, RepoDigests: texts},
  Config: object({Labels: labels}).nullish(),
})
const info = object({
  SystemTime: time,
  ID: z.string().optional(),
  // podman and old engines have none.
  Swarm: object({
    ...{NodeID: z.string().optional(), LocalNodeState: z.string().optional()},
    ControlAvailable: z.boolean().optional(),
    RemoteManagers: z.array(object({NodeID: z.string(), Addr: z.string()})).nullish(),
  }).optional(),
})
/** A line of /events. */
const event = object({
  Action: z.string(),
  Actor: object({Attributes: labels}),
  timeNano: z.number(),
})

/** What is known by its first bytes, or by how it calls itself: no JSON. */
const framed = z.custom<Buffer>(
  said => Buffer.isBuffer(said) && (said.length === 0 || (said[0]! <= 2 && said.readUIntBE(1, 3) === 0)),
  'expected what a container printed',
)
/** podman says OK where Docker says nothing. */
const done = z.custom(said => Buffer.isBuffer(said) && /^(OK)?$/.test(said.toString().trim()), 'expected no words')
const any = z.unknown()
const bare: readonly z.ZodType[] = [framed, done, any]

/** By method and path. */
const answers: readonly (readonly [RegExp, z.ZodType])[] = [
  [/^\w+ \/_ping$/, any],
  [/^GET \/version$/, object({Version: z.string().min(1)})],
  [/^GET \/info$/, info],
  [/^GET \/nodes$/, z.array(object({ID: z.string().min(1), Status: object({State: z.string()})}))],
  [/^POST \/networks\/create$/, made],
  [/^GET \/containers\/json$/, z.array(container)],
  [/^GET \/containers\/[^/]+\/json$/, inspected],
  [/^GET \/containers\/[^/]+\/logs$/, framed],
  [/^POST \/containers\/create$/, made],
  [/^POST \/containers\/[^/]+\/exec$/, made],
  [/^POST \/containers\/[^/]+\/wait$/, object({StatusCode: z.number()})],
  [/^POST \/containers\/[^/]+\/update$/, object({Warnings: texts})],
  [/^GET \/exec\/[^/]+\/json$/, object({ExitCode: z.number().nullable()})],
  [/^GET \/networks$/, z.array(network)],
  [/^GET \/networks\/[^/]+$/, network],
  [/^GET \/volumes$/, object({Volumes: z.array(volume).nullable()})],
  [/^GET \/volumes\/[^/]+$/, volume],
  [/^POST \/volumes\/create$/, volume],
  [/^GET \/images\/json$/, z.array(object({RepoTags: texts}))],
  [/^GET \/images\/.+\/json$/, image],
  [/^DELETE \/images\/.+$/, z.array(z.unknown())],
  [/./, done],
]

/** What streams call themselves; the lines of an event are checked one by one. */
const streams: readonly (readonly [RegExp, RegExp])[] = [
  [/^GET \/containers\/[^/]+\/archive$/, /^application\/x-tar\b/],
  [/^POST \/containers\/[^/]+\/attach$/, /^application\/vnd\.docker\./],
  [/^POST \/exec\/[^/]+\/start$/, /^application\/vnd\.docker\./],
  // Engines of several years do not say.
  [/^GET \/containers\/[^/]+\/logs$/, /^(?!text\/html|application\/json)/],
  [/./, /^(?!text\/html)/],
]

/** What was asked, as of a request of dockerode's. */
export function askedOf({method, path}: {readonly method?: string | undefined; readonly path: string}): string {
  return `${method} ${path.replace(/\?.*$/, '')}`
}

/**
 * What was answered, as its readers take it.
 * @throws LabError `engine` for what no engine answers to that.
 */
export function answerTo<T>(asked: string, said: T, modem: Dockerode['modem']): T {
  if (isStream(said)) return streamOf(asked, said, modem)
  const schema = answers.find(([of]) => of.test(asked))?.[1] ?? any
  // dockerode leaves what is no JSON as it came.
  const checked = schema.safeParse(Buffer.isBuffer(said) && !bare.includes(schema) ? undefined : said)
  if (checked.success) return checked.data as T
  throw foreign(modem, asked, `said ${shown(said)}${placeIn(checked.error)}`)
}

/** The engine's refusal, or that what refused is none: an engine says why. */
export function refusalOf(asked: string, error: Refusal, modem: Dockerode['modem']): Error {
  if (error instanceof TooLong) return foreign(modem, asked, error.message)
  const {code, statusCode, json} = error
  if (code?.startsWith('HPE_')) return foreign(modem, asked, 'answered what is no HTTP', error)
  if (statusCode === undefined || statusCode === 304 || asked.endsWith(' /_ping')) return error
  const why = /^\(HTTP code \d+\) .*? - (.*)$/s.exec(error.message)?.[1]?.trim() ?? ''
  // Of a stream dockerode keeps the words alone.
  const isTold =
    json === null ? /^(?!<|\[object )./.test(why) : typeof (json as {message?: unknown})?.message === 'string'
  if (statusCode >= 400 && isTold) return error
  return foreign(modem, asked, `answered with status ${statusCode} and ${shown(json ?? why)}`, error)
}

/** More than is collected. */
export class TooLong extends Error {
  constructor(bytes: number) {
    super(`answered with more than ${bytes / 2 ** 20} MB`)
  }
}

interface Refusal extends Error {
  readonly code?: string
  readonly statusCode?: number
  readonly json?: unknown
}

/** One event out of its line. @throws LabError `engine` */
export function eventIn(line: string, modem: Dockerode['modem']): z.output<typeof event> {
  const asked = 'GET /events'
  let said: unknown
  try {
    said = JSON.parse(line)
  } catch (cause) {
    throw foreign(modem, asked, `said ${shown(Buffer.from(line))}`, cause)
  }
  const checked = event.safeParse(said)
  if (checked.success) return checked.data
  throw foreign(modem, asked, `said ${shown(said)}${placeIn(checked.error)}`)
}

/** As dockerode hands it over: the answer itself, what reads and writes it, or a bare socket for one that was upgraded. */
interface Streamed {
  readonly headers?: IncomingMessage['headers']
  readonly _output?: IncomingMessage
  destroy(): void
}

function isStream<T>(said: T): said is T & Streamed {
  return typeof (said as {pipe?: unknown} | null)?.pipe === 'function'
}

function streamOf<T extends Streamed>(asked: string, said: T, modem: Dockerode['modem']): T {
  const headers = said.headers ?? said._output?.headers
  if (headers === undefined) return said
  const type = headers['content-type'] ?? ''
  if (streams.find(([of]) => of.test(asked))?.[1].test(type)) return said
  said.destroy()
  throw foreign(modem, asked, `answered with ${printable(type) || 'something'} where a stream was expected`)
}

/** Where the first thing is that no engine says; of the whole, nothing. */
function placeIn({issues: [issue]}: z.ZodError): string {
  if (issue === undefined) return ''
  const at = issue.path.join('.')
  const says = issue.code === 'invalid_type' ? `expected ${issue.expected}` : issue.message
  return ` (${at === '' ? '' : `${printable(at)}: `}${says})`
}

const longestShown = 60

function shown(said: unknown): string {
  const text = printable(Buffer.isBuffer(said) ? said.toString('utf8', 0, 4096) : JSON.stringify(said))
  if (text === '') return 'nothing'
  return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text
}

function foreign(modem: Dockerode['modem'], asked: string, says: string, cause?: unknown): LabError {
  const {address, look} = placeOf(modem as unknown as Reached)
  return new LabError('engine', `what answers at ${address} is no Docker engine: to ${asked} it ${says}`, {
    cause,
    hint: next`to see what it is: ${shell(look)} to see which engine is in use, and by what: ${ownCommand('doctor')}`,
  })
}

/** How dockerode reaches the engine. */
interface Reached {
  readonly socketPath?: string
  readonly protocol?: string
  readonly host?: string
  readonly port?: string | number
  readonly agent?: unknown
}

function placeOf({socketPath, protocol, host = '', port, agent}: Reached): {address: string; look: string} {
  if (agent instanceof SshAgent) return {address: agent.address, look: `docker -H ${quoted(agent.address)} version`}
  if (socketPath !== undefined && !socketPath.startsWith('//'))
    return {
      address: `unix://${socketPath}`,
      look: `curl --unix-socket ${quoted(socketPath)} http://localhost/version`,
    }
  const address = socketPath ?? (host.includes('://') ? host : `${protocol}://${host}:${port}`)
  const isWeb = /^https?:/.test(address)
  return {address, look: isWeb ? `curl ${quoted(`${address}/version`)}` : 'docker version'}
}
