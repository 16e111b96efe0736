/** How long scenarios took when they were played last, from the reports in the state directory. */
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {stateRoot} from '../state/folders.ts'

/** Scenario -> seconds of its latest run on a lab of this profile. A report that cannot be read teaches nothing. */
export function learnedSeconds(profile: string, root = join(stateRoot(), 'runs')): ReadonlyMap<string, number> {
  const runs = foldersIn(root)
    .flatMap(lab => foldersIn(join(root, lab)).map(run => ({lab, run})))
    .toSorted((a, b) => (a.run < b.run ? 1 : -1))
  const latest = new Map<string, number>()
  // The latest first: of a scenario that has been played a hundred times one report is read.
  for (const {lab, run} of runs) {
    const scenario = /^\d{8}T\d{6}Z-(.+)$/.exec(run)?.[1]
    if (scenario === undefined || latest.has(scenario)) continue
    const seconds = secondsOf(join(root, lab, run, 'report.json'), profile)
    if (seconds !== undefined) latest.set(scenario, seconds)
  }
  return latest
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, {withFileTypes: true})
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function secondsOf(file: string, wanted: string): number | undefined {
  try {
    const {profile, durationMicros} = JSON.parse(readFileSync(file, 'utf8')) as {
      profile?: unknown
      durationMicros?: unknown
    }
    return profile === wanted && typeof durationMicros === 'number' ? durationMicros / 1e6 : undefined
  } catch {
    // an interrupted run has no report, an old one another form: the estimate stands in for both
    return undefined
  }
}
