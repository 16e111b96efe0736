/** What is to be shrunk: a plan, or a recorded run that failed. */
import {existsSync} from 'node:fs'
import {judge} from '../judge/judge.ts'
import {loadScenario, type Scenario, scenarioNames} from '../scenario/index.ts'
import {findRun, loadRun} from '../state/find-run.ts'
import {LabError} from '../words/errors.ts'
import {failedChecks} from './shrink-run.ts'

/**
 * A plan's file or one of our scenarios; else a recorded run, with the expectations that failed in it.
 * @param lab whose runs `latest` is one of. @throws LabError `usage` for a run that did not fail, and as `loadScenario`, `findRun`.
 */
export async function planOf(
  written: string,
  lab: string,
): Promise<{readonly scenario: Scenario; readonly checks?: readonly string[]}> {
  if (/\.ya?ml$/.test(written) || (scenarioNames().includes(written) && !existsSync(written)))
    return {scenario: loadScenario(written)}
  const {history} = await loadRun(findRun(written, lab))
  const report = judge(history)
  const checks = report.verdict === 'fail' ? failedChecks(report) : []
  const started = history.events.find(event => event.kind === 'run-started')
  if (checks.length === 0 || started === undefined)
    throw new LabError('usage', `that run did not fail, so there is nothing to shrink: ${report.headline}`, {
      hint: 'name a run that failed, or the file of a plan',
    })
  return {scenario: started.scenario, checks}
}
