/** A scenario played before an audience: under load, and right before it breaks something it waits until somebody says so. */

import type {Step} from '../../lab/index.ts'
import {LabError} from '../../lab/inside/start.ts'
import {caller} from '../called-as.ts'
import {complain} from '../complain.ts'
import {nextAfter} from '../next-after.ts'
import {print, tell} from '../output.ts'
import {renderSummary} from '../render/summary.ts'
import {writeReports} from '../render/write-reports.ts'
import {textOptions} from '../text-options.ts'
import {plainRun} from '../ui/plain.ts'

interface Presented {
  readonly lab: string
  readonly scenario: string
  readonly signal: AbortSignal
  /** Shown before each break; the break comes when it resolves. */
  readonly pause: (says: string) => Promise<void>
}

/**
 * Its exit code, with everything healed, also when the pause was left.
 * @throws whatever the pause was left with; LabError before anything is touched.
 */
export async function presentRun({lab: name, scenario: named, signal, pause}: Presented): Promise<number> {
  const {Docker, loadScenario, lockLab, openOurs, runScenario, sayStep} = await import('../../lab/index.ts')
  const scenario = loadScenario(named)
  await using lab = await openOurs(new Docker(), name)
  using _lock = lockLab(name, `workshop: chaos ${named}`)
  let left: unknown
  // Only before what breaks: how long it stays broken is a part of what the scenario expects.
  const before = async (step: Step) => {
    if (step.do !== 'inject' || left !== undefined) return
    try {
      await pause(sayStep(step))
    } catch (error) {
      left = error
      throw new LabError('interrupted', 'the audience was left')
    }
  }
  let stop = () => {}
  const run = await runScenario(lab, scenario, {
    ...{signal, called: caller(), before, asRows: true},
    watch: history => {
      stop = plainRun(line => tell(line), history)
    },
  }).finally(() => stop())
  const {report, history, folder} = run
  const error = run.error ?? writeReports(folder, report, history)
  if (left !== undefined) throw left
  print(renderSummary(report, await textOptions(), nextAfter(report, folder, name, true)))
  if (error !== undefined) complain(error)
  return report.exitCode
}
