import type {Command} from 'commander'
import {command, jsonOption, nameOption, printJson} from '../options.ts'
import {print} from '../output.ts'
import {textOptions} from '../text-options.ts'

export function judge(): Command {
  return command(
    'judge',
    "Judge a recorded run again, with today's checks.\nNothing is started or touched. The exit code is the verdict: 0 passed, 1 an expectation failed, 4 inconclusive.",
    'judge latest\njudge ./evidence --json\njudge run/events.ndjson.gz',
  )
    .argument('<run>', "`latest`, a run's name, its folder, its events.ndjson (or .ndjson.gz), or `-`: stdin")
    .addOption(nameOption())
    .addOption(jsonOption())
    .action(action)
}

async function action(nameOrPath: string, {name, json}: {name: string; json?: boolean}): Promise<void> {
  const {readRun} = await import('../../lab/inside/reading.ts')
  const {judged} = await import('../judged.ts')
  const run = await readRun(nameOrPath, name)
  const report = await judged(run)
  process.exitCode = report.exitCode
  if (json) return printJson({...report, folder: run.folder})
  const {renderText} = await import('../render/text.ts')
  const {answerLast} = await import('../render/summary.ts')
  const {nextAfterShown} = await import('../next-after.ts')
  const options = await textOptions()
  print(`${renderText(report, options)}\n${answerLast(report, options, nextAfterShown('report', nameOrPath, name))}`)
}
