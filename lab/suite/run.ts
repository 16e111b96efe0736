/** Plays many scenarios on labs that it raises and removes itself: N seats, each with one lab at a time. */

import {setImmediate as everybodyElse} from 'node:timers/promises'
import {isDeepStrictEqual} from 'node:util'
import type {Timings} from '../history/timings.ts'
import type {Report} from '../judge/report.ts'
import {savedLabs} from '../state/folders.ts'
import {type AskedLab, askedWords} from '../topology/asked-lab.ts'
import {LabError} from '../words/errors.ts'
import {next, onLab} from '../words/next-step.ts'
import {ourselves, type RunChild} from './child.ts'
import {type EngineWatch, SuiteEngine, watchEngines} from './engines.ts'
import {type Again, type Ending, endingOf, type SuiteOutcome} from './outcome.ts'
import {type Seat, type SuiteJob, take} from './plan.ts'
import {seatProcess} from './seat-process.ts'

/** What has become of one of the labs, or of an engine. */
export interface SuiteNews {
  /** With `engine` its name. */
  readonly lab: string
  readonly what: 'raising' | 'raised' | 'removing' | 'playing' | 'ended' | 'again' | 'engine'
  readonly says: string
  readonly outcome?: SuiteOutcome
}

export interface SuiteOptions {
  readonly jobs: readonly SuiteJob[]
  /** So many labs at once, or fewer where the engine is seen not to bear them; with `engines` at most as many on each of them. */
  readonly parallel: number
  /** Docker contexts and addresses; each begins with one lab, and bears as many as `borne` finds. The engine in use when not given. */
  readonly engines?: readonly string[] | undefined
  /** Whether an engine is there, and how hard it had it in a recorded run; they are asked and read when not given. */
  readonly watch?: EngineWatch | undefined
  /** Labs are called `<name>-1`, `<name>-2`, ... */
  readonly name: string
  /** What its labs are; each has beside it what its scenarios need. */
  readonly labs: AskedLab & {readonly profile: string}
  /** Leave the labs when all is done. */
  readonly keep: boolean
  /** Each run's folder goes into this one; the state directory when not given. */
  readonly out?: string | undefined
  /** Plays, raises and removes: a process of pgha-lab's own command line for each lab when not given. */
  readonly child?: RunChild | undefined
  /** What each `chaos` is told besides, as words of its command line. */
  readonly more?: readonly string[] | undefined
  readonly signal: AbortSignal
  readonly tell: (news: SuiteNews) => void
}

interface LabSeat extends Seat {
  readonly lab: string
  readonly engine: SuiteEngine
  /** Among the seats of its engine, from 0. */
  readonly nth: number
  readonly run: RunChild & Partial<AsyncDisposable>
  set: readonly string[] | null
  /** Something of its lab may be there. */
  begun: boolean
}

interface Due extends SuiteJob {
  /** How it went before, where that does not count. */
  readonly again: readonly Again[]
  /** Engines on which it is not tried any more. */
  readonly shuns: readonly string[]
}

/** What the labs of a suite will be called. @throws LabError `config` when one of them is there already: a suite takes nobody's lab. */
export function labsFor({
  name,
  parallel,
  jobs,
  engines = [''],
}: Pick<SuiteOptions, 'name' | 'parallel' | 'jobs' | 'engines'>): readonly string[] {
  const most = Math.min(parallel * engines.length, jobs.length)
  const labs = Array.from({length: most}, (_, index) => `${name}-${index + 1}`)
  const existing = labs.filter(lab => savedLabs().includes(lab))
  if (existing.length > 0)
    throw new LabError('config', `a suite raises labs of its own, and ${existing.join(' and ')} exists already`, {
      hint: next`choose another name for the suite's labs with --name; or remove that lab first: ${onLab(existing[0]!, 'down')}`,
    })
  return labs
}

/**
 * Plays jobs (`suiteJobs`) on labs that it raises and removes. Resolves when every job has an outcome and the labs are gone (or
 * kept); never rejects for what a child says. What was not begun when the signal was aborted has no outcome.
 *
 * Each seat has a process of its own for its `up`, `chaos` and `down`: pgha-lab's command line (`seatProcess`). So a run has an event
 * loop that no other run makes late, which its clocks and its own watch over itself go by; the lock on its lab is held by who works
 * on it, and is free the moment that one dies; and one that crashes, or has to be killed because it never ends, costs its lab and no
 * other: the seat goes on with a new process. An abort interrupts them (SIGINT), and they heal what they broke within
 * two minutes; one whose parent has died does the same by itself.
 *
 * Of an engine that does not answer any more the labs are given up, and what was being played on them is played again on another
 * one; so is what proves nothing because its engine bore too many labs. The outcome says so.
 * @throws LabError as `labsFor`, before anything is raised.
 */
export async function runSuite(options: SuiteOptions): Promise<SuiteOutcome[]> {
  return new Playing(options).toTheEnd()
}

class Playing {
  readonly #options: SuiteOptions
  readonly #left: Due[]
  readonly #engines: readonly SuiteEngine[]
  readonly #places: readonly LabSeat[]
  readonly #outcomes: SuiteOutcome[] = []
  readonly #folders = new Map<string, number>()
  readonly #watch: EngineWatch
  /** Seats that do something. */
  #busy: number
  #turn = Promise.withResolvers<void>()
  #lastCall = false
  #over = false

  constructor(options: SuiteOptions) {
    const {parallel, engines} = options
    this.#options = options
    this.#watch = options.watch ?? watchEngines
    const can = options.jobs.filter(job => job.cannot === undefined)
    this.#left = can.map(job => ({...job, again: [], shuns: []}))
    this.#engines = (engines ?? [null]).map(name => new SuiteEngine(name, parallel))
    this.#places = labsFor(options).map((lab, index): LabSeat => {
      const engine = this.#engines[index % this.#engines.length]!
      const nth = Math.floor(index / this.#engines.length)
      const run = options.child ?? seatProcess(ourselves())
      return {lab, engine, nth, run, set: null, begun: false}
    })
    this.#busy = this.#places.length
    options.signal.addEventListener('abort', () => this.#changed(), {once: true})
  }

  async toTheEnd(): Promise<SuiteOutcome[]> {
    for (const job of this.#options.jobs) {
      if (job.cannot === undefined) continue
      const outcome = unplayed(job, 'skipped', job.cannot)
      this.#outcomes.push(outcome)
      this.#options.tell({lab: this.#options.name, what: 'ended', says: outcome.headline, outcome})
    }
    await Promise.all(this.#places.map(place => this.#work(place)))
    if (this.#options.signal.aborted) return this.#outcomes
    const notRaised = this.#engines.every(one => one.lost === null || one.lost === 'raises')
    const says = notRaised ? 'not played: no lab could be raised for it' : 'not played: no engine is left for it'
    return [...this.#outcomes, ...this.#left.map(job => ({...unplayed(job, 'lab', says), ...said(job)}))]
  }

  async #work(place: LabSeat): Promise<void> {
    for (let job = await this.#next(place); job !== undefined; job = await this.#next(place)) {
      const since = place.engine.bearing.changes
      const played = await this.#playOn(place, job)
      const again = await this.#judge(place, job, played, since)
      if (again === null) {
        const outcome = {...played, ...said(job), ...place.engine.named}
        this.#outcomes.push(outcome)
        this.#options.tell({lab: place.lab, what: 'ended', says: outcome.headline, outcome})
      } else {
        this.#left.push(again)
        this.#options.tell({lab: place.lab, what: 'again', says: `${job.scenario}: ${again.again.at(-1)?.why}`})
      }
      this.#changed()
      // What could not be healed, or could not do its work, is no place for the next scenario.
      const unhealed = played.ending === 'healing' || played.recovered === false
      if (unhealed || played.ending === 'lab' || played.ending === 'crashed') await this.#remove(place)
    }
    if (!this.#options.keep) await this.#remove(place)
    await place.run[Symbol.asyncDispose]?.()
    this.#busy--
    this.#changed()
  }

  /** What is being played may have to be played again: a seat without work waits for that. */
  async #next(place: LabSeat): Promise<Due | undefined> {
    for (;;) {
      if (this.#options.signal.aborted || place.engine.lost !== null || this.#over) return undefined
      const job = this.#take(place)
      if (job !== undefined) return job
      // A lab without work takes room that its neighbours are short of.
      if (!this.#options.keep) await this.#remove(place)
      if (this.#busy > 1) {
        this.#busy--
        await this.#turn.promise
        this.#busy++
      } else {
        // Nobody plays: whoever can takes what is left, and when nobody could, that was all.
        if (this.#lastCall) this.#over = true
        this.#lastCall = true
        this.#changed()
        await everybodyElse()
      }
    }
  }

  #take(place: LabSeat): Due | undefined {
    if (place.nth >= place.engine.bearing.width) return undefined
    const open = this.#left.filter(job => !job.shuns.includes(place.engine.id))
    const others = this.#places.filter(
      ({engine, nth}) => engine.lost === null && nth < engine.bearing.width && !this.#lastCall,
    )
    const job = take(
      open,
      place,
      others.filter(other => other !== place),
    )
    if (job === undefined) return undefined
    this.#lastCall = false
    this.#left.splice(this.#left.indexOf(job), 1)
    return job
  }

  #changed(): void {
    const {resolve} = this.#turn
    this.#turn = Promise.withResolvers<void>()
    resolve()
  }

  /** What a run says of its engine; the job as it is to be played again, or null: it counts. */
  async #judge(place: LabSeat, job: Due, played: SuiteOutcome, since: number): Promise<Due | null> {
    const {engine, lab} = place
    if (this.#options.signal.aborted || !mayBeOfTheEngine(played)) {
      await this.#learn(engine, played, since)
      return null
    }
    const next = (why: string, shuns: readonly string[]): Due => ({
      ...{...job, shuns},
      again: [...job.again, {...engine.named, lab, why}],
    })
    const isAsked = engine.name !== null && engine.lost !== 'gone'
    if (isAsked && !(await this.#watch.answers(engine.name))) this.#lose(engine)
    const elsewhere = [...job.shuns, engine.id]
    const other = this.#engines.some(one => one.lost === null && !elsewhere.includes(one.id))
    if (engine.lost === 'gone') return other ? next(`the engine ${engine.id} did not answer any more`, elsewhere) : null
    const wasStarved = await this.#learn(engine, played, since)
    if (wasStarved && !job.again.some(one => one.engine === engine.named.engine)) return next(wasStarved, job.shuns)
    if (played.ending === 'lab' && played.lab === null && other)
      return next(`no lab could be raised on ${engine.id}: ${played.headline}`, elsewhere)
    return null
  }

  /** @returns why a run is to be played again, where its engine bore too many labs; else an empty text. */
  async #learn(engine: SuiteEngine, played: SuiteOutcome, since: number): Promise<string> {
    const inconclusive = played.ending === 'inconclusive'
    if (played.folder === null || !(inconclusive || engine.mayBearMore)) return ''
    const learned = engine.learn({strain: await this.#watch.strainIn(played.folder), inconclusive, since})
    if (learned.says !== '') this.#options.tell({lab: engine.called, what: 'engine', says: learned.says})
    return learned.starved
  }

  #lose(engine: SuiteEngine): void {
    engine.lost = 'gone'
    const left = this.#places.filter(one => one.engine === engine && one.begun).map(one => one.lab)
    const labs = left.length === 0 ? '' : `; what is left of ${left.join(' and ')} is there when it is back`
    this.#options.tell({lab: engine.called, what: 'engine', says: `does not answer any more${labs}`})
  }

  async #playOn(place: LabSeat, job: Due): Promise<SuiteOutcome> {
    const none = {scenario: job.scenario, lab: place.lab}
    const fits = place.begun && isDeepStrictEqual(place.set, job.set)
    place.set = job.set // before anything else: by this the other seats know what this one is for
    if (!fits) {
      const began = performance.now()
      await this.#remove(place)
      const failure = await place.engine.raising(() => this.#raise(place, job.set))
      if (failure !== undefined) return {...unplayed(job, failure.ending, failure.says), seconds: secondsSince(began)}
      // A lab that is being raised takes all there is of the machine: whoever waits for its turn with that has it first.
      await place.engine.raising(async () => {})
    }
    this.#options.tell({lab: place.lab, what: 'playing', says: job.scenario})
    const began = performance.now()
    const out = this.#options.out === undefined ? [] : ['--out', `${this.#options.out}/${this.#folderOf(job.scenario)}`]
    const limit = AbortSignal.timeout(limitMs(job))
    const ended = await place.run(
      ['chaos', job.scenario, '--name', place.lab, '--json', ...out, ...(this.#options.more ?? [])],
      AbortSignal.any([this.#options.signal, limit]),
      place.engine.environment,
    )
    if (limit.aborted && !this.#options.signal.aborted) {
      const says = `it had not ended after ${Math.round(limitMs(job) / 60_000)} minutes and was interrupted`
      return {...unplayed(job, 'lab', says), lab: place.lab, seconds: secondsSince(began)}
    }
    return {
      ...none,
      ...read(ended.stdout, ended.stderr),
      ending: endingOf(ended.exitCode),
      seconds: secondsSince(began),
    }
  }

  /** Each run has one of its own, also one that does not count. */
  #folderOf(scenario: string): string {
    const times = this.#folders.get(scenario) ?? 0
    this.#folders.set(scenario, times + 1)
    return fileName(scenario, times)
  }

  async #raise(place: LabSeat, set: readonly string[]): Promise<{ending: Ending; says: string} | undefined> {
    if (this.#options.signal.aborted) return {ending: 'interrupted', says: 'interrupted before it began'}
    const {labs} = this.#options
    const asked = {...labs, set: [...(labs.set ?? []), ...set]}
    this.#options.tell({
      lab: place.lab,
      what: 'raising',
      says: [labs.topology, labs.profile, labs.release, labs.patroni, ...asked.set, ...place.engine.on]
        .filter(Boolean)
        .join(' '),
    })
    place.begun = true
    const began = performance.now()
    const {exitCode, stderr} = await place.run(
      ['up', '--name', place.lab, '--json', ...askedWords(asked)],
      this.#options.signal,
      place.engine.environment,
    )
    const ending = endingOf(exitCode)
    // A lab that is not valid says nothing about the next one.
    if (ending !== 'usage') place.engine.hasRaised(ending === 'passed')
    if (ending !== 'passed') {
      await this.#remove(place)
      return {ending, says: lastWords(stderr)}
    }
    this.#options.tell({lab: place.lab, what: 'raised', says: `after ${secondsSince(began).toFixed(0)} s`})
    return undefined
  }

  /** Ignores the interruption: what was raised has to go. */
  async #remove(place: LabSeat): Promise<void> {
    if (!place.begun) return
    place.begun = false
    this.#options.tell({lab: place.lab, what: 'removing', says: ''})
    const {signal} = new AbortController()
    const {exitCode, stderr} = await place.run(['down', '--name', place.lab], signal, place.engine.environment)
    if (exitCode !== 0)
      this.#options.tell({lab: place.lab, what: 'ended', says: `it could not be removed: ${lastWords(stderr)}`})
  }
}

/** No run may hold up a suite for ever. */
function limitMs({seconds}: SuiteJob): number {
  return Math.ceil(Math.max(10 * 60, 5 * seconds) * 1000)
}

/** What an engine that has died, or bears too many labs, makes of a run; that something failed is seen, and counts. */
function mayBeOfTheEngine({ending}: SuiteOutcome): boolean {
  return ['lab', 'healing', 'crashed', 'inconclusive'].includes(ending)
}

function said({again}: Due): Pick<SuiteOutcome, 'again'> {
  return again.length === 0 ? {} : {again}
}

function unplayed({scenario}: SuiteJob, ending: Ending, headline: string): SuiteOutcome {
  return {scenario, lab: null, ending, headline, limit: null, seconds: 0, held: null, folder: null}
}

/** The report that `chaos --json` prints, as far as a table needs it; without one, what the child said last. */
function read(
  stdout: string,
  stderr: string,
): Pick<SuiteOutcome, 'headline' | 'limit' | 'held' | 'folder' | 'recovered' | 'timings'> {
  let report: Partial<Pick<Report, 'headline' | 'limit' | 'recovered'>> & {
    folder?: string
    timings?: Timings
    findings?: readonly {verdict: string}[]
  }
  try {
    report = JSON.parse(stdout)
  } catch {
    // No report is no bug: a run that could not begin has none, and says why on stderr.
    return {headline: lastWords(stderr), limit: null, held: null, folder: null}
  }
  const {headline = '', limit = null, recovered, folder = null, findings = [], timings} = report
  return {
    headline,
    limit,
    folder,
    recovered,
    held: [findings.filter(one => one.verdict === 'pass').length, findings.length],
    ...(timings === undefined ? {} : {timings}),
  }
}

/** The complaint that a command ends with: its sentence, not its hint. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter(line => line.trim() !== '' && !line.startsWith('  '))
  return lines.at(-1)?.trim() ?? 'it said nothing'
}

/** The first run of a scenario has its name, the next ones a number. */
export function fileName(scenario: string, times: number): string {
  const base = scenario.replace(/^.*[/\\]/, '').replace(/\.ya?ml$/, '')
  return times === 0 ? base : `${base}-${times + 1}`
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000
}
