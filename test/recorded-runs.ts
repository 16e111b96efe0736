/**
 * The recorded runs in test/histories, each read and judged once by a process: many tests look at all of them, and to read them takes
 * as long as to judge them. Nobody may change what is told here; who wants another run makes one of these events.
 */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import type {History} from '../lab/history/history.ts'
import {parseHistory} from '../lab/history/read-events.ts'
import {judge} from '../lab/judge/judge.ts'
import type {Report} from '../lab/judge/report.ts'

const folder = join(import.meta.dirname, 'histories')

/** e.g. `kill-leader.pass.ndjson.gz` */
export const recordedFiles: readonly string[] = globSync('*.ndjson.gz', {cwd: folder}).toSorted()

/** Unpacked, as it was written. */
export const recordedText = (file: string): string => gunzipSync(readFileSync(join(folder, file))).toString()

export const recordedRun = onceEach((file: string): History => parseHistory(recordedText(file)))

/** By its own expectations. */
export const recordedReport = onceEach((file: string): Report => judge(recordedRun(file)))

function onceEach<T>(make: (file: string) => T): (file: string) => T {
  const made = new Map<string, T>()
  return file => {
    const value = made.get(file) ?? make(file)
    made.set(file, value)
    return value
  }
}
