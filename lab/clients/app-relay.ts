/**
 * An app on the machine of whoever plays is seen from outside: its connections lead through a port of ours on 127.0.0.1, which passes
 * everything on unchanged and reads off it what was asked and answered. The app needs no change but its address.
 */
import type {Lab} from '../engine/lab.ts'
import {clientName, drivers, type ProgramGroup} from '../history/client-group.ts'
import {type History, of} from '../history/history.ts'
import type {ProbeSite} from '../probes/probe.ts'
import {doorOf, type Entry, entries} from '../topology/entries.ts'
import {appDatabase, roles} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import type {Micros} from '../words/quantity.ts'
import {type AgentLine, agentLimits} from './agent/protocol.ts'
import {RelayServer} from './agent/relay.ts'
import {Happenings} from './happenings.ts'

export interface AppRelayOptions {
  /** What its connections are called together, as `driver` of `clients-reconnect` has it; `app` when not given. */
  readonly name?: string
  /** `read-write` when not given. */
  readonly takes?: Entry['takes']
}

/** What has waited for so long for its answer when the run ends is told; the lab's own clients wait no longer either. */
const unansweredMs = 3000

export class AppRelay implements AsyncDisposable {
  readonly name: string
  /** A connection string with its password. In the clear: TLS, where the lab has it, is spoken by the relay. */
  readonly uri: string
  readonly #server: RelayServer
  readonly #client: string
  readonly #takes: Entry['takes']
  readonly #desk: Desk
  readonly #ended: (relay: AppRelay) => void

  /**
   * @param others that are open. @param ended told when this one no longer is.
   * @throws LabError `usage` for its name.
   */
  static async open(
    lab: Lab,
    {name = 'app', takes = 'read-write'}: AppRelayOptions,
    others: readonly AppRelay[],
    ended: (relay: AppRelay) => void,
  ): Promise<AppRelay> {
    mustBeFree(name, others)
    const {primary, replicas} = entries(lab.topology)
    const entry = takes === 'read-write' ? primary : replicas
    const {host, port, ssl} = lab.server(doorOf(entry), entry.service)
    const client = clientName(name, 'proxy', takes === 'read-write' ? 'w' : 'r', 1)
    const desk = new Desk(lab, ssl?.ca)
    const pooled = entry.service === 'pgbouncer' && lab.topology.pgbouncer?.poolMode === 'transaction'
    const server = new RelayServer(
      {
        ...{client, listenPort: 0, listenHost: '127.0.0.1', host, port, perSecond: agentLimits.perSecond},
        ...(pooled && {pooled: true as const}),
      },
      desk,
    )
    await server.listen()
    return new AppRelay(lab, {name, takes, client, server, desk, ended})
  }

  private constructor(
    lab: Lab,
    {
      name,
      takes,
      client,
      server,
      desk,
      ended,
    }: {
      readonly name: string
      readonly takes: Entry['takes']
      readonly client: string
      readonly server: RelayServer
      readonly desk: Desk
      readonly ended: (relay: AppRelay) => void
    },
  ) {
    this.name = name
    this.#takes = takes
    this.#client = client
    this.#server = server
    this.#desk = desk
    this.#ended = ended
    const url = new URL(`postgresql://127.0.0.1:${server.port}/${appDatabase}`)
    url.username = roles.app
    url.password = lab.allocation.passwords.app
    this.uri = url.href
  }

  /** As a run has it among its clients. */
  get group(): ProgramGroup {
    const through = this.#takes === 'read-write' ? 'primary' : 'replicas'
    const about = {image: null, command: [], perSecond: agentLimits.perSecond, outside: true} as const
    return {kind: 'program', name: this.name, through, ...about}
  }

  /** From here on what it hears is recorded there. */
  tellTo(site: Pick<ProbeSite, 'record' | 'now'>): void {
    this.#desk.tellTo(site)
  }

  /** It is told what still waits for its answer, and then nothing more. The app goes on as it likes. */
  leave(): void {
    if (this.#desk.isTelling) this.#server.tellUnanswered()
    this.#desk.leave()
  }

  /** Why the run cannot begin yet, in a sentence; an app that has not connected by now is not waited for. */
  unheard(history: History): string | null {
    if (this.#server.open === 0) return null
    const heard = of(history, 'transaction').some(one => one.client === this.#client && one.outcome === 'ok')
    return heard ? null : `the app behind the relay ${this.name} has had no transaction answered yet`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.leave()
    this.#ended(this)
    await this.#server.stop()
  }
}

/** `driver: NAME` of a check means one thing alone. */
function mustBeFree(name: string, others: readonly AppRelay[]): void {
  if (!/^[a-z][a-z0-9_]{0,31}$/.test(name))
    throw new LabError('usage', `a relay is called by a plain lower-case word, and ${JSON.stringify(name)} is none`)
  if (name === 'pgbench' || (drivers as readonly string[]).includes(name))
    throw new LabError('usage', `${name} is a driver's name`, {hint: 'call the relay as your app is called'})
  if (others.some(one => one.name === name))
    throw new LabError('usage', `there is a relay ${name} already`, {hint: 'give each of them a name of its own'})
}

/** The clock of this process, and where what is heard goes to: nowhere, between two runs. */
class Desk {
  readonly config: {readonly statementTimeoutMs: number; readonly ca: string | undefined}
  readonly #lab: Lab
  #record: ((line: AgentLine) => void) | undefined

  constructor(lab: Lab, ca: string | undefined) {
    this.#lab = lab
    this.config = {statementTimeoutMs: unansweredMs, ca}
  }

  get isTelling(): boolean {
    return this.#record !== undefined
  }

  clock(): Micros {
    return Math.round(performance.now() * 1000)
  }

  tell(line: AgentLine): void {
    this.#record?.(line)
  }

  tellTo({record, now}: Pick<ProbeSite, 'record' | 'now'>): void {
    const began = this.clock() - now()
    const happenings = new Happenings(
      theirs => Math.max(0, theirs - began), // what was under way when the run began is counted from its beginning
      said => this.#lab.hostNamed(said),
    )
    this.#record = line => {
      const found = happenings.of(line)
      if (found !== null) record(found.happening, found.at)
    }
  }

  leave(): void {
    this.#record = undefined
  }
}
