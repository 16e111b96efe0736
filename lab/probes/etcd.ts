/**
 * Patroni's keys in etcd, as told by a watch on every member, and what each member knows of etcd's own leader.
 *
 * The watches all begin right after one revision and each resumes where it left off, so together they miss nothing as
 * long as one member can be reached; who is first to tell a revision of a key is recorded, the others are dropped.
 */

import {
  base64,
  decodeLease,
  decodeMembers,
  decodeRange,
  decodeStatus,
  decodeWatchLine,
  type KeyChange,
  LineSplitter,
  meaning,
  rangeEnd,
} from '../cluster/etcd-messages.ts'
import type {Of} from '../history/event.ts'
import {unlooked} from '../history/looks.ts'
import type {Answer} from '../observer/ask.ts'
import {type Cluster, clusters, keyPrefix, within} from '../topology/clusters.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {every, sleep} from './every.ts'
import {LastRefresh, type LeaseAnswer} from './last-refresh.ts'
import type {Probe, ProbeSite} from './probe.ts'
import {Watching} from './watching.ts'

const statusPeriodMs = 250
const leasePeriodMs = 1000
/** Until its last refresh is known: as often as makes that exact, for a second at most where etcd answers at once. */
const leaseSoughtMs = 40
/** On a machine that answers too late for that. */
const leaseSoughtForMs = 5000
const withinMs = 1000
/** A member whose status has not been answered for so long has a dead watch, although its connection may look alive. */
const deadAfterMs = 1500
const reconnectMs = 100

export const etcd: Probe = {
  name: 'etcd',
  async run(on) {
    const each = clusters(on.lab.topology).map(cluster => new Members(on, cluster))
    await Promise.all(
      each.flatMap(members => [
        members.watchKeys(),
        members.watchLease(),
        ...members.all.map(one => members.watchStatus(one)),
      ]),
    )
  },
}

interface Member {
  readonly host: HostName
  /** Its status was answered last time. */
  up: boolean
  /** It knows a leader. */
  led: boolean
  /** When its status was last answered, `performance.now()`. */
  answeredAt: number
  watchOpen: boolean
  /** When its watch began to tell, `performance.now()`. */
  openedAt: number
  readonly watching: Watching
}

/** The members of one cluster's etcd, and what they are asked about its keys. */
class Members {
  readonly all: readonly Member[]
  readonly #on: ProbeSite
  readonly #cluster: Cluster
  readonly #newest = new Map<string, number>()
  readonly #names = new Map<string, HostName>()
  #lease: string | null = null

  constructor(on: ProbeSite, cluster: Cluster) {
    this.#on = on
    this.#cluster = cluster
    this.all = hostsWith(within(on.lab.topology, cluster), 'etcd').map(host => ({
      host,
      up: false,
      led: false,
      answeredAt: Number.NEGATIVE_INFINITY,
      watchOpen: false,
      openedAt: 0,
      watching: new Watching(on, 'etcd', host),
    }))
  }

  async watchKeys(): Promise<void> {
    const {signal} = this.#on
    const revision = await this.#readKeys()
    if (revision === undefined) return
    await Promise.all(
      this.all.map(async member => {
        const from = {revision: revision + 1}
        while (!signal.aborted) {
          await this.#watch(member, from)
          member.watchOpen = false
          await sleep(reconnectMs, signal)
        }
      }),
    )
  }

  /**
   * Asks for the rest of the leader key's lease, first until the moment at which a second of it passes tells when it was refreshed, which a
   * run would else have to wait for up to a whole loop to see; then once a second.
   */
  async watchLease(): Promise<void> {
    const {signal, leastMs = () => 0} = this.#on
    const sought = new LastRefresh()
    let known = false
    const giveUpAt = performance.now() + leaseSoughtForMs
    while (!known && performance.now() < giveUpAt && !signal.aborted) {
      await this.#askLease(answer => {
        const refreshedAt = sought.hear(answer)
        if (refreshedAt === undefined) return null
        known = true
        return {refreshedAt}
      })
      await sleep(Math.max(leaseSoughtMs, leastMs()), signal)
    }
    await every(leasePeriodMs, this.#on, () => this.#askLease(() => ({})))
  }

  /** At a member that knows a leader: the answer is the leader's. @param tells what is recorded with it; null: nothing is. */
  async #askLease(tells: (answer: LeaseAnswer) => {readonly refreshedAt?: Micros} | null): Promise<void> {
    const {scope} = this.#cluster
    const lease = this.#lease
    const member = this.all.find(one => one.up && one.led)
    if (lease === null || member === undefined) return
    try {
      const askedAt = this.#on.now()
      const {body} = await this.#ask(member, '/v3/lease/timetolive', {ID: lease})
      const {leftSeconds, grantedSeconds} = decodeLease(body)
      const more = tells({lease, leftSeconds, grantedSeconds, askedAt, heardAt: this.#on.now()})
      if (more !== null)
        this.#on.record({kind: 'lease', scope, lease, leftSeconds, grantedSeconds, told: member.host, ...more})
    } catch {
      // No answer from this member: `etcd-member` and `watching` tell it, and soon the next one is asked.
    }
  }

  async watchStatus(member: Member): Promise<void> {
    const on = this.#on
    const {host} = member
    using watching = member.watching
    let last: string | undefined
    let watched = false
    await every(statusPeriodMs, on, async () => {
      let seen: Pick<Of<'etcd-member'>, 'up' | 'leader' | 'term'>
      try {
        const {member: id, leader, term} = decodeStatus((await this.#ask(member, '/v3/maintenance/status', {})).body)
        this.#names.set(id, host)
        member.answeredAt = performance.now()
        member.led = leader !== null
        const name = leader === null ? null : await this.#nameOf(leader, member)
        if (name === undefined) return // it knows a leader, and we do not know its name yet: nothing true to record
        seen = {up: true, leader: name, term}
        // Nobody has watched for a while, or what was told counted as no look before the watch was open: told again.
        if (watching.sample(member.watchOpen) > unlooked || (member.watchOpen && !watched)) last = undefined
        watched = member.watchOpen
      } catch (error) {
        member.up = false
        watched = false
        if (!watching.unanswered(error)) return
        seen = {up: false, leader: null, term: null}
      }
      member.up = seen.up
      const what = JSON.stringify(seen)
      if (what === last) return
      last = what
      on.record({kind: 'etcd-member', host, ...seen})
    })
  }

  /** Records the keys as they are and returns the revision they were read at; undefined if the signal came first. */
  async #readKeys(): Promise<number | undefined> {
    const {signal} = this.#on
    const prefix = keyPrefix(this.#cluster)
    while (!signal.aborted) {
      for (const member of this.all) {
        try {
          // `serializable`: from this member's own store, which needs no quorum; the watches go on from its revision.
          const question = {key: base64(prefix), range_end: rangeEnd(prefix), serializable: true}
          const {header, changes} = decodeRange((await this.#ask(member, '/v3/kv/range', question)).body)
          this.#take(changes, header.term, member.host)
          return header.revision
        } catch {
          // This member does not answer (see `etcd-member`): the next one may.
        }
      }
      await sleep(reconnectMs, signal)
    }
    return undefined
  }

  /** One watch connection, from `from.revision` on, until it breaks or its member falls silent. */
  async #watch(member: Member, from: {revision: number}): Promise<void> {
    const {signal} = this.#on
    const {promise: over, resolve: end} = Promise.withResolvers<void>()
    const lines = new LineSplitter()
    const opened = performance.now()
    const prefix = keyPrefix(this.#cluster)
    const body = {
      create_request: {key: base64(prefix), range_end: rangeEnd(prefix), start_revision: String(from.revision)},
    }
    const request = await this.#on.lab
      .request(member.host, 'etcd', '/v3/watch', {method: 'POST', body, signal})
      .catch(() => undefined) // it does not let anybody log in: as one that does not answer
    if (request === undefined) return
    request.on('response', response => {
      response.on('data', (chunk: Buffer) => {
        try {
          for (const line of lines.push(chunk)) this.#hear(member, line, from)
        } catch (error) {
          request.destroy(error as Error) // not a watch's answer: connect anew
        }
      })
      response.on('error', () => {})
      response.on('close', end)
    })
    request.on('error', () => {}) // whatever broke it, `close` follows
    request.on('close', end)
    // A paused host keeps its connections open and says nothing, and etcd's own progress notices come every 10 minutes.
    const pulse = setInterval(() => {
      if (performance.now() - Math.max(member.answeredAt, opened) > deadAfterMs) request.destroy()
    }, statusPeriodMs)
    await over
    clearInterval(pulse)
  }

  #hear(member: Member, text: string, from: {revision: number}): void {
    const {header, changes, canceled} = decodeWatchLine(text)
    if (canceled !== null) {
      if (canceled.resumeAt > from.revision) {
        from.revision = canceled.resumeAt
        // A watch that has been open for a while went on from where it had been, and has told them. etcd opens each before it says
        // that it cannot go on: this one, and others that come back in the same moment, prove nothing.
        const now = performance.now()
        const isTold = this.all.some(one => one !== member && one.watchOpen && now - one.openedAt > deadAfterMs)
        if (!isTold) member.watching.compacted()
      }
      throw new Error(canceled.why)
    }
    if (!member.watchOpen) member.openedAt = performance.now()
    member.watchOpen = true
    this.#take(changes, header.term, member.host)
    for (const {revision} of changes) from.revision = Math.max(from.revision, revision + 1)
  }

  #take(changes: readonly KeyChange[], term: number, told: HostName): void {
    for (const change of changes) {
      if (change.revision <= (this.#newest.get(change.key) ?? 0)) continue
      this.#newest.set(change.key, change.revision)
      const happening = meaning(change, this.#cluster, term, told)
      if (happening === null) continue
      if (happening.kind === 'leader-key') this.#lease = happening.lease
      this.#on.record(happening)
    }
  }

  /** The host of an etcd member id: from its own status, or, if it has never answered us, from the list of members. */
  async #nameOf(id: string, member: Member): Promise<HostName | undefined> {
    if (!this.#names.has(id)) {
      try {
        const {body} = await this.#ask(member, '/v3/cluster/member/list', {})
        for (const {ID, name} of decodeMembers(body)) {
          if (this.all.some(one => one.host === name)) this.#names.set(ID, name)
        }
      } catch {
        return undefined // asked again with the next status
      }
    }
    return this.#names.get(id)
  }

  async #ask(member: Member, path: string, body: object): Promise<Answer> {
    const {lab, signal} = this.#on
    const answer = await lab.ask(member.host, 'etcd', path, {method: 'POST', body, withinMs, signal, keepAlive: true})
    if (answer.code !== 200) throw new Error(`etcd on ${member.host} answered ${answer.code}: ${answer.body}`)
    return answer
  }
}
