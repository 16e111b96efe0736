/** A suite's record of itself: printed with --json, and in --out from the beginning on, so that one that dies is known to be missing. */
import {basename, join, resolve} from 'node:path'
import {recordName, type Shard} from '../../lab/inside/engine.ts'
import type {SuiteOutcome} from '../../lab/inside/reading.ts'
import {type AskedLab, makeFolder, toJson, whenDiskIsFull, writeWhole} from '../../lab/inside/start.ts'

interface Recorded {
  readonly suite: string
  readonly labs: AskedLab & {readonly profile: string}
  readonly parallel: number
  /** Undefined: the engine in use. */
  readonly engines: readonly string[] | undefined
  readonly shard: Shard | undefined
  readonly plan: readonly (readonly string[])[]
  readonly out?: string | undefined
}

interface Ended {
  readonly exitCode: number
  readonly wallSeconds: number
  readonly outcomes: readonly SuiteOutcome[]
  readonly unplayed: number
}

export class SuiteRecorder {
  readonly #of: Recorded

  constructor(of: Recorded) {
    this.#of = of
    this.#leave(undefined)
  }

  ended(ended: Ended): void {
    this.#leave(ended)
  }

  /** @param ended undefined: it has only begun. */
  value(ended: Ended | undefined) {
    const {suite, labs, parallel, engines, shard, plan} = this.#of
    return {
      schema: 1,
      suite,
      ...labs, // what was not asked for is left out
      parallel,
      ...(engines === undefined ? {} : {engines}),
      shard: shard === undefined ? null : {index: shard.index, count: shard.count},
      plan,
      exitCode: ended?.exitCode ?? null,
      wallSeconds: ended === undefined ? null : round(ended.wallSeconds),
      unplayed: ended?.unplayed ?? null,
      scenarios: (ended?.outcomes ?? []).map(outcome => ({...outcome, seconds: round(outcome.seconds)})),
    }
  }

  /** The folder is carried about as an artifact: in it, its runs are named as they lie there. */
  #leave(ended: Ended | undefined): void {
    const {out, shard} = this.#of
    if (out === undefined) return
    const folder = resolve(out)
    const {scenarios, ...value} = this.value(ended)
    const beside = scenarios.map(one => ({...one, folder: one.folder === null ? null : basename(one.folder)}))
    whenDiskIsFull(() => {
      makeFolder(folder)
      writeWhole(join(folder, recordName(shard)), toJson({...value, scenarios: beside}))
    }, folder)
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10
}
