/**
 * Recorded runs as the library gives them: each event has keys of its own, so that a copy, a `toEqual` or `structuredClone` of one has
 * what it says. The command line reads the same runs as rows of tables, in two thirds of the memory.
 */
import type {History} from '../history/history.ts'
import {loadHistory as load} from '../history/read-events.ts'
import {type FoundRun, findRun, loadRun as loadFound, type RecordedRun} from '../state/find-run.ts'

/** @throws LabError `config` that names the file, and the line and column of an event that cannot be one. */
export function loadHistory(file: string, {digest = false}: {readonly digest?: boolean} = {}): Promise<History> {
  return load(file, {digest, asObjects: true})
}

/** @throws LabError `usage` when there is no such run, `config` when it cannot be read. */
export function readRun(nameOrPath: string, lab?: string): Promise<RecordedRun> {
  return loadRun(findRun(nameOrPath, lab))
}

/** @throws LabError `config` when its events cannot be read. */
export function loadRun(found: FoundRun): Promise<RecordedRun> {
  return loadFound(found, {asObjects: true})
}
