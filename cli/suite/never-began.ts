/** A suite's runs that never began leave a report in its --out, as a run of its own does: red, one for each. */
import {join} from 'node:path'
import type {Place, SuiteJob} from '../../lab/index.ts'
import {fileName, loadScenario} from '../../lab/inside/engine.ts'
import type {SuiteOutcome} from '../../lab/inside/reading.ts'
import {LabError, placeFor} from '../../lab/inside/start.ts'
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

/** @param places as they were before anything was played. */
export async function leaveUnplayed(
  places: ReadonlyMap<string, readonly Place[]>,
  lab: string,
  outcomes: readonly SuiteOutcome[],
): Promise<void> {
  for (const [scenario, all] of places) {
    const ended = outcomes.filter(outcome => outcome.scenario === scenario)
    // What cannot be played here has left its own report; what is not valid is told by itself.
    if (ended.some(({ending}) => ending === 'skipped' || ending === 'usage')) continue
    const why = ended.find(({folder}) => folder === null)
    const error = new LabError(
      why === undefined || why.ending === 'interrupted' ? 'interrupted' : 'not-ready',
      why?.headline ?? 'not played: the suite was interrupted',
    )
    for (const place of all) await leaveReport(loadScenario(scenario), {name: lab}, place, error)
  }
}
