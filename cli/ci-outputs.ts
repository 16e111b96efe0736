/**
 * What `chaos` writes for a CI job besides its evidence: JUnit, one HTML page, Markdown, and GitHub's annotations with the summary
 * of its step. Each run is added when it is over, whatever its verdict, and one that never began is added as that: a job must
 * read neither a green file of an earlier one nor nothing.
 */
import {appendFileSync, lstatSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {dirname, resolve} from 'node:path'
import type {Comparison, Report, Run} from '../lab/index.ts'
import {type Begun, judgeNeverBegan} from '../lab/inside/engine.ts'
import {loadRun, readLogs} from '../lab/inside/reading.ts'
import {LabError, makeFolder} from '../lab/inside/start.ts'
import {caller} from './called-as.ts'
import {fromTheRepository} from './from-the-repository.ts'
import {judged} from './judged.ts'
import {printData, tellData} from './output.ts'
import {comparedAnnotation, comparedMarkdown, comparedSuite} from './render/compare-ci.ts'
import {annotationOf, renderGithub} from './render/github.ts'
import {renderHtml} from './render/html.ts'
import {renderHtmlSeveral} from './render/html-several.ts'
import {renderJunit} from './render/junit.ts'
import {markdownTable, renderMarkdown} from './render/markdown.ts'

const files = ['junit', 'html', 'markdown'] as const

export type CiOptions = Readonly<Partial<Record<(typeof files)[number], string>>> & {
  readonly github?: boolean
  readonly json?: boolean
}

/** GitHub refuses a step's summary that is longer, all of it. */
const mostSummaryBytes = 2 ** 20

/**
 * The files that are asked for are taken away, so that none is left of an earlier job; their folders are made.
 * @throws LabError `usage`, before anything is played, where one cannot be written.
 */
export function ciOutputs(options: CiOptions): CiOutputs {
  const places = files.flatMap(name => (options[name] === undefined ? [] : [{name, file: resolve(options[name])}]))
  for (const [index, {name, file}] of places.entries()) {
    const other = places.slice(0, index).find(one => one.file === file)
    if (other !== undefined) throw new LabError('usage', `--${other.name} and --${name} name one file: ${file}`)
    if (lstatSync(file, {throwIfNoEntry: false})?.isDirectory())
      throw new LabError('usage', `--${name} ${file} is a folder`, {hint: 'name a file in it'})
  }
  for (const {name, file} of places) {
    try {
      makeFolder(dirname(file))
      // Of a device or a pipe nothing is left of an earlier job.
      if (lstatSync(file, {throwIfNoEntry: false})?.isFile()) rmSync(file)
      if (statSync(file, {throwIfNoEntry: false}) === undefined) {
        writeFileSync(file, '')
        rmSync(file)
      }
    } catch (error) {
      throw new LabError('usage', `--${name} cannot be written: ${(error as Error).message}`, {cause: error})
    }
  }
  return new CiOutputs(options)
}

export class CiOutputs {
  readonly #options: CiOptions
  readonly #reports: Report[] = []
  /** To be framed; of the first also as it is by itself. */
  readonly #pages: string[] = []
  #first: string | undefined
  readonly #comparisons: Comparison[] = []
  readonly #annotations: string[] = []

  constructor(options: CiOptions) {
    this.#options = options
  }

  /** @param folder null: it has none, and so no logs. */
  add({report, history, folder}: Pick<Run, 'report' | 'history'> & {readonly folder: string | null}): void {
    this.#reports.push(report)
    if (this.#options.html === undefined) return
    const logs = folder === null ? new Map<string, string>() : readLogs(folder)
    const sources = {report, history, logs, called: caller()}
    this.#first ??= renderHtml(sources)
    this.#pages.push(renderHtml({...sources, framed: true}))
  }

  /**
   * A run that another process has played.
   * @param begun what it was to play, for where its record cannot be read.
   * @param remarks what its record does not know.
   */
  async addRecorded(folder: string, begun: Begun, remarks: readonly string[] = []): Promise<void> {
    try {
      const run = await loadRun({folder, events: `${folder}/events.ndjson`})
      const report = await judged(run)
      this.add({report: {...report, remarks: [...report.remarks, ...remarks]}, history: run.history, folder})
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      this.addNeverBegan(begun, error)
    }
  }

  addNeverBegan(begun: Begun, error: LabError): void {
    this.add({...judgeNeverBegan(begun, error, caller()), folder: null})
  }

  /** Of the runs that were added, with earlier ones. */
  addComparison(comparison: Comparison): void {
    this.#comparisons.push(comparison)
    this.#annotations.push(comparedAnnotation(comparison))
  }

  /** What has no report, because there was no scenario to be read. */
  addUnread({message}: LabError): void {
    this.#annotations.push(annotationOf('error', {title: 'pgha-lab'}, message))
  }

  /** @returns LabError when something could not be written; the runs have been played and judged all the same. */
  write(): LabError | undefined {
    const {junit, html, markdown} = this.#options
    try {
      if (this.#reports.length > 0) {
        if (junit !== undefined) writeFileSync(junit, renderJunit(this.#reports, this.#comparisons.map(comparedSuite)))
        if (html !== undefined) writeFileSync(html, this.#page())
        if (markdown !== undefined) writeFileSync(markdown, this.#markdown(renderMarkdown))
      }
      if (this.#options.github) this.#tellGithub()
      return undefined
    } catch (error) {
      return new LabError('setup-failed', `cannot write what CI is to read: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  /** @param of how the runs are told. */
  #markdown(of: (reports: readonly Report[]) => string): string {
    return [of(this.#reports), ...this.#comparisons.map(comparedMarkdown)].join('\n')
  }

  #page(): string {
    return this.#pages.length === 1 ? this.#first! : renderHtmlSeveral(this.#reports, this.#pages)
  }

  #tellGithub(): void {
    const annotations = renderGithub(this.#reports.map(fromTheRepository)) + this.#annotations.join('')
    // It reads both, and with --json stdout is data for somebody else.
    if (this.#options.json) tellData(annotations)
    else printData(annotations)
    const summary = process.env.GITHUB_STEP_SUMMARY
    if (!summary || this.#reports.length === 0) return
    const there = statSync(summary, {throwIfNoEntry: false})?.size ?? 0
    const whole = this.#markdown(renderMarkdown)
    const fits = there + Buffer.byteLength(whole) <= mostSummaryBytes
    appendFileSync(summary, fits ? whole : this.#markdown(markdownTable))
  }
}
