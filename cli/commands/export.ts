import type {Command} from 'commander'
import {LabError, onLab} from '../../lab/inside/start.ts'
import {command, nameOption, placeOption} from '../options.ts'
import {writeOut} from '../write-out.ts'

interface Options {
  name: string
  jepsen?: boolean
  out?: string
}

export function exportRun(): Command {
  return command(
    'export',
    "Write a recorded run in another tool's form.",
    'export latest --jepsen > history.edn\nexport latest --jepsen --out history.edn',
  )
    .argument('<run>', "`latest`, a run's name, its folder, or its events.ndjson (or .ndjson.gz)")
    .addOption(nameOption())
    .option('--jepsen', "as Jepsen's history.edn: one EDN map a line, for its checkers")
    .addOption(placeOption('-o, --out <file>', 'into this file instead of stdout'))
    .action(action)
}

async function action(nameOrPath: string, {name, jepsen, out}: Options): Promise<void> {
  if (!jepsen)
    throw new LabError('usage', 'export needs to know the form to write', {
      hint: onLab(name, 'export', nameOrPath, '--jepsen'),
    })
  const {readRun} = await import('../../lab/inside/reading.ts')
  const {jepsenHistory} = await import('../../lab/inside/reading.ts')
  writeOut(`${jepsenHistory((await readRun(nameOrPath, name)).history).join('\n')}\n`, out)
}
