/** A recorded run, judged; whichever command does so says what its report.json says otherwise. */
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {z} from 'zod'
import type {RecordedRun, Report} from '../lab/index.ts'
import {decodeJson} from '../lab/inside/kept.ts'
import {LabError, next, ownCommand, readRegular} from '../lab/inside/start.ts'
import {caller, spokenNext} from './called-as.ts'
import {tell} from './output.ts'
import {titles} from './render/verdict-words.ts'

/** What its report.json has to say about itself; everything that is shown comes from the events. */
const recordedReport = z.looseObject({
  schema: z.literal(1, 'this is not a report that this version can read'),
  run: z.string(),
  verdict: z.enum(['pass', 'fail', 'unknown']),
  eventsSha256: z.string().nullable().optional(),
})
/** Those of long storms have a few megabytes. */
const mostReportBytes = 64 * 2 ** 20

/**
 * A report is always judged from the events, which are the evidence: a report.json can be edited, and so can the events after it
 * was written. What does not go together is said.
 */
export async function judged({folder, history}: Pick<RecordedRun, 'folder' | 'history'>): Promise<Report> {
  const {judge} = await import('../lab/inside/reading.ts')
  const report = judge(history, undefined, caller())
  if (folder !== null) for (const line of disagreements(folder, report)) tell(`${line}\n`)
  return report
}

function disagreements(folder: string, judged: Report): string[] {
  const file = join(folder, 'report.json')
  if (!existsSync(file)) return []
  const {text, cut} = readRegular(file, mostReportBytes)
  if (cut) return unreadable(folder, `${file} is not read: it is longer than ${mostReportBytes / 2 ** 20} MB`)
  let recorded: z.output<typeof recordedReport>
  try {
    recorded = decodeJson({file, text, what: 'report'}, recordedReport)
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return unreadable(folder, error.message)
  }
  const {eventsSha256, run, verdict} = recorded
  const about = [
    ...(eventsSha256 == null ? ['it does not say which events it was judged from'] : []),
    ...(eventsSha256 != null && eventsSha256 !== judged.eventsSha256
      ? ['events.ndjson is not what it was judged from: its SHA-256 is another']
      : []),
    ...(run === judged.run ? [] : [`it is of the run ${JSON.stringify(run)}`]),
    ...(verdict === judged.verdict
      ? []
      : [`its verdict was ${titles[verdict]}, and by the events it is ${titles[judged.verdict]}`]),
  ]
  return about.length === 0 ? [] : [`${file}: ${about.join('; ')}. The run was judged anew.`]
}

/** A broken report takes nothing from the evidence. @param why its first line tells the place. */
function unreadable(folder: string, why: string): string[] {
  const anew = ownCommand('report', folder, '--format', 'json', '--out', join(folder, 'report.json'))
  return [`${why.split('\n')[0]}. The run was judged anew`, spokenNext(next`to write it anew: ${anew}`)]
}
