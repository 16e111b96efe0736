/** What was asked for with --out has to say that nothing was played; whoever reads it later may not see this exit code. */
import {existsSync, readdirSync} from 'node:fs'
import type {InjectionPhase, LabError, Place, Scenario} from '../lab/index.ts'
import {exitCodes} from '../lab/inside/start.ts'
import {caller} from './called-as.ts'
import {printJson} from './options.ts'
import {tell} from './output.ts'

/**
 * An earlier run that --overwrite was to take away gives way to the report as it would have to the run. It stays, and that is said,
 * where what was asked for was not valid, and where it is not over: another command may be writing it.
 * @param scenario undefined: it could not be read.
 */
export async function leaveReport(
  scenario: Omit<Scenario, 'file'> | undefined,
  {
    name,
    json,
    phase,
  }: {readonly name: string; readonly json?: boolean | undefined; readonly phase?: InjectionPhase | undefined},
  place: Place,
  error: LabError,
): Promise<void> {
  const {clear, holdsEarlierRun, isOver} = await import('../lab/inside/kept.ts')
  if (holdsEarlierRun(place)) {
    if (error.exitCode === exitCodes.usage || (error.code === 'busy' && !isOver(place))) {
      tell(`${place.folder} still holds the earlier run\n`)
      return
    }
    clear(place)
  }
  if (scenario === undefined) return
  if (holdsFiles(place.folder)) return // it has begun, and says itself how it ended
  const {leaveNeverBegan} = await import('../lab/index.ts')
  const {writeReports} = await import('./render/write-reports.ts')
  const {folder, report, history} = leaveNeverBegan(
    place.folder,
    {lab: name, scenario, ...(phase === undefined ? {} : {phase})},
    error,
    caller(),
  )
  writeReports(folder, report, history)
  if (json) printJson({...report, folder})
}

function holdsFiles(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder, {recursive: true, withFileTypes: true}).some(one => one.isFile())
}
