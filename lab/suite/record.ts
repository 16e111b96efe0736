/** What a suite, or its part of one, leaves about itself: what was to be played, by whom, and how each of its own ended. */
import {existsSync, readdirSync, statSync} from 'node:fs'
import {dirname, isAbsolute, join} from 'node:path'
import {z} from 'zod'
import {decodeJson} from '../words/decode.ts'
import {LabError} from '../words/errors.ts'
import {readRegular} from '../words/regular-file.ts'
import type {Shard} from './shard.ts'

/** As `chaos --suite --json` prints it, and as it lies in --out. */
const suiteRecord = z.looseObject({
  schema: z.literal(1, 'this is not the record of a suite that this version can read'),
  suite: z.string(),
  profile: z.string(),
  /** Null where it was not dealt out. */
  shard: z
    .object({index: z.int().min(1), count: z.int().min(1)})
    .nullable()
    .default(null),
  /** The scenarios of each shard, in their order; of one that was not dealt out, one list. Left out by earlier versions. */
  plan: z.array(z.array(z.string())).default([]),
  /** Null: it had not ended when this was written. */
  exitCode: z.int().nullable(),
  scenarios: z.array(
    z.looseObject({
      scenario: z.string(),
      ending: z.string(),
      seconds: z.number(),
      headline: z.string().default(''),
      /** Where the evidence is; a relative one begins where the record lies. */
      folder: z.string().nullable().default(null),
    }),
  ),
})

export type SuiteRecord = z.output<typeof suiteRecord>

const mostRecordBytes = 64 * 2 ** 20
const recordFile = /^(suite|shard-\d+-of-\d+)\.json$/

/** Each shard has a name of its own, so that all may leave theirs in one folder. */
export function recordName(shard: Shard | undefined): string {
  return shard === undefined ? 'suite.json' : `shard-${shard.index}-of-${shard.count}.json`
}

/** Those that lie right in a folder, by name. */
export function recordsIn(folder: string): readonly string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return []
  return readdirSync(folder, {withFileTypes: true})
    .filter(entry => entry.isFile() && recordFile.test(entry.name))
    .map(entry => join(folder, entry.name))
    .sort()
}

/** @throws LabError `config` with the place. */
export function readRecord(file: string): SuiteRecord {
  const {text, cut} = readRegular(file, mostRecordBytes)
  if (cut) throw new LabError('config', `${file} is not read: it is longer than ${mostRecordBytes / 2 ** 20} MB`)
  return decodeJson({file, text, what: 'record of a suite'}, suiteRecord)
}

/**
 * Where the evidence lies now: beside the record, since artifacts are carried about, else as it is written.
 * @returns null where it is in neither place.
 */
export function evidenceOf(file: string, folder: string): string | null {
  const beside = join(dirname(file), folder.split(/[/\\]/).at(-1) ?? '')
  return [beside, ...(isAbsolute(folder) ? [folder] : [])].find(place => existsSync(place)) ?? null
}
