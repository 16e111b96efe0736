/** Recorded runs for the renderers' tests. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import type {History} from '../../../lab/history/history.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'

const folder = join(import.meta.dirname, '..', '..', 'histories')

/** e.g. `kill-leader.pass`. Of the scenarios those that look unlike each other; drawing all of them would take minutes. */
export const recordedNames: readonly string[] = globSync('*.ndjson.gz', {cwd: folder})
  .filter(file => /^(kill-leader|leader-isolated|orphaned-primary|watchdog-resets|switchover)/.test(file))
  .map(file => file.replace(/\.ndjson\.gz$/, ''))
  .sort()

export function recorded(name: string): History {
  return parseHistory(gunzipSync(readFileSync(join(folder, `${name}.ndjson.gz`))).toString())
}
