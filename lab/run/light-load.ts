/**
 * Clients that write and read a little while somebody watches a lab, so that an outage can be seen. They belong to no run: they have a
 * table of their own, no lock, and they give way to whoever brings clients of its own. They end with whoever watches, also by SIGKILL:
 * their agents end with their stdin, and by themselves after `agentLivesMs`.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import {type Clients, startClients} from '../clients/clients.ts'
import {dropLightTable, makeLightTable, rowsOfLight} from '../clients/light-table.ts'
import type {Lab} from '../engine/lab.ts'
import {giveUpAfter} from '../healing/heal.ts'
import type {AgentGroup} from '../history/client-group.ts'
import type {Of} from '../history/event.ts'
import type {ProbeSite} from '../probes/probe.ts'
import {sayHolder, worksOn} from '../state/lock.ts'
import {entries} from '../topology/entries.ts'
import type {Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'

/** Enough to see a gap of a quarter of a second, and little beside what a run asks of a lab. Two ways in, which come back differently. */
const groups = [
  {kind: 'writers', count: 4, perSecond: 20, through: 'primary'},
  {kind: 'writers', count: 2, perSecond: 5, through: 'members', driver: 'psycopg'},
  {kind: 'readers', count: 2, perSecond: 5, through: 'replicas'},
] as const satisfies readonly AgentGroup[]

export function lightLoad(topology: Topology): readonly AgentGroup[] {
  const ways = entries(topology)
  return groups.filter(group => ways[group.through].hosts.length > 0)
}

/** Whoever misses the end of the one that watches ends by itself. */
const agentLivesMs = 20 * 60_000
/** Before that they are started anew; later, if somebody just waits for them to come back. */
const anewAfterMs = agentLivesMs - 2 * 60_000
const lookEveryMs = 500
const againAfterMs = 5000
const dropWithinMs = 3000
/** After writes go on: then whoever takes them has replayed all that it will have. */
const readAfterMs = 2000
/** Shorter pauses lose nothing. */
const pauseThatLoses: Micros = 1_000_000

/** They have no clients of their own, and what they do to the lab is what these clients are there to show. */
const besideOurs = /^(break|heal|watch)\b/

export interface LoadTold {
  /** `waits`: for another command. `off`: it could not begin, and tries again. */
  readonly state: 'begins' | 'on' | 'waits' | 'off'
  /** Which command it waits for, or why it could not begin. */
  readonly says: string | null
  /** Writes that were acknowledged and are not in the table of the primary any more; null: it has to be read first. */
  readonly lost: number | null
}

interface Running {
  readonly clients: Clients
  readonly table: string
  readonly beganMs: number
}

export class LightLoad implements AsyncDisposable {
  readonly #lab: Lab
  readonly #site: ProbeSite
  readonly #tell: (told: LoadTold) => void
  readonly #ending = new AbortController()
  readonly #loop: Promise<void>
  #told: LoadTold = {state: 'begins', says: null, lost: 0}
  readonly #ledger = new Ledger()

  /** @param site hears what the clients do. @param tell what becomes of the load. */
  constructor(site: ProbeSite, tell: (told: LoadTold) => void) {
    this.#lab = site.lab
    this.#tell = tell
    this.#site = {
      ...site,
      signal: this.#ending.signal,
      record: (happening, at) => {
        if (happening.kind === 'op') this.#ledger.hear(happening, at ?? site.now())
        site.record(happening, at)
      },
    }
    this.#loop = this.#live()
  }

  /** Resolves when its clients are gone, and its table where that could be dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    await this.#loop
  }

  /** As long as it lives it either has clients, or a reason for having none. */
  async #live(): Promise<void> {
    const {signal} = this.#ending
    let running: Running | undefined
    while (!signal.aborted) {
      const other = otherAt(this.#lab.name)
      let waitMs = lookEveryMs
      if (running !== undefined && (other !== null || this.#isOver(running))) {
        this.#say(other === null ? {state: 'begins', says: null} : {state: 'waits', says: other})
        await this.#end(running)
        running = undefined
      }
      if (other !== null) this.#say({state: 'waits', says: other})
      else if (running === undefined) {
        running = await this.#begin()
        if (running === undefined) waitMs = againAfterMs
      } else await this.#read(running)
      await sleep(waitMs, undefined, {signal}).catch(() => {})
    }
    if (running !== undefined) await this.#end(running)
  }

  async #begin(): Promise<Running | undefined> {
    this.#say({state: 'begins', says: null})
    let table: string | undefined
    try {
      table = await makeLightTable(this.#lab, agentLivesMs)
      this.#ledger.begin()
      const clients = await startClients(this.#site, lightLoad(this.#lab.topology), {table, maxMs: agentLivesMs})
      this.#say({state: 'on', says: null})
      return {clients, table, beganMs: performance.now()}
    } catch (error) {
      if (table !== undefined) await this.#drop(dropLightTable(this.#lab, table))
      // An outage is what it is there for: it begins when that is over.
      if (!this.#ending.signal.aborted) this.#say({state: 'off', says: (error as Error).message})
      return undefined
    }
  }

  async #end(running: Running): Promise<void> {
    await running.clients.stop()
    await this.#drop(this.#leaveTable(running))
  }

  /** The next one drops what this one cannot. */
  async #drop(dropping: Promise<void>): Promise<void> {
    await giveUpAfter(dropWithinMs, dropping).catch(() => {})
  }

  async #leaveTable({table}: Running): Promise<void> {
    if (this.#ledger.dueAt !== null) await this.#readNow(table)
    await dropLightTable(this.#lab, table)
  }

  #isOver({clients, beganMs}: Running): boolean {
    if (clients.failure !== undefined || this.#ledger.isTableGone) return true
    return performance.now() - beganMs > anewAfterMs && this.#site.now() - this.#ledger.lastAt < pauseThatLoses
  }

  /** What became of the writes, once they go on after an outage. */
  async #read({table}: Running): Promise<void> {
    const {dueAt, lastAt} = this.#ledger
    if (dueAt === null) return
    this.#say({lost: null})
    // One that cannot be read is asked again.
    if (lastAt >= dueAt + readAfterMs * 1000) await this.#readNow(table).catch(() => {})
  }

  async #readNow(table: string): Promise<void> {
    const {dueAt} = this.#ledger
    const acknowledged = this.#ledger.acknowledged()
    const rows = await rowsOfLight(this.#lab, table)
    this.#ledger.read(dueAt, rows === null ? acknowledged.length : acknowledged.filter(id => !rows.has(id)).length)
    this.#say({lost: this.#ledger.lost})
  }

  #say(change: Partial<LoadTold>): void {
    const told = {...this.#told, ...change}
    if (told.state === this.#told.state && told.says === this.#told.says && told.lost === this.#told.lost) return
    this.#told = told
    this.#tell(told)
  }
}

/** Who works on the lab with clients of its own, or takes it away; null: nobody. */
function otherAt(lab: string): string | null {
  const holder = worksOn(lab)
  if (holder === null || holder.pid === process.pid || besideOurs.test(holder.doing ?? '')) return null
  return sayHolder(holder)
}

/** What its writers were told: of the table that is written, and how much was lost of those before. */
class Ledger {
  #ids = new Set<number>()
  #lostBefore = 0
  #lostNow = 0
  #timeline: number | null = null
  lastAt: Micros = Number.NEGATIVE_INFINITY
  /** Since when the table is to be read; null: nothing can have been lost since it was. */
  dueAt: Micros | null = null
  isTableGone = false

  get lost(): number {
    return this.#lostBefore + this.#lostNow
  }

  begin(): void {
    // A table that is gone has taken with it whatever was in it.
    this.#lostBefore += this.isTableGone ? this.#ids.size : this.#lostNow
    this.#ids = new Set()
    this.#lostNow = 0
    this.#timeline = null
    this.lastAt = Number.NEGATIVE_INFINITY
    this.dueAt = null
    this.isTableGone = false
  }

  hear(op: Omit<Of<'op'>, 'at'>, at: Micros): void {
    if (op.op !== 'write') return // a replica has a new table a moment later
    if (op.sqlstate === undefinedTable) this.isTableGone = true
    if (op.outcome !== 'ok') return
    this.#ids.add(op.id)
    const isOther = this.#timeline !== null && op.timeline !== null && op.timeline !== this.#timeline
    if (isOther || (this.#ids.size > 1 && at - this.lastAt > pauseThatLoses)) this.dueAt = at
    this.#timeline = op.timeline ?? this.#timeline
    this.lastAt = Math.max(this.lastAt, at)
  }

  acknowledged(): readonly number[] {
    return [...this.#ids]
  }

  /** @param dueAt as it was when the table was asked for: what came meanwhile is not in it. */
  read(dueAt: Micros | null, lost: number): void {
    this.#lostNow = lost
    if (this.dueAt === dueAt) this.dueAt = null
  }
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const undefinedTable = '42P01'
