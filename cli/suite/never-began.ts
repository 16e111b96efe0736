/** A suite's runs that never began leave a report in its --out, as a run of its own does: red, one for each. */
import {existsSync} from 'node:fs'
import {loadScenario} from '../../lab/scenario/index.ts'
import {placeFor} from '../../lab/state/run-folder.ts'
import {LabError} from '../../lab/words/errors.ts'
import {leaveReport} from '../leave-report.ts'
import type {Outcome} from './outcome.ts'
import type {Job} from './plan.ts'
import {fileName} from './run.ts'

export async function leaveUnplayed(
  out: string,
  lab: string,
  jobs: readonly Job[],
  outcomes: readonly Outcome[],
): Promise<void> {
  for (const [scenario, all] of Map.groupBy(jobs, job => job.scenario)) {
    const ended = outcomes.filter(outcome => outcome.scenario === scenario)
    // What cannot be played here, or is not valid, is told by itself.
    if (ended.some(({ending}) => ending === 'skipped' || ending === 'usage')) continue
    const why = ended.find(({folder}) => folder === null)
    const error = new LabError(
      why === undefined || why.ending === 'interrupted' ? 'interrupted' : 'not-ready',
      why?.headline ?? 'not played: the suite was interrupted',
    )
    for (let times = 0; times < all.length; times++) {
      const folder = `${out}/${fileName(scenario, times)}`
      if (!existsSync(folder)) await leaveReport(loadScenario(scenario), {name: lab}, placeFor(folder, false), error)
    }
  }
}
