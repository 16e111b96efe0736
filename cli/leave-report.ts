/** What was asked for with --out has to say, red, that nothing was played; whoever reads it later may not see this exit code. */
import {existsSync, readdirSync} from 'node:fs'
import type {Scenario} from '../lab/scenario/index.ts'
import type {Place} from '../lab/state/run-folder.ts'
import type {LabError} from '../lab/words/errors.ts'
import {printJson} from './options.ts'
import {tell} from './output.ts'

export async function leaveReport(
  scenario: Scenario,
  {name, json}: {readonly name: string; readonly json?: boolean | undefined},
  place: Place,
  error: LabError,
): Promise<void> {
  if (error.code === 'usage' || error.code === 'cannot-run-here') return
  if (place.files.length > 0 && place.files.every(file => existsSync(file))) {
    tell(`${place.folder} still holds the earlier run\n`)
    return
  }
  if (existsSync(place.folder) && readdirSync(place.folder).length > 0) return // it has begun, and says itself how it ended
  const {leaveNeverBegan} = await import('../lab/index.ts')
  const {writeReports} = await import('./render/write-reports.ts')
  const {folder, report, history} = leaveNeverBegan(place.folder, name, scenario, error)
  writeReports(folder, report, history)
  if (json) printJson({...report, folder})
}
