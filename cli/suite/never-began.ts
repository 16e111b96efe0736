/** A suite's runs that never began leave a report in its --out and in what CI reads, as a run of its own does: red, one for each. */
import {join} from 'node:path'
import type {Place, SuiteJob} from '../../lab/index.ts'
import {fileName, loadScenario} from '../../lab/inside/engine.ts'
import {placeFor} from '../../lab/inside/kept.ts'
import {type SuiteOutcome, sayAgain} from '../../lab/inside/reading.ts'
import {LabError} from '../../lab/inside/start.ts'
import type {CiOutputs} from '../ci-outputs.ts'
import {leaveReport} from '../leave-report.ts'

/** Where the runs of each scenario go. @throws LabError as `placeFor` */
export function placesOf(
  out: string,
  jobs: readonly SuiteJob[],
  overwrite: boolean,
): ReadonlyMap<string, readonly Place[]> {
  const byScenario = Map.groupBy(jobs, job => job.scenario)
  return new Map(
    [...byScenario].map(([scenario, all]) => [
      scenario,
      all.map((_, times) => placeFor(join(out, fileName(scenario, times)), overwrite)),
    ]),
  )
}

export async function leaveAll(
  places: ReadonlyMap<string, readonly Place[]> | undefined,
  lab: string,
  error: LabError,
): Promise<void> {
  for (const [scenario, all] of places ?? [])
    for (const place of all) await leaveReport(loadScenario(scenario), {name: lab}, place, error)
}

/** @param places as they were before anything was played. */
export async function leaveUnplayed(
  places: ReadonlyMap<string, readonly Place[]>,
  lab: string,
  outcomes: readonly SuiteOutcome[],
): Promise<void> {
  for (const [scenario, all] of places) {
    const ended = outcomes.filter(outcome => outcome.scenario === scenario)
    // What cannot be played here has left its own report; what is not valid is told by itself.
    if (ended.some(({ending, lab}) => (ending === 'skipped' && lab !== null) || ending === 'usage')) continue
    const why = ended.find(({folder}) => folder === null)
    const error = new LabError(
      why === undefined ? 'interrupted' : (codes[why.ending] ?? 'not-ready'),
      why?.headline ?? 'not played: the suite was interrupted',
    )
    for (const place of all) await leaveReport(loadScenario(scenario), {name: lab}, place, error)
  }
}

/** What CI is to read of a suite: each run that was played, and each that was not, in the order of their names. */
export async function addRuns(
  outputs: CiOutputs | undefined,
  jobs: readonly SuiteJob[],
  lab: string,
  outcomes: readonly SuiteOutcome[],
  why = new LabError('interrupted', 'not played: the suite was interrupted'),
): Promise<void> {
  if (outputs === undefined) return
  for (const [name, all] of [...Map.groupBy(jobs, job => job.scenario)].toSorted(([a], [b]) => a.localeCompare(b))) {
    const scenario = loadScenario(name)
    const ended = outcomes.filter(outcome => outcome.scenario === name)
    for (const {folder, ending, headline, lab: on, again = []} of ended) {
      const begun = {lab: on ?? lab, scenario}
      const says = [headline, ...again.map(sayAgain)].join('; ')
      if (folder === null) outputs.addNeverBegan(begun, new LabError(codes[ending] ?? 'not-ready', says))
      else await outputs.addRecorded(folder, begun, again.map(sayAgain))
    }
    for (let left = all.length - ended.length; left > 0; left--) outputs.addNeverBegan({lab, scenario}, why)
  }
}

/** As a run of its own would have ended. */
const codes: Partial<Record<SuiteOutcome['ending'], LabError['code']>> = {
  skipped: 'cannot-run-here',
  usage: 'config',
  interrupted: 'interrupted',
}
