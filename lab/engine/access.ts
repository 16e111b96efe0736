/** As whom a lab is asked: what its services want of who comes, and they have it here alone. */
import type {ClientRequest} from 'node:http'
import type {Answer, Asking, Question} from '../observer/ask.ts'
import type {Identity} from '../observer/tls.ts'
import {clusterOf} from '../topology/clusters.ts'
import {etcdUsers, restUser} from '../topology/security.ts'
import type {HttpService} from '../topology/services.ts'
import type {Allocation, HostName, Topology} from '../topology/topology.ts'

/** A service of a host, and its `address:port`. */
interface Asked {
  readonly host: HostName
  readonly service: HttpService
  readonly to: string
}

/** Asks in TLS where a service speaks it, with a name and a password where they are wanted, and logs in to etcd when it says so. */
export class Access {
  readonly #topology: Topology
  readonly #allocation: Allocation
  readonly #asking: Asking
  /** By cluster: its members know each other's. */
  readonly #tokens = new Map<string, string>()
  readonly #logins = new Map<string, Promise<void>>()

  constructor(topology: Topology, allocation: Allocation, asking: Asking) {
    this.#topology = topology
    this.#allocation = allocation
    this.#asking = asking
  }

  /** As `Asking.ask`. An etcd that wants a login, or another one because a token has expired, gets it; where it gives none, its answer stands. */
  async ask(asked: Asked, path: string, question: Question): Promise<Answer> {
    const answer = await this.#asking.ask(asked.to, path, {...question, ...this.#as(asked, question)})
    if (this.#topology.auth?.etcd === undefined || asked.service !== 'etcd' || !wantsLogin(answer)) return answer
    const {withinMs, signal} = question
    return this.#logIn(asked, {withinMs, signal}).then(
      () => this.#asking.ask(asked.to, path, {...question, ...this.#as(asked, question)}),
      () => answer,
    )
  }

  /** As `Asking.request`. What an answer is that begins with a refusal nobody would see: who logs in does it before. */
  async request(asked: Asked, path: string, question: Omit<Question, 'withinMs'>): Promise<ClientRequest> {
    if (this.#topology.auth?.etcd !== undefined && asked.service === 'etcd') {
      const {signal} = question
      // Of its own store: it needs no quorum.
      const nothing = {method: 'POST', body: {key: 'AA==', serializable: true}, withinMs: loginMs, signal} as const
      await this.ask(asked, '/v3/kv/range', nothing)
    }
    return this.#asking.request(asked.to, path, {...question, ...this.#as(asked, question)})
  }

  #as(
    {host, service}: Asked,
    {method = 'GET'}: Pick<Question, 'method'>,
  ): Pick<Question, 'identity' | 'authorization'> {
    const {auth} = this.#topology
    const token = this.#tokens.get(this.#scope(host))
    const inTls = identityFor(this.#topology, this.#allocation, service)
    const isUnsafe = service === 'patroni' && method !== 'GET' && auth?.rest === true
    const basic = `${restUser}:${this.#allocation.passwords.rest ?? ''}`
    return {
      ...(inTls === undefined ? {} : {identity: inTls}),
      ...(service === 'etcd' && token !== undefined ? {authorization: token} : {}),
      ...(isUnsafe ? {authorization: `Basic ${Buffer.from(basic).toString('base64')}`} : {}),
    }
  }

  /** One at a time: whoever finds that under way waits for it. */
  #logIn(asked: Asked, question: Pick<Question, 'withinMs' | 'signal'>): Promise<void> {
    const scope = this.#scope(asked.host)
    const under = this.#logins.get(scope)
    if (under !== undefined) return under
    const login = this.#token(asked, question)
      .then(token => void this.#tokens.set(scope, token))
      .finally(() => this.#logins.delete(scope))
    this.#logins.set(scope, login)
    return login
  }

  async #token(asked: Asked, {withinMs, signal}: Pick<Question, 'withinMs' | 'signal'>): Promise<string> {
    const inTls = identityFor(this.#topology, this.#allocation, 'etcd')
    const {code, body} = await this.#asking.ask(asked.to, '/v3/auth/authenticate', {
      ...{method: 'POST', withinMs: Math.max(withinMs, loginMs), signal},
      body: {name: etcdUsers.root, password: this.#allocation.passwords.etcdRoot ?? ''},
      ...(inTls === undefined ? {} : {identity: inTls}),
    })
    const {token} = JSON.parse(body) as {token?: unknown}
    if (code === 200 && typeof token === 'string') return token
    throw new Error(`etcd on ${asked.host} lets nobody log in: ${code} ${body}`)
  }

  #scope(host: HostName): string {
    return clusterOf(this.#topology, host).scope
  }
}

/** A login is written to etcd's log by a majority, and bcrypt takes its time. */
const loginMs = 2000

/**
 * Of etcd's JSON gateway (`rpctypes/error.go`): a token that nobody knows any more, none (403 where certificates are asked for, and root
 * may do everything), or one from before users were changed.
 */
function wantsLogin({code, body}: Answer): boolean {
  return code === 401 || code === 403 || (code === 400 && /user name is empty|revision of auth store is old/.test(body))
}

/** Whom to believe where this is in TLS; undefined: it is in the clear. */
export function identityFor(
  {tls}: Topology,
  {authority}: Allocation,
  service: HttpService | 'postgres',
): Identity | undefined {
  const spoken = {etcd: tls?.etcd, patroni: tls?.rest, postgres: tls?.postgresql, stats: undefined}[service]
  if (spoken !== true || authority === undefined) return undefined
  return {ca: authority.ca, ...(service === 'postgres' ? {} : {own: authority.observer})}
}
