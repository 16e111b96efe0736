/** The clients of a run, as the runner sees them: starts the agent in app1, keeps its clock, records what it says. */
import {setTimeout as pause} from 'node:timers/promises'
import type {Running} from '../docker.ts'
import {LabError} from '../errors.ts'
import type {HostName, Micros, OpName} from '../event.ts'
import type {Lab} from '../lab.ts'
import {resolve} from '../selector.ts'
import {appDatabase, hostsWith, roles, servicePorts} from '../topology.ts'
import type {ProbeSite} from '../unit.ts'
import {estimateOffset, type PingPong} from './clock-offset.ts'
import {lsnBytes} from './lsn.ts'
import {type AgentConfig, type AgentLine, agentLimits, type Command, decodeAgentLine, type Job} from './protocol.ts'
import {tableOfRun} from './table.ts'

export {finalRows, prepareTable} from './table.ts'

/** Where the image of app1 has the bundle `dist/agent.mjs`. */
export const agentFile = '/opt/pgha-lab/agent.mjs'

/** A group of clients as a scenario asks for it. */
export interface ClientGroup {
  readonly kind: 'writers' | 'readers' | 'bankers'
  readonly count: number
  /** Operations a second, all clients of the group together. */
  readonly perSecond: number
  /** Through which port of the proxy, or past it to the host that a selector means when the clients start. */
  readonly through: 'primary' | 'replicas' | {readonly to: string}
}

const jobs: Readonly<Record<ClientGroup['kind'], Job>> = {writers: 'write', readers: 'read', bankers: 'bank'}

/** How patient the clients are. */
export interface Patience {
  readonly statementTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly reconnectPauseMs: number
  /** The agent ends by itself after this long. */
  readonly maxMs: number
}

const patience: Patience = {
  statementTimeoutMs: 3000,
  connectTimeoutMs: 2000,
  reconnectPauseMs: 20,
  maxMs: agentLimits.maxMs,
}

export interface Clients extends AsyncDisposable {
  /** No more writes and transfers; resolves when every outstanding one has its answer or has been given up. Readers go on. */
  stopWriters(): Promise<void>
  /** Ends the agent and resolves when it is gone and all it said is recorded. */
  stop(): Promise<void>
  /** Why the agent is gone, if nobody asked it to go. Without it a run proves nothing: whoever plays must look here. */
  readonly failure: LabError | undefined
}

const pings = 20
/** Waking up, reading the bundle and answering: generous, because 2 cores may be raising a cluster at the same time. */
const startWithinMs = 20_000

/**
 * Starts the clients; resolves when the agent's clock is known and the load has begun. They go through the first proxy,
 * by its address in the lab's network, and write the table that `prepareTable` made last.
 * Throws `not-ready` when the agent does not start or there is no table, and what `Docker` throws.
 */
export async function startClients(
  site: ProbeSite,
  groups: readonly ClientGroup[],
  options: Partial<Patience> = {},
): Promise<Clients> {
  const {lab} = site
  const app = first(hostsWith(lab.topology, 'client'), 'client')
  const proxy = first(hostsWith(lab.topology, 'haproxy'), 'haproxy')
  const address = lab.allocation.addresses[proxy]
  if (address === undefined) throw new TypeError(`host ${proxy} has no address`)

  const config: AgentConfig = {
    groups: await Promise.all(
      groups.map(async ({kind, count, perSecond, through}) => ({
        op: jobs[kind],
        clients: count,
        perSecond,
        direct: typeof through === 'object',
        ...(await whereTo(lab, through, address)),
      })),
    ),
    user: roles.app,
    password: lab.allocation.passwords.app,
    database: appDatabase,
    table: await tableOfRun(lab),
    ...patience,
    ...options,
  }
  const container = await lab.container(app)
  const agent = new Agent(site, await lab.docker.exec(container.id, ['node', agentFile]), config)
  try {
    await agent.begin()
    return agent
  } catch (error) {
    await agent.stop()
    throw error
  }
}

class Agent implements Clients {
  failure: LabError | undefined
  readonly #ended: Promise<void>
  readonly #site: ProbeSite
  readonly #running: Running
  readonly #config: AgentConfig
  readonly #awaited = new Map<string, (line: AgentLine) => void>()
  #offsetMicros = 0
  #asked = false

  constructor(site: ProbeSite, running: Running, config: AgentConfig) {
    this.#site = site
    this.#running = running
    this.#config = config
    this.#ended = this.#listen().then(error => {
      this.failure = error
    })
    const stop = () => void this.stop()
    site.signal.addEventListener('abort', stop, {once: true})
    void this.#ended.finally(() => site.signal.removeEventListener('abort', stop))
  }

  async begin(): Promise<void> {
    this.#running.stdin.on('error', () => {}) // a broken pipe is the agent's end, and `failure` tells that with its reason
    this.#running.stdin.write(`${JSON.stringify(this.#config)}\n`)
    await this.#answer('hi', startWithinMs)
    await this.#setClock()
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
      return this.#gone(bye ?? `exit code ${code ?? 'unknown'}`)
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
      {...(cause === undefined ? {} : {cause}), hint: 'pgha-lab logs app1'},
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
    this.#site.record({kind: 'clock', who: 'app1', offsetMicros, uncertaintyMicros})
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
    const {record} = this.#site
    switch (line[0]) {
      case 'o': {
        const [, client, id, sentAt, at, outcome, server, timeline, lsn, code, error, seen] = line
        record(
          {
            kind: 'op',
            client,
            op: opOf(client),
            id,
            sentAt: this.#ours(sentAt),
            outcome,
            server: this.#host(server),
            timeline: timeline === null ? null : Number.parseInt(timeline, 16),
            lsn: lsn === null ? null : lsnBytes(lsn),
            sqlstate: code,
            error,
            ...(seen === undefined ? {} : {seen}),
          },
          this.#ours(at),
        )
        return
      }
      case 'b': {
        const [, client, op, id, sentAt, at, outcome, server, timeline, lsn, sqlstate, error, total] = line
        record(
          {
            ...{kind: 'bank', client, op, id, sentAt: this.#ours(sentAt), outcome, server: this.#host(server)},
            timeline: timeline === null ? null : Number.parseInt(timeline, 16),
            lsn: lsn === null ? null : lsnBytes(lsn),
            ...{sqlstate, error, total},
          },
          this.#ours(at),
        )
        return
      }
      case 'c': {
        const [, client, at, tookMicros, server] = line
        record(
          {kind: 'client-connected', client, op: opOf(client), server: this.#host(server), tookMicros},
          this.#ours(at),
        )
        return
      }
      case 'd': {
        const [, client, at, sqlstate, error] = line
        record({kind: 'client-disconnected', client, op: opOf(client), error, sqlstate}, this.#ours(at))
        return
      }
      case 'n': {
        const [, client, id, at, sqlstate, says] = line
        record({kind: 'client-notice', client, id, sqlstate, says}, this.#ours(at))
        return
      }
      case 'w': {
        const [, at, sent, unsent, worstMicros] = line
        record({kind: 'watching', who: 'clients', samples: sent, failures: unsent, worstMicros}, this.#ours(at))
        return
      }
      default:
        return
    }
  }

  #ours(theirMicros: number): Micros {
    return theirMicros + this.#offsetMicros
  }

  #host(address: string | null): HostName | null {
    return address === null ? null : this.#site.lab.hostAt(address)
  }
}

async function whereTo(
  lab: Lab,
  through: ClientGroup['through'],
  proxy: string,
): Promise<{host: string; port: number}> {
  if (typeof through === 'string') return {host: proxy, port: servicePorts.haproxy[through]}
  const [host] = await resolve(lab, through.to)
  return {host: lab.allocation.addresses[host!]!, port: servicePorts.patroni.postgres}
}

/** Clients are named w1, w2, ..., r1, r2, ... and b1, b2, ...; direct ones dw1, dr1. A banker wants a server that takes writes. */
function opOf(client: string): OpName {
  return client.includes('r') ? 'read' : 'write'
}

function first(hosts: readonly HostName[], service: string): HostName {
  const host = hosts[0]
  if (host === undefined) throw new LabError('no-target', `this lab has no host with ${service}, so clients cannot run`)
  return host
}
