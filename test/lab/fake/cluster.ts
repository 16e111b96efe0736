/** Patroni on the fake hosts, by the virtual clock: a leader key with a lease in etcd, elections when it runs out, and one table. */
import {type HostName, hostsWith, type Topology} from '../../../lab/topology/topology.ts'
import type {FakeHost} from './host.ts'

export interface Change {
  readonly key: string
  /** null: deleted. */
  readonly value: string | null
  readonly revision: number
}

const prefix = '/service/pgha/'
const tickMs = 250
/** From the start of a host until its PostgreSQL takes part. */
const startMs = 1000
/** Shorter than Patroni takes, which never leases for less than 20 s: what is tested here is not how long a failover takes. */
const leaseMs = 3000

export class FakeCluster implements Disposable {
  readonly #topology: Topology
  readonly #hosts: ReadonlyMap<HostName, FakeHost>
  readonly #timer: NodeJS.Timeout
  readonly #values = new Map<string, string>()
  readonly #watchers = new Set<(change: Change) => void>()
  /** Every change there was: a watch may begin at any of them. */
  readonly changes: Change[] = []
  revision = 1
  leader: HostName | null = null
  timeline = 0
  lease = 0
  leaseEndsMs = 0
  config: Record<string, unknown> = {}
  lsn = 0x3000000
  table: string | null = null
  /** Those of somebody who watches. */
  readonly lightTables: string[] = []
  readonly ids: number[] = []
  /** Of these: what a trigger, say, has changed. */
  readonly altered: number[] = []
  #nextLoopMs = 0
  #seen: readonly HostName[] = []
  /** Nobody is elected any more: a cluster that never gets healthy. */
  electsNobody = false
  /** Replicas that answer 503 to the question of the way in for reads. */
  readonly unread = new Set<HostName>()
  /** The replicas of `/sync`. */
  standbys: readonly HostName[] = []
  /** Of etcd; somebody raised them. */
  readonly alarms: {memberID: string; alarm: string}[] = []
  /** What etcd's list of members says of a host that is not as usual. */
  readonly etcdMembers: Record<HostName, {name?: string; isLearner?: boolean}> = {}
  /** Members of etcd that answer and are cut off from the others. */
  readonly etcdCutOff = new Set<HostName>()
  /** Of etcd's members that are not in term 2. */
  readonly terms: Record<HostName, number> = {}
  /** How much of the leader's WAL a member has not received. */
  readonly lacks = new Map<HostName, number>()
  /** Replicas that stream from another server than their tags say. */
  readonly sources = new Map<HostName, HostName>()
  /** HAProxy's statistics do not come. */
  proxySaysNothing = false
  /** The leader takes no writes. */
  refusesWrites = false
  /** No replica is named synchronous, however long it streams. */
  namesNobody = false

  constructor(topology: Topology, hosts: ReadonlyMap<HostName, FakeHost>) {
    this.#topology = topology
    this.#hosts = hosts
    const {synchronousMode: mode} = topology.patroni
    if (mode !== 'off')
      this.config = {synchronous_mode: mode === 'quorum' ? 'quorum' : true, synchronous_mode_strict: mode === 'strict'}
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  /** Members of PostgreSQL that are up, however they are connected. */
  isUp(host: HostName): boolean {
    const one = this.#hosts.get(host)
    return one?.runs('patroni') === true && performance.now() >= one.startedAtMs + startMs && !one.marks.has('stopped')
  }

  get hasQuorum(): boolean {
    const all = hostsWith(this.#topology, 'etcd')
    return all.filter(host => this.isInQuorum(host)).length > all.length / 2
  }

  /** Of etcd, if there is one. */
  isInQuorum(host: HostName): boolean {
    const one = this.#hosts.get(host)
    return one?.runs('etcd') === true && one.answers && !this.etcdCutOff.has(host)
  }

  walOf(host: HostName): {received_location: number; replayed_location: number} {
    const at = this.lsn - (this.lacks.get(host) ?? 0)
    return {received_location: at, replayed_location: at}
  }

  isLeader(host: HostName): boolean {
    return this.leader === host
  }

  /** A replica that gets what the leader writes. */
  streams(host: HostName): boolean {
    const connected = (one: HostName | null) =>
      one !== null && this.isUp(one) && this.#hosts.get(one)?.answers === true && !this.#hosts.get(one)?.cuts.size
    return !this.isLeader(host) && connected(host) && connected(this.leader)
  }

  /** The replicas that stream from this one. */
  streamingFrom(host: HostName): readonly HostName[] {
    const source = (one: HostName) => this.sources.get(one) ?? this.#topology.tags?.[one]?.replicatefrom ?? this.leader
    return this.members.filter(one => this.streams(one) && source(one) === host)
  }

  get members(): readonly HostName[] {
    return hostsWith(this.#topology, 'patroni')
  }

  keys(): readonly {readonly key: string; readonly value: string; readonly revision: number}[] {
    return [...this.#values].map(([key, value]) => ({
      key,
      value,
      revision: this.changes.findLast(change => change.key === key)?.revision ?? 0,
    }))
  }

  watch(hear: (change: Change) => void): () => void {
    this.#watchers.add(hear)
    return () => this.#watchers.delete(hear)
  }

  patch(config: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(config)) {
      if (value === null) delete this.config[name]
      else this.config[name] = value
    }
    this.#loop()
  }

  /** The leader gives its key back, as in an orderly stop. */
  release(host: HostName): void {
    if (this.isLeader(host)) this.#vacate()
  }

  /** One row of the clients; false while nobody takes writes. */
  write(id: number): boolean {
    if (this.leader === null || !this.isUp(this.leader) || !this.#hosts.get(this.leader)?.answers) return false
    this.lsn += 64
    this.ids.push(id)
    return true
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    const now = performance.now()
    if (this.leader !== null && now >= this.leaseEndsMs && this.hasQuorum) this.#vacate()
    if (now < this.#nextLoopMs) return
    this.#nextLoopMs = now + this.#topology.patroni.loopWaitSeconds * 1000
    this.#loop()
  }

  #loop(): void {
    if (!this.hasQuorum) return
    for (const host of this.members) this.#touch(host)
    if (this.leader === null) this.#elect()
    if (this.leader === null || !this.#takesPart(this.leader)) return
    this.leaseEndsMs = performance.now() + leaseMs
    this.#put('status', JSON.stringify({optime: this.lsn}))
    this.#nameStandby(this.leader)
  }

  /** Who commits wait for, by PostgreSQL's own word: from the loop on before the one that names them in `/sync`. */
  get synchronous(): readonly HostName[] {
    return this.config.synchronous_mode ? this.#seen : []
  }

  /** In a loop after the one in which it was seen to stream, as Patroni does. */
  #nameStandby(leader: HostName): void {
    const config = JSON.stringify(this.config)
    if (this.#values.get(`${prefix}config`) !== config && config !== '{}') this.#put('config', config)
    if (!this.config.synchronous_mode) return
    const named = this.#seen
    this.#seen = this.members.filter(host => this.streams(host)).slice(0, 1)
    if (this.namesNobody) return
    const sync = JSON.stringify({leader, sync_standby: named.join(',') || null})
    if (this.#values.get(`${prefix}sync`) === sync) return
    this.standbys = named
    this.#put('sync', sync)
  }

  #takesPart(host: HostName): boolean {
    const one = this.#hosts.get(host)
    return this.isUp(host) && one?.answers === true && one.cuts.size === 0
  }

  #touch(host: HostName): void {
    if (!this.#takesPart(host)) return
    const role = this.isLeader(host) ? 'primary' : 'replica'
    const said = JSON.stringify({role, state: 'running', ...(this.config.pause === true && {pause: true})})
    if (this.#values.get(`${prefix}members/${host}`) !== said) this.#put(`members/${host}`, said)
  }

  #elect(): void {
    const first = this.members.find(host => this.#takesPart(host))
    if (first === undefined || this.electsNobody || this.config.pause === true) return
    this.leader = first
    this.timeline++
    this.lease++
    this.#put('leader', first)
    this.#touch(first)
  }

  #vacate(): void {
    this.leader = null
    this.#put('leader', null)
  }

  #put(name: string, value: string | null): void {
    const change = {key: prefix + name, value, revision: ++this.revision}
    if (value === null) this.#values.delete(change.key)
    else this.#values.set(change.key, value)
    this.changes.push(change)
    for (const hear of this.#watchers) hear(change)
  }
}
