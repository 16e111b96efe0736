/** Plays many scenarios on labs that it raises and removes itself: N seats, each with one lab at a time. */

import {isDeepStrictEqual} from 'node:util'
import type {Report} from '../judge/report.ts'
import {savedLabs} from '../state/state.ts'
import {type AskedLab, askedWords} from '../topology/asked-lab.ts'
import {LabError} from '../words/errors.ts'
import {next, onLab} from '../words/next-step.ts'
import {ourselves, type RunChild} from './child.ts'
import {type Ending, endingOf, type SuiteOutcome} from './outcome.ts'
import {type Seat, type SuiteJob, take} from './plan.ts'

/** What has become of one of the labs. */
export interface SuiteNews {
  readonly lab: string
  readonly what: 'raising' | 'raised' | 'removing' | 'playing' | 'ended'
  readonly says: string
  readonly outcome?: SuiteOutcome
}

export interface SuiteOptions {
  readonly jobs: readonly SuiteJob[]
  readonly parallel: number
  /** Labs are called `<name>-1`, `<name>-2`, ... */
  readonly name: string
  /** What its labs are; each has beside it what its scenarios need. */
  readonly labs: AskedLab & {readonly profile: string}
  /** Leave the labs when all is done. */
  readonly keep: boolean
  /** Each run's folder goes into this one; the state directory when not given. */
  readonly out?: string | undefined
  /** Plays, raises and removes: pgha-lab's own command line as a child process when not given. */
  readonly child?: RunChild | undefined
  /** What each `chaos` is told besides, as words of its command line. */
  readonly more?: readonly string[] | undefined
  readonly signal: AbortSignal
  readonly tell: (news: SuiteNews) => void
}

interface LabSeat extends Seat {
  readonly lab: string
  set: readonly string[] | null
  /** Something of its lab may be there. */
  begun: boolean
}

/** So many labs in a row that could not be raised, and nothing more is tried. */
const mostFailedRaises = 2

/** What the labs of a suite will be called. @throws LabError `config` when one of them is there already: a suite takes nobody's lab. */
export function labsFor({name, parallel, jobs}: Pick<SuiteOptions, 'name' | 'parallel' | 'jobs'>): readonly string[] {
  const labs = Array.from({length: Math.min(parallel, jobs.length)}, (_, index) => `${name}-${index + 1}`)
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
 * Each `up`, `chaos` and `down` is a process of its own: pgha-lab's command line (`child`). So each run has an event loop that no
 * other run makes late, which its clocks and its own watch over itself go by; the lock on its lab is held by who works on it, and
 * is free the moment that one dies; and it has an ending of its own, told by its exit code: one that crashes, or has to be killed
 * because it never ends, costs its lab and no other. An abort interrupts the children (SIGINT), which heal what they broke within
 * two minutes; a child whose parent has died does the same by itself.
 * @throws LabError as `labsFor`, before anything is raised.
 */
export async function runSuite(options: SuiteOptions): Promise<SuiteOutcome[]> {
  return new Playing(options).toTheEnd()
}

class Playing {
  readonly #options: SuiteOptions
  readonly #left: SuiteJob[]
  readonly #places: readonly LabSeat[]
  readonly #outcomes: SuiteOutcome[] = []
  readonly #raising = oneAtATime()
  readonly #child: RunChild
  #failedRaises = 0

  constructor(options: SuiteOptions) {
    this.#options = options
    this.#child = options.child ?? ourselves()
    this.#left = options.jobs.filter(job => job.cannot === undefined)
    this.#places = labsFor(options).map((lab): LabSeat => ({lab, set: null, begun: false}))
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
    const says = 'not played: no lab could be raised for it'
    return [...this.#outcomes, ...this.#left.map(job => unplayed(job, 'lab', says))]
  }

  async #work(place: LabSeat): Promise<void> {
    for (let job = this.#next(place); job !== undefined; job = this.#next(place)) {
      const outcome = await this.#playOn(place, job)
      this.#outcomes.push(outcome)
      this.#options.tell({lab: place.lab, what: 'ended', says: outcome.headline, outcome})
      // What could not be healed, or could not do its work, is no place for the next scenario.
      const unhealed = outcome.ending === 'healing' || outcome.recovered === false
      if (unhealed || outcome.ending === 'lab' || outcome.ending === 'crashed') await this.#remove(place)
    }
    if (!this.#options.keep) await this.#remove(place)
  }

  #next(place: LabSeat): SuiteJob | undefined {
    if (this.#options.signal.aborted || this.#failedRaises >= mostFailedRaises) return undefined
    return take(
      this.#left,
      place,
      this.#places.filter(other => other !== place),
    )
  }

  async #playOn(place: LabSeat, job: SuiteJob): Promise<SuiteOutcome> {
    const none = {scenario: job.scenario, lab: place.lab}
    const fits = place.begun && isDeepStrictEqual(place.set, job.set)
    place.set = job.set // before anything else: by this the other seats know what this one is for
    if (!fits) {
      const began = performance.now()
      await this.#remove(place)
      const failure = await this.#raising(() => this.#raise(place, job.set))
      if (failure !== undefined) return {...unplayed(job, failure.ending, failure.says), seconds: secondsSince(began)}
    }
    this.#options.tell({lab: place.lab, what: 'playing', says: job.scenario})
    const began = performance.now()
    const out =
      this.#options.out === undefined
        ? []
        : [
            '--out',
            `${this.#options.out}/${fileName(job.scenario, this.#outcomes.filter(one => one.scenario === job.scenario).length)}`,
          ]
    const limit = AbortSignal.timeout(limitMs(job))
    const ended = await this.#child(
      ['chaos', job.scenario, '--name', place.lab, '--json', ...out, ...(this.#options.more ?? [])],
      AbortSignal.any([this.#options.signal, limit]),
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

  async #raise(place: LabSeat, set: readonly string[]): Promise<{ending: Ending; says: string} | undefined> {
    if (this.#options.signal.aborted) return {ending: 'interrupted', says: 'interrupted before it began'}
    const {labs} = this.#options
    const asked = {...labs, set: [...(labs.set ?? []), ...set]}
    this.#options.tell({
      lab: place.lab,
      what: 'raising',
      says: [labs.topology, labs.profile, labs.release, labs.patroni, ...asked.set].filter(Boolean).join(' '),
    })
    place.begun = true
    const began = performance.now()
    const {exitCode, stderr} = await this.#child(
      ['up', '--name', place.lab, '--json', ...askedWords(asked)],
      this.#options.signal,
    )
    const ending = endingOf(exitCode)
    // A lab that is not valid says nothing about the next one.
    if (ending !== 'usage') this.#failedRaises = ending === 'passed' ? 0 : this.#failedRaises + 1
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
    const {exitCode, stderr} = await this.#child(['down', '--name', place.lab], new AbortController().signal)
    if (exitCode !== 0)
      this.#options.tell({lab: place.lab, what: 'ended', says: `it could not be removed: ${lastWords(stderr)}`})
  }
}

/** No run may hold up a suite for ever. */
function limitMs({seconds}: SuiteJob): number {
  return Math.max(10 * 60, 5 * seconds) * 1000
}

function unplayed({scenario}: SuiteJob, ending: Ending, headline: string): SuiteOutcome {
  return {scenario, lab: null, ending, headline, limit: null, seconds: 0, held: null, folder: null}
}

/** The report that `chaos --json` prints, as far as a table needs it; without one, what the child said last. */
function read(
  stdout: string,
  stderr: string,
): Pick<SuiteOutcome, 'headline' | 'limit' | 'held' | 'folder' | 'recovered'> {
  let report: Partial<Pick<Report, 'headline' | 'limit' | 'recovered'>> & {
    folder?: string
    findings?: readonly {verdict: string}[]
  }
  try {
    report = JSON.parse(stdout)
  } catch {
    // No report is no bug: a run that could not begin has none, and says why on stderr.
    return {headline: lastWords(stderr), limit: null, held: null, folder: null}
  }
  const {headline = '', limit = null, recovered, folder = null, findings = []} = report
  return {
    headline,
    limit,
    folder,
    recovered,
    held: [findings.filter(one => one.verdict === 'pass').length, findings.length],
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

/** Two labs that start at once slow each other down more than they gain. */
function oneAtATime(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return task => {
    const mine = last.then(task)
    last = mine.catch(() => {}) // whoever asked for it gets the error
    return mine
  }
}
