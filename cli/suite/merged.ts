/** The reports of a suite's shards, put together: what nobody shows is a run that never began, red in every form of the report. */
import type {Report, Timings} from '../../lab/index.ts'
import {type GivenRecord, merge} from '../../lab/inside/reading.ts'
import {LabError} from '../../lab/inside/start.ts'
import {caller} from '../called-as.ts'
import {renderHtml} from '../render/html.ts'

export interface ShownRun {
  readonly report: Report
  /** To be framed among others; empty where no page was asked for. */
  readonly page: string
  readonly place: string
  /** Where its time went, where that was asked for. */
  readonly timings?: Timings
}

export interface MergedRuns {
  readonly missing: readonly ShownRun[]
  readonly odd: readonly string[]
  readonly says: string
  readonly exitCode: number
}

/** @throws LabError `config` for a scenario that this version does not know. */
export async function merged(
  records: readonly GivenRecord[],
  runs: readonly ShownRun[],
  withPages: boolean,
): Promise<MergedRuns> {
  const {missing, ...told} = merge(
    records,
    runs.map(({place, report: {run, scenario, exitCode}}) => ({run, scenario, place, exitCode})),
  )
  if (missing.length === 0) return {...told, missing: []}
  const {judgeNeverBegan, loadScenario} = await import('../../lab/inside/engine.ts')
  const {scenarioNames} = await import('../../lab/index.ts')
  const known = new Set(scenarioNames())
  const [lab] = runs.map(({report}) => report.lab)
  return {
    ...told,
    missing: missing.map(({scenario, says}) => {
      // A record may come from anywhere, and names no file of this machine.
      if (!known.has(scenario))
        throw new LabError('config', `${scenario} is missing, and this version knows no such scenario`, {
          hint: 'put the reports together with the version that played them',
        })
      const begun = {lab: lab ?? 'lab', scenario: loadScenario(scenario)}
      const {report, history} = judgeNeverBegan(begun, new LabError('not-ready', says), caller())
      const page = withPages ? renderHtml({report, history, logs: new Map(), called: caller(), framed: true}) : ''
      return {report, page, place: ''}
    }),
  }
}
