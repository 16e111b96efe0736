import {existsSync} from 'node:fs'
import {join, relative, resolve} from 'node:path'
import type {Command} from 'commander'
import {z} from 'zod'
import type {RecordedRun, Report} from '../../lab/index.ts'
import {decodeJson, LabError, next, ownCommand, readRegular} from '../../lab/inside/start.ts'
import {caller, spokenNext} from '../called-as.ts'
import {nextAfterShown} from '../next-after.ts'
import {choiceOption, command, nameOption} from '../options.ts'
import {print, tell} from '../output.ts'
import {titles} from '../render/verdict-words.ts'
import {textOptions} from '../text-options.ts'
import {writeOut} from '../write-out.ts'

const formats = ['text', 'markdown', 'json', 'junit', 'github', 'html'] as const
type Format = (typeof formats)[number]
/** These put several runs into one document. */
const suites: readonly Format[] = ['markdown', 'junit', 'github', 'text']

interface Options {
  name: string
  format: Format
  out?: string
}

export function report(): Command {
  return command(
    'report',
    'Show the report of a recorded run again, in the form of your choice.\nNothing is started. It is judged by its events, and what its report.json says otherwise is told. The exit code tells whether it could be written, not the verdict.',
    [
      'report',
      'report latest --format html -o report.html',
      'report evidence/* --format junit -o junit.xml',
      'report --format markdown >> "$GITHUB_STEP_SUMMARY"',
      'report --format github',
    ].join('\n'),
  )
    .argument('[runs...]', "`latest`, a run's name, its folder, its events.ndjson (or .ndjson.gz), or a folder of runs")
    .addOption(nameOption())
    .addOption(choiceOption('-f, --format <format>', 'what to write', formats).default('text'))
    .option('-o, --out <file>', 'into this file instead of stdout')
    .action(action)
}

async function action(written: readonly string[], {name, format, out}: Options): Promise<void> {
  const {findRuns, loadRun} = await import('../../lab/inside/reading.ts')
  const found = (written.length === 0 ? ['latest'] : written).flatMap(one => findRuns(one, name))
  if (found.length > 1 && !suites.includes(format))
    throw new LabError('usage', `${format} shows one run at a time, and these are ${found.length}`, {
      hint: `name one of them, or use --format ${suites.join(' or ')}`,
    })
  // One after the other: the histories of a whole suite need not be in memory at once.
  const runs: {report: Report; run: RecordedRun}[] = []
  for (const one of found) {
    const run = await loadRun(one)
    const report = await reportOf(run)
    runs.push({report, run: format === 'html' ? run : {...run, history: {events: []}, logs: new Map()}})
  }
  writeOut(await render(format, runs, out !== undefined), out)
  const [one] = runs
  // The answer last: it is what remains on a screen. A file has it first.
  if (runs.length !== 1 || one === undefined || format !== 'text' || out !== undefined || !process.stdout.isTTY) return
  const {answerLast} = await import('../render/summary.ts')
  const after = nextAfterShown('report', written[0] ?? 'latest', name)
  print(`\n${answerLast(one.report, await textOptions(), after)}`)
}

async function render(
  format: Format,
  runs: readonly {report: Report; run: RecordedRun}[],
  toFile: boolean,
): Promise<string> {
  const reports = runs.map(one => one.report)
  switch (format) {
    case 'text': {
      const {renderText} = await import('../render/text.ts')
      const options = toFile ? {color: false, width: 120} : await textOptions()
      return reports.map(one => renderText(one, options)).join('\n')
    }
    case 'markdown':
      return (await import('../render/markdown.ts')).renderMarkdown(reports)
    case 'json':
      return (await import('../render/json.ts')).renderJson(reports[0]!)
    case 'junit':
      return (await import('../render/junit.ts')).renderJunit(reports)
    case 'github':
      return (await import('../render/github.ts')).renderGithub(reports.map(fromTheRepository))
    case 'html': {
      const {report, run} = runs[0]!
      return (await import('../render/html.ts')).renderHtml({
        report,
        history: run.history,
        logs: run.logs,
        called: caller(),
      })
    }
  }
}

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
async function reportOf({folder, history}: RecordedRun): Promise<Report> {
  const {judge} = await import('../../lab/inside/reading.ts')
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

/** GitHub looks for a file from the root of the repository, which need not be where we are. */
function fromTheRepository(report: Report): Report {
  const root = process.env.GITHUB_WORKSPACE
  return root && report.file !== null ? {...report, file: relative(root, resolve(report.file))} : report
}
