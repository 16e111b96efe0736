import type {Command} from 'commander'
import type {FoundRun, RecordedRun, Report, Timings} from '../../lab/index.ts'
import {LabError} from '../../lab/inside/start.ts'
import {caller} from '../called-as.ts'
import {fromTheRepository} from '../from-the-repository.ts'
import {nextAfterShown} from '../next-after.ts'
import {choiceOption, command, nameOption, placeOption} from '../options.ts'
import {print, tell} from '../output.ts'
import type {TextOptions} from '../render/layout.ts'
import type {ShownRun} from '../suite/merged.ts'
import {textOptions} from '../text-options.ts'
import {mediansOf, timingsOfRun} from '../timings.ts'
import {writeOut} from '../write-out.ts'

const formats = ['text', 'markdown', 'json', 'junit', 'github', 'html'] as const
type Format = (typeof formats)[number]
/** These put several runs into one document. */
const severalAtOnce: readonly Format[] = ['markdown', 'junit', 'github', 'html', 'text']
interface Options {
  name: string
  format: Format
  out?: string
  timings?: boolean
}

export function report(): Command {
  return command(
    'report',
    'Show the report of a recorded run again, in the form of your choice.\nNothing is started. It is judged by its events, and what its report.json says otherwise is told. The exit code tells whether it could be written, not the verdict; of the shards of a suite (`chaos --shard`), which are put together here, it is the verdict of all.',
    [
      'report',
      'report latest --format html -o report.html',
      'report evidence/* --format junit -o junit.xml',
      'report shard-1 shard-2 shard-3 --format html -o report.html',
      'report --format markdown >> "$GITHUB_STEP_SUMMARY"',
      'report --format github',
      'report latest --timings',
    ].join('\n'),
  )
    .argument(
      '[runs...]',
      "`latest`, a run's name, its folder, its events.ndjson (or .ndjson.gz), a folder of runs, what a shard of a suite has left, or `-`: stdin",
    )
    .addOption(nameOption())
    .addOption(choiceOption('-f, --format <format>', 'what to write', formats).default('text'))
    .option('--timings', 'say where its time went, part by part; of several runs the medians')
    .addOption(placeOption('-o, --out <file>', 'into this file instead of stdout'))
    .action(action)
}

async function action(written: readonly string[], {name, format, out, timings = false}: Options): Promise<void> {
  if (timings && format !== 'text' && format !== 'json')
    throw new LabError('usage', `--timings goes with --format text or json, and not with ${format}`)
  const {given} = await import('../suite/given.ts')
  const {found, records} = await given(written.length === 0 ? ['latest'] : written, name)
  if (found.length > 1 && !severalAtOnce.includes(format))
    throw new LabError('usage', `${format} shows one run at a time, and these are ${found.length}`, {
      hint: `name one of them, or use --format ${severalAtOnce.join(' or ')}`,
    })
  const several = found.length > 1 || records.length > 0
  const runs = await readAll(found, format, {several, timings})
  const merged =
    records.length === 0
      ? undefined
      : await (await import('../suite/merged.ts')).merged(records, runs, format === 'html')
  const all = [...runs, ...(merged?.missing ?? [])]
  const took = runs.flatMap(one => one.timings ?? [])
  writeOut(await render(format, all, {several, toFile: out !== undefined, took}), out)
  if (merged !== undefined) {
    for (const line of [...merged.odd, merged.says]) tell(`${line}\n`)
    process.exitCode = merged.exitCode
  }
  const [one] = all
  // The answer last: it is what remains on a screen. A file has it first.
  if (all.length !== 1 || one === undefined || format !== 'text' || out !== undefined || !process.stdout.isTTY) return
  const {answerLast} = await import('../render/summary.ts')
  const after = nextAfterShown('report', written[0] ?? 'latest', name)
  print(`\n${answerLast(one.report, await textOptions(), after)}`)
}

/** One after the other: the histories of a whole suite need not be in memory at once. */
async function readAll(
  found: readonly FoundRun[],
  format: Format,
  {several, timings}: {readonly several: boolean; readonly timings: boolean},
): Promise<ShownRun[]> {
  const {loadRun} = await import('../../lab/inside/reading.ts')
  const runs: ShownRun[] = []
  for (const one of found) {
    const run = await loadRun(one)
    const {judged} = await import('../judged.ts')
    const report = await judged(run)
    const page = format === 'html' ? await pageOf({...run, report}, several) : ''
    const took = timings ? {timings: await timingsOfRun(run)} : {}
    runs.push({report, page, place: run.folder ?? run.events, ...took})
  }
  return runs
}

async function pageOf(
  {report, history, logs}: Pick<RecordedRun, 'history' | 'logs'> & {readonly report: Report},
  framed: boolean,
): Promise<string> {
  const {renderHtml} = await import('../render/html.ts')
  return renderHtml({report, history, logs, called: caller(), framed})
}

async function render(
  format: Format,
  runs: readonly ShownRun[],
  {several, toFile, took}: {readonly several: boolean; readonly toFile: boolean; readonly took: readonly Timings[]},
): Promise<string> {
  const reports = runs.map(one => one.report)
  switch (format) {
    case 'text': {
      const {renderText} = await import('../render/text.ts')
      const options = toFile ? {color: false, width: 120} : await textOptions()
      const texts = reports.map(one => renderText(one, options))
      return [...texts, ...(await timingsTable(took, options))].join('\n')
    }
    case 'markdown':
      return (await import('../render/markdown.ts')).renderMarkdown(reports)
    case 'json':
      return (await import('../render/json.ts')).renderJson(reports[0]!, took[0])
    case 'junit':
      return (await import('../render/junit.ts')).renderJunit(reports)
    case 'github':
      return (await import('../render/github.ts')).renderGithub(reports.map(fromTheRepository))
    case 'html': {
      const {renderHtmlSeveral} = await import('../render/html-several.ts')
      return several
        ? renderHtmlSeveral(
            reports,
            runs.map(one => one.page),
          )
        : runs[0]!.page
    }
  }
}

/** Of one run in detail, of several in the median; empty where nobody asked for it. */
async function timingsTable(took: readonly Timings[], options: TextOptions): Promise<string[]> {
  const [first, ...more] = took
  const medians = await mediansOf(took)
  if (first === undefined || medians === undefined) return []
  const {renderMedianTimings, renderTimings} = await import('../render/timings.ts')
  return [more.length === 0 ? renderTimings(first, options) : renderMedianTimings(medians, options)]
}
