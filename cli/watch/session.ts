/** What `watch` knows of its lab and does to it. No terminal in it. */
import type {Lab, LoadTold, Quorum, Watched, WatchOptions} from '../../lab/index.ts'
import {faults, inForce, loadScenario, previewFault, scenarioNames} from '../../lab/index.ts'
import {faultWords, selectors, spokenFault} from '../../lab/inside/engine.ts'
import {sayHolder, sayMend, worksOn} from '../../lab/inside/reading.ts'
import {LabError} from '../../lab/inside/start.ts'
import {previewLines} from '../render/preview-text.ts'
import {HostLogs} from '../ui/host-log.ts'
import {type PaletteEntry, paletteOf} from '../ui/palette.ts'
import {emptyView, fold, type View, withoutWriters, withWriters} from '../ui/view.ts'
import type {OtherRun, WatchFacts} from '../ui/watch-screen.tsx'
import {type Preview, scenarioIn} from '../ui/watch-state.ts'
import {FollowedRun} from './follow-run.ts'
import {type NamedListener, NamedWatch} from './named-watch.ts'
import {scenarioLines} from './scenario-lines.ts'

const lookEveryMs = 500
const noRun: OtherRun = {holder: null, view: null, now: 0}

export class WatchSession implements AsyncDisposable {
  readonly #named: NamedWatch
  #view: View = emptyView
  #quorum: Quorum | null = null
  #logs = new HostLogs()
  readonly #followed: FollowedRun
  #other: OtherRun = noRun
  #looking: NodeJS.Timeout | undefined
  readonly #entries: readonly PaletteEntry[]
  #doing: string | null = null
  /** Ends with what is being done. */
  #under: Promise<void> = Promise.resolve()
  #notice: WatchFacts['notice'] = null
  /** What somebody who wants to leave has to know first; it stands before what is done meanwhile. */
  #leaving: string | null = null
  /** What was done, a line each, for the summary. */
  readonly #done: string[] = []

  /** Null: none was asked for. */
  #load: LoadTold | null

  constructor(lab: Lab, {load = false}: WatchOptions = {}) {
    this.#named = new NamedWatch(lab, this.#listening(), {load})
    this.#load = load ? {state: 'begins', says: null, lost: 0} : null
    this.#followed = new FollowedRun(lab.name)
    this.#entries = paletteOf(lab.topology, {
      scenarios: scenarioNames().map(loadScenario),
      wordsOf: faultWords,
      aboutFault: fault => faults[fault]?.about ?? '',
      selectors,
    })
  }

  async begin(): Promise<void> {
    await this.#named.begin()
    this.#looking = setInterval(() => this.#lookAround(), lookEveryMs)
  }

  #listening(): NamedListener {
    return {
      event: event => {
        this.#view = fold(this.#view, event)
      },
      log: (host, at, text) => this.#logs.hear(host, at, text),
      quorum: quorum => {
        this.#quorum = quorum
      },
      load: told => this.#loadTold(told),
      gone: () => {
        this.#view = {...emptyView, lab: this.labName}
        this.#quorum = null
        this.tell(`lab ${this.labName} is gone; it is shown again as soon as it is up, and q leaves`)
      },
      anew: () => {
        this.#view = emptyView
        this.#logs = new HostLogs()
        this.tell(`lab ${this.labName} was raised anew: the time begins with it`, 'good')
      },
    }
  }

  read(): WatchFacts {
    return {
      ...{view: this.#view, now: this.#named.watched?.now() ?? 0, quorum: this.#quorum, entries: this.#entries},
      other: this.#other.view === null ? this.#other : {...this.#other, now: this.#followed.now()},
      logOf: host => this.#logs.of(host),
      ...{load: this.#load, notice: this.#notice},
      doing: this.#leaving === null || this.#doing === null ? this.#doing : `${this.#leaving}: ${this.#doing}`,
    }
  }

  get labName(): string {
    return this.#named.lab.name
  }

  /** Whose log is shown; of what happens, the leader, or whoever comes first. */
  hostOfPane(pane: number): string {
    const hosts = this.#named.lab.topology.hosts.map(host => host.name)
    return hosts[pane - 1] ?? this.#view.holder ?? hosts[0] ?? ''
  }

  /** Faults of its own that are in force. */
  get inForce(): readonly string[] {
    return (this.#named.watched?.broken ?? []).map(({id, hosts}) => `${id} on ${hosts.join(', ')}`)
  }

  /** What would stay in force if this process ended now: by the journal, which has a fault as soon as it is being made. */
  get wouldStay(): readonly string[] {
    if (worksOn(this.labName)?.pid !== process.pid) return []
    return inForce(this.labName).map(({fault, mend}) => `${fault}; to do: ${sayMend(mend)}`)
  }

  /** @param presses of Ctrl-C: the second says what a third would leave, which is known from when a fault begins to be made. */
  leave(presses: number): void {
    const stays = this.wouldStay
    const what = stays.length === 0 ? '' : `: ${stays.join('; ')}`
    this.#leaving =
      presses < 2 ? 'leaving, after this' : `once more leaves at once, and what is in force stays${what}; now`
  }

  /** What a fault would hit now, or why it cannot be done. */
  async preview(words: readonly string[]): Promise<Preview> {
    try {
      const scenario = scenarioIn(words)
      if (scenario !== null)
        return {
          words,
          lines: await scenarioLines(this.#named.lab, loadScenario(scenario)),
          destroys: true,
          refused: false,
        }
      const {fault, ...options} = asked(words)
      const seen = await previewFault(this.#named.lab, fault, options)
      return {words, lines: previewLines(seen), destroys: seen.destroys !== null, refused: false}
    } catch (error) {
      return {words, lines: [says(error)], destroys: false, refused: true}
    }
  }

  async break(words: readonly string[]): Promise<void> {
    const label = words.join(' ')
    await this.#doingOne(`breaking: ${label}`, async watched => {
      const {fault, ...options} = asked(words)
      const broken = await watched.break(fault, options)
      this.#done.push(`broke: ${label} (${broken.hosts.join(', ')})`)
      if (!broken.held) throw new LabError('not-ready', `${label} did not take hold; h mends what is left of it`)
      return `${label}: it took hold on ${broken.hosts.join(', ')}`
    })
  }

  async heal(): Promise<void> {
    await this.#doingOne('healing', async watched => {
      const mended = await watched.heal()
      if (mended > 0) this.#done.push('healed')
      return mended === 0 ? 'nothing was broken' : 'what was broken is mended; the cluster comes back by itself'
    })
  }

  tell(says: string, tone: 'good' | 'bad' = 'bad'): void {
    this.#notice = {says, tone}
  }

  /** What stays on the terminal after the screen: what was done, and how the lab was when it was left. */
  summary(): readonly string[] {
    const view = this.#view
    const seconds = Math.round((this.#named.watched?.now() ?? 0) / 1e6)
    return [
      `watched lab ${this.labName} for ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}; ${view.holder ?? 'nobody'} leads`,
      ...this.#done,
    ]
  }

  /** What it has broken and not mended. @throws LabError `heal-failed` */
  async mendOwn(): Promise<void> {
    // A fault that is being made has to be there before it can be mended.
    await this.#under
    if (this.inForce.length === 0) return
    this.#doing = 'healing what was broken here'
    await this.#named.watched?.mend()
    this.#done.push('healed')
  }

  /** @throws LabError `heal-failed` */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#looking)
    await this.mendOwn()
    await this.#named[Symbol.asyncDispose]()
  }

  async #doingOne(label: string, work: (watched: Watched) => Promise<string>): Promise<void> {
    const {watched} = this.#named
    if (watched === undefined) return this.tell(`lab ${this.labName} is not there`)
    if (this.#doing !== null) return this.tell(`first: ${this.#doing}`)
    this.#doing = label
    this.#notice = null
    const {promise, resolve} = Promise.withResolvers<void>()
    this.#under = promise
    try {
      this.tell(await work(watched), 'good')
    } catch (error) {
      this.tell(says(error))
    } finally {
      this.#doing = null
      resolve()
    }
  }

  /** Their silence is an outage only while they are to write. */
  #loadTold(told: LoadTold): void {
    const [was, is] = [this.#load?.state === 'on', told.state === 'on']
    const now = this.#named.watched?.now() ?? 0
    if (is && !was) this.#view = withWriters(this.#view, now)
    if (was && !is) this.#view = withoutWriters(this.#view, now)
    this.#load = told
  }

  #lookAround(): void {
    if (this.#doing === null) this.#named.look()
    const holder = worksOn(this.labName)
    if (holder === null || holder.pid === process.pid) {
      this.#other = noRun
      return
    }
    const view = this.#followed.look()
    const now = this.#followed.now()
    this.#other = {holder: sayHolder(holder), view: view === null || view.ended !== null ? null : view, now}
  }
}

function asked(words: readonly string[]) {
  const {fault, on, params} = spokenFault(words)
  return {fault, params, ...(on === undefined ? {} : {on})}
}

/** @throws what is a bug of ours. */
function says(error: unknown): string {
  if (error instanceof LabError) return error.message
  throw error
}
