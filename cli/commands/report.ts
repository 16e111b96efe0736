import type {Command} from 'commander'
import type {RecordedRun, Report} from '../../lab/index.ts'
import {LabError} from '../../lab/inside/start.ts'
import {caller} from '../called-as.ts'
import {fromTheRepository} from '../from-the-repository.ts'
import {judged} from '../judged.ts'
import {nextAfterShown} from '../next-after.ts'
import {choiceOption, command, nameOption, placeOption} from '../options.ts'
import {print} from '../output.ts'
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
    .addOption(placeOption('-o, --out <file>', 'into this file instead of stdout'))
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
    const report = await judged(run)
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
