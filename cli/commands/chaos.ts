import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Command} from 'commander'
import type {Recorder} from '../../lab/history.ts'
import {complain} from '../complain.ts'
import {onInterrupt} from '../interrupt.ts'
import {command, jsonOption, nameOption, printJson} from '../options.ts'

interface Options {
  name: string
  json?: boolean
  out?: string
  plain?: boolean
}

export function chaos(): Command {
  return command(
    'chaos',
    'Play a scenario on a running lab: break it under load, heal it, and answer with a verdict and its proof.\nThe exit code is the verdict: 0 passed, 1 failed, 4 inconclusive.',
    'pgha-lab chaos kill-leader\npgha-lab chaos kill-leader --json > report.json\npgha-lab chaos ./mine.yaml --out evidence',
  )
    .argument('<scenario>', 'a name from `pgha-lab scenarios`, or the path of a file')
    .addOption(nameOption())
    .option('-o, --out <dir>', 'put history, report and logs into this folder')
    .option('--plain', 'plain lines instead of the live view')
    .addOption(jsonOption())
    .action(action)
}

async function action(nameOrPath: string, options: Options): Promise<void> {
  const {Docker, exitCodes, loadScenario, lockLab, openLab, runScenario} = await import('../../lab/index.ts')
  const scenario = loadScenario(nameOrPath)
  const docker = new Docker()
  const lab = openLab(docker, options.name)
  using _lock = lockLab(options.name, `chaos ${scenario.name}`)
  using interrupt = onInterrupt({
    first: 'stopping: the fault is being healed ...',
    second: `once more leaves at once, with the fault in force; \`pgha-lab heal --name ${lab.name}\` mends it`,
  })
  let screen: Screen | undefined
  const {folder, report, error} = await runScenario(lab, scenario, {
    signal: interrupt.signal,
    out: options.out,
    watch(history) {
      screen = watch(history, options, interrupt.press)
    },
  }).finally(async () => (await screen)?.done())

  const {renderText} = await import('../render/text.ts')
  writeFileSync(join(folder, 'report.txt'), renderText(report, {color: false, width: 120}), {mode: 0o600})
  if (options.json) printJson({...report, folder})
  else {
    const {ascii, color} = await import('../ui/terminal.ts')
    const text = renderText(report, {
      color: color(process.stdout),
      ascii: ascii(),
      width: process.stdout.columns ?? 100,
    })
    process.stdout.write(`${text.trimEnd()}\n\nevidence: ${folder}\n`)
  }
  process.exitCode = report.exitCode
  if (error === undefined) return
  complain(error)
  // Healing that is incomplete wins over every other ending; then the interruption.
  process.exitCode = error.exitCode === exitCodes.healing ? error.exitCode : (interrupt.code() ?? error.exitCode)
}

type Screen = Promise<{done(): Promise<void>}>

/** The live view on a terminal, else a line for each noteworthy event. Both go to stderr, never into data. */
async function watch(history: Recorder, {json, plain}: Options, press: () => void): Screen {
  const {hasScreen} = await import('../ui/terminal.ts')
  if (hasScreen() && !json && !plain) {
    const {showRun} = await import('../ui/screen.tsx')
    return showRun(history, {onInterrupt: press, now: () => history.now()})
  }
  const {plainRun} = await import('../ui/plain.ts')
  const stop = plainRun(line => process.stderr.write(line), history)
  return {done: async () => stop()}
}
