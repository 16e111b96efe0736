/** A lab watched for as long as somebody looks, with no history kept: what goes on is heard, and forgotten. */
import {setTimeout as sleep} from 'node:timers/promises'
import {alarmsIn, etcdMembers, type Quorum as QuorumOfEtcd, quorumOf, sayAlarm} from '../cluster/etcd-members.ts'
import {versions} from '../cluster/versions.ts'
import type {Lab} from '../engine/lab.ts'
import {giveUpAfter, heal} from '../healing/heal.ts'
import type {ClientGroup} from '../history/client-group.ts'
import type {Event, Happening} from '../history/event.ts'
import {Recorder} from '../history/history.ts'
import {followLog} from '../probes/container-log.ts'
import {containers} from '../probes/containers.ts'
import {etcd} from '../probes/etcd.ts'
import {patroni} from '../probes/patroni.ts'
import {postgres} from '../probes/postgres.ts'
import type {ProbeSite} from '../probes/probe.ts'
import {proxy} from '../probes/proxy.ts'
import {virtualAddress} from '../probes/virtual-address.ts'
import {watchdog} from '../probes/watchdog.ts'
import {inForce} from '../state/journal.ts'
import {lockLab} from '../state/lock.ts'
import {withoutPrograms} from '../topology/patroni-build.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {Attention} from './attention.ts'
import {type Injected, type InjectOptions, inject} from './inject.ts'
import {LightLoad, type LoadTold, lightLoad} from './light-load.ts'
import {Outside} from './outside.ts'

/** Those whose word a screen shows: the others are evidence for a judge, and looking costs the lab something, too. */
const shown = [containers, etcd, patroni, postgres, proxy, virtualAddress, watchdog]

const etcdEveryMs = 5000
const probesEndWithinMs = 15_000

export interface Quorum extends QuorumOfEtcd {
  /** In words; empty: none is raised. */
  readonly alarms: readonly string[]
}

export interface WatchListener {
  event(event: Event): void
  /** A line that a host has logged, at the engine's own time. */
  log?(host: HostName, at: Micros, text: string): void
  /** Every few seconds. */
  quorum?(quorum: Quorum): void
  /** With `load`, whenever something becomes of it. */
  load?(told: LoadTold): void
}

export interface WatchOptions {
  /**
   * Has clients write and read a little, on a table of their own, and tells what they are answered. They take no lock; while another
   * command works on the lab with clients of its own they are ended.
   */
  readonly load?: boolean
}

/** Ends with its disposal; what it has broken is mended first. */
export interface Watched extends AsyncDisposable {
  /** Micros since the watching began. */
  now(): Micros
  /** What it has broken and not mended yet, oldest first. The lab is locked as long as there is any. */
  readonly broken: readonly Injected[]
  /** As `inject`. @throws LabError `busy` while another command works on the lab, and as `inject`. */
  break(name: string, options: Omit<InjectOptions, 'phase' | 'as'>): Promise<Injected>
  /** Mends its own faults, newest first, and whatever else is broken. @returns how many mends were done. @throws LabError `busy`, `heal-failed` */
  heal(): Promise<number>
  /** Its own faults alone. @throws LabError `heal-failed` */
  mend(): Promise<void>
}

/** Takes no lock until something is broken by it, so that other commands can work on the lab meanwhile. */
export async function watchLab(
  lab: Lab,
  listener: WatchListener,
  {load: isLoaded = false}: WatchOptions = {},
): Promise<Watched> {
  const [ending, news] = [new AbortController(), new News()]
  const {signal} = ending
  // Only for its clock: what is recorded in it would be kept.
  const clock = new Recorder()
  const attention = new Attention()
  const outside = new Outside(lab.name, () => clock.now(), listener)
  const own = new OwnFaults(lab, clock, event => outside.tell(event))
  const site: ProbeSite = {
    lab,
    now: () => clock.now(),
    signal,
    record(happening, at = clock.now()) {
      attention.heard(happening, clock.now())
      outside.before(happening, at)
      own.hear(happening, at)
      if (happening.kind === 'etcd-member') news.tell()
    },
    // A fault of its own goes by what the probes tell, and its failover is shown beside the model: that is seen as exactly as in a run.
    leastMs: () => (own.isWorking ? 0 : attention.leastMs(clock.now())),
  }
  const clients = isLoaded ? lightLoad(lab.topology) : []
  outside.tell(await begun(lab, clock, clients))
  const {log} = listener
  const watching = [
    ...shown.map(probe => probe.run(site)),
    ...(log === undefined
      ? []
      : lab.topology.hosts.map(({name}) => followLog(site, name, ({text, at}) => log(name, at, text)))),
    ...(listener.quorum === undefined ? [] : [askQuorum(lab, news, listener.quorum, signal)]),
  ]
  // Their answers by the thousand are nothing that a fault in force has to keep.
  const load = isLoaded
    ? new LightLoad({...site, record: (happening, at) => own.tell(happening, at)}, told => listener.load?.(told))
    : undefined
  return {
    now: () => clock.now(),
    get broken() {
      return own.broken
    },
    break: (name, options) => own.break(name, options),
    heal: () => own.heal(),
    mend: () => own.mend(),
    async [Symbol.asyncDispose]() {
      try {
        await own.mend()
      } finally {
        await load?.[Symbol.asyncDispose]()
        ending.abort()
        outside[Symbol.dispose]()
        await giveUpAfter(probesEndWithinMs, Promise.allSettled(watching))
        clock[Symbol.dispose]()
      }
    },
  }
}

async function begun(lab: Lab, clock: Recorder, clients: readonly ClientGroup[]): Promise<Event> {
  const count = (service: 'patroni' | 'etcd') => hostsWith(lab.topology, service).length
  return {
    ...{at: 0, kind: 'run-started', run: 'watch', lab: lab.name, topology: withoutPrograms(lab.topology)},
    scenario: {
      ...{name: 'watch', about: 'Somebody watches the lab.', clients, steps: [], expect: []},
      needs: {postgres: count('patroni'), etcd: count('etcd')},
    },
    ...{versions: await versions(lab), startedAt: new Date(clock.startedAtMs).toISOString()},
  }
}

/** Resolves as soon as there is some, also when it came while nobody waited. */
class News {
  #next = Promise.withResolvers<void>()

  tell(): void {
    this.#next.resolve()
  }

  async within(ms: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    await Promise.race([
      this.#next.promise,
      sleep(ms, undefined, {signal: AbortSignal.any([signal, over.signal])}).catch(() => {}),
    ])
    over.abort()
    this.#next = Promise.withResolvers()
  }
}

/** Every few seconds, and at once when a member of etcd is heard to be otherwise: what is shown of it must not be of before that. */
async function askQuorum(lab: Lab, news: News, tell: (quorum: Quorum) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const members = await etcdMembers(lab, 2000)
    if (!signal.aborted) tell({...quorumOf(members), alarms: alarmsIn(members).map(sayAlarm)})
    await news.within(etcdEveryMs, signal)
  }
}

/** The faults of one watch, each with a history of its own while it is in force: a fault reads there what the probes have seen. */
class OwnFaults {
  readonly #lab: Lab
  readonly #clock: Recorder
  readonly #tell: (event: Event) => void
  #faults: {readonly injected: Injected; readonly history: Recorder}[] = []
  /** Those that hear what the probes tell. */
  readonly #histories = new Set<Recorder>()
  #lock: Disposable | undefined

  constructor(lab: Lab, clock: Recorder, tell: (event: Event) => void) {
    this.#lab = lab
    this.#clock = clock
    this.#tell = tell
  }

  get broken(): readonly Injected[] {
    return this.#faults.map(one => one.injected)
  }

  /** From the moment in which something is about to be broken until all of it is mended. */
  get isWorking(): boolean {
    return this.#lock !== undefined
  }

  hear(happening: Happening, at: Micros = this.#clock.now()): void {
    for (const history of this.#histories) history.record(happening, at)
    this.tell(happening, at)
  }

  /** What no fault of its own reads. */
  tell(happening: Happening, at: Micros = this.#clock.now()): void {
    this.#tell({at: Math.max(0, Math.round(at)), ...happening} as Event)
  }

  async break(name: string, options: InjectOptions): Promise<Injected> {
    this.#lock ??= lockLab(this.#lab.name, 'watch')
    // An event has more times in it than its own, so all are on one clock.
    const history = new Recorder(undefined, this.#clock, {asRows: true})
    // What the probes tell is heard by itself: of this history only what the fault records.
    const deaf = history.subscribe(event => {
      if (event.kind.startsWith('fault-')) this.#tell(event)
    })
    this.#histories.add(history)
    try {
      const injected = await inject(this.#lab, history, name, options)
      if (inForce(this.#lab.name).some(one => one.fault === injected.id)) this.#faults.push({injected, history})
      else injected.leave()
      return injected
    } finally {
      if (!this.#faults.some(one => one.history === history)) this.#forget(history, deaf)
      this.#unlockIfWhole()
    }
  }

  async mend(): Promise<void> {
    for (const {injected, history} of [...this.#faults].reverse()) {
      await injected.mend()
      this.#faults = this.#faults.filter(one => one.history !== history)
      this.#forget(history, () => {})
    }
    this.#unlockIfWhole()
  }

  async heal(): Promise<number> {
    this.#lock ??= lockLab(this.#lab.name, 'watch')
    try {
      const own = this.#faults.length
      await this.mend()
      this.#lock ??= lockLab(this.#lab.name, 'watch')
      return own + (await heal(this.#lab)).length
    } finally {
      this.#unlockIfWhole()
    }
  }

  #forget(history: Recorder, deaf: () => void): void {
    deaf()
    this.#histories.delete(history)
    history[Symbol.dispose]()
  }

  #unlockIfWhole(): void {
    if (this.#faults.length > 0) return
    this.#lock?.[Symbol.dispose]()
    this.#lock = undefined
  }
}
