/** How long scenarios took when they were played last, from the reports in the state directory. */
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {stateRoot} from '../state/state.ts'

/** Scenario -> seconds of its latest run on a lab of this profile. A report that cannot be read teaches nothing. */
export function learnedSeconds(profile: string, root = join(stateRoot(), 'runs')): ReadonlyMap<string, number> {
  const latest = new Map<string, {run: string; seconds: number}>()
  for (const lab of foldersIn(root))
    for (const run of foldersIn(join(root, lab))) {
      const scenario = /^\d{8}T\d{6}Z-(.+)$/.exec(run)?.[1]
      if (scenario === undefined || (latest.get(scenario)?.run ?? '') > run) continue
      const seconds = secondsOf(join(root, lab, run, 'report.json'), profile)
      if (seconds !== undefined) latest.set(scenario, {run, seconds})
    }
  return new Map([...latest].map(([scenario, {seconds}]) => [scenario, seconds]))
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
