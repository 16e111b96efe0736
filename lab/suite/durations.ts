/** How long scenarios took, as an earlier suite tells: what all shards are given alike. */
import {existsSync, readdirSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {LabError} from '../words/errors.ts'
import {readRecord, recordsIn} from './record.ts'

/** The artifacts of several jobs lie in a folder each. */
const deepest = 3

/** A run that was not played to its end tells nothing of how long one takes. */
const played: readonly string[] = ['passed', 'failed', 'inconclusive']

/**
 * Scenario -> seconds; of one that was played several times the median.
 * @param place the record of a suite (what `chaos --suite --json` prints, or what lies in its --out), or a folder with those of all shards.
 * @throws LabError `config` for what cannot be read, or tells of no scenario with these timings.
 */
export function durationsFrom(place: string, profile: string): ReadonlyMap<string, number> {
  if (!existsSync(place))
    throw new LabError('usage', `there is no ${place} to learn durations from`, {
      hint: 'name what `chaos --suite --json` printed, or the folder of its --out; without --durations they are estimated, by all shards alike',
    })
  const files = statSync(place).isDirectory() ? recordsUnder(place) : [place]
  if (files.length === 0)
    throw new LabError('config', `${place} has no record of a suite: suite.json, or shard-1-of-2.json and its like`)
  const known = files
    .map(readRecord)
    .filter(record => record.profile === profile)
    .flatMap(record => record.scenarios)
    .filter(({ending}) => played.includes(ending))
  if (known.length === 0)
    throw new LabError('config', `${place} tells of no scenario that was played with the timings of ${profile}`)
  return new Map(
    [...Map.groupBy(known, one => one.scenario)].map(([scenario, all]) => [
      scenario,
      median(all.map(one => one.seconds)),
    ]),
  )
}

function recordsUnder(folder: string, depth = deepest): readonly string[] {
  const inside =
    depth === 0
      ? []
      : readdirSync(folder, {withFileTypes: true})
          .filter(entry => entry.isDirectory())
          .flatMap(entry => recordsUnder(join(folder, entry.name), depth - 1))
  return [...recordsIn(folder), ...inside]
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)]!
}
