/** What was asked for with --out has to say, red, that nothing was played; whoever reads it later may not see this exit code. */
import {existsSync, readdirSync} from 'node:fs'
import type {Scenario} from '../lab/scenario/index.ts'
import type {Place} from '../lab/state/run-folder.ts'
import type {LabError} from '../lab/words/errors.ts'
import {printJson} from './options.ts'
import {tell} from './output.ts'

export async function leaveReport(
  scenario: Omit<Scenario, 'file'>,
  {name, json}: {readonly name: string; readonly json?: boolean | undefined},
  place: Place,
  error: LabError,
): Promise<void> {
  const earlier = place.files.length > 0 && place.files.every(file => existsSync(file))
  if (error.code === 'usage' || error.code === 'cannot-run-here') {
    if (earlier) tell(`${place.folder} still holds the earlier run\n`)
    return
  }
  const {clear, leaveNeverBegan} = await import('../lab/index.ts')
  // --overwrite: an earlier run, green perhaps, must not be published as this one's.
  if (earlier) clear(place)
  if (existsSync(place.folder) && readdirSync(place.folder).length > 0) return // it has begun, and says itself how it ended
  const {writeReports} = await import('./render/write-reports.ts')
  const {folder, report, history} = leaveNeverBegan(place.folder, name, scenario, error)
  writeReports(folder, report, history)
  if (json) printJson({...report, folder})
}
