import {readFileSync} from 'node:fs'
import {join, relative, resolve} from 'node:path'
import {type Command, Option} from 'commander'
import {LabError} from '../../lab/errors.ts'
import type {RecordedRun} from '../../lab/find-run.ts'
import type {Report} from '../../lab/report.ts'
import {command, nameOption} from '../options.ts'
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
    'Show the report of a recorded run again, in the form of your choice.\nNothing is started or judged anew. The exit code tells whether it could be written, not the verdict.',
    [
      'pgha-lab report',
      'pgha-lab report latest --format html -o report.html',
      'pgha-lab report evidence/* --format junit -o junit.xml',
      'pgha-lab report --format markdown >> "$GITHUB_STEP_SUMMARY"',
      'pgha-lab report --format github',
    ].join('\n'),
  )
    .argument('[runs...]', "`latest`, a run's name, its folder, its events.ndjson (or .ndjson.gz), or a folder of runs")
    .addOption(nameOption())
    .addOption(new Option('-f, --format <format>', 'what to write').choices([...formats]).default('text'))
    .option('-o, --out <file>', 'into this file instead of stdout')
    .action(action)
}

async function action(written: readonly string[], {name, format, out}: Options): Promise<void> {
  const {findRuns, loadRun} = await import('../../lab/find-run.ts')
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
      return (await import('../render/html.ts')).renderHtml({report, history: run.history, logs: run.logs})
    }
  }
}

/** What was judged when the run ended; a run that was cut short before that, or of which only the events are there, is judged now. */
async function reportOf({folder, history}: RecordedRun): Promise<Report> {
  const recorded = folder === null ? undefined : recordedReport(join(folder, 'report.json'))
  if (recorded !== undefined) return recorded
  const {judge} = await import('../../lab/judge.ts')
  return judge(history)
}

function recordedReport(file: string): Report | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new LabError('config', `${file} cannot be read: ${(error as Error).message}`, {cause: error})
  }
  let report: Report | undefined
  try {
    report = JSON.parse(text) as Report
  } catch {
    // told below, with reports of another schema: both have the same way out
  }
  if (report?.schema !== 1)
    throw new LabError('config', `${file} is not a report that this version can read`, {
      hint: 'move it away: the run is then judged again from its events.ndjson',
    })
  // The first reports of schema 1 did not say where their scenario stands, how long they took, nor by which limit.
  return {
    ...report,
    file: report.file ?? null,
    limit: report.limit ?? null,
    durationMicros: report.durationMicros ?? report.story.at(-1)?.at ?? 0,
    findings: report.findings.map(finding => ({...finding, line: finding.line ?? null})),
  }
}

/** GitHub looks for a file from the root of the repository, which need not be where we are. */
function fromTheRepository(report: Report): Report {
  const root = process.env.GITHUB_WORKSPACE
  return root && report.file !== null ? {...report, file: relative(root, resolve(report.file))} : report
}
