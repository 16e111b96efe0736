import type {Command} from 'commander'
import {LabError, next, ownCommand, sayHint, sentence} from '../../lab/inside/start.ts'
import {caller, spoken} from '../called-as.ts'
import {onInterrupt} from '../interrupt.ts'
import {command, jsonOption, printJson} from '../options.ts'
import {print} from '../output.ts'
import {showProgress} from '../progress.ts'
import {textOptions} from '../text-options.ts'

export function doctor(): Command {
  return command(
    'doctor',
    'Say what is there, what is missing, and the one fix for each.\nThe last lines are what this kernel and engine can do: scenarios that need more are skipped.\nExit code: 3 when something is missing without which no lab can be raised, else 0.',
    'doctor\ndoctor --fix',
  )
    .option('--fix', 'install and build what is missing, as `up` would')
    .addOption(jsonOption())
    .action(action)
}

async function action({fix, json}: {fix?: boolean; json?: boolean}): Promise<void> {
  const {Docker} = await import('../../lab/inside/engine.ts')
  const {examine} = await import('../../lab/inside/engine.ts')
  const docker = new Docker()
  if (fix) await repair()
  const examined = await examine(docker)
  if (json) printJson(examined.map(one => ({...one, fix: one.fix === null ? null : sayHint(one.fix)})))
  else {
    const {renderExamined} = await import('../render/doctor-text.ts')
    print(renderExamined(examined, (await textOptions()).width, caller()))
  }
  if (examined.some(one => one.state === 'fail')) process.exitCode = 3
}

async function repair(): Promise<void> {
  const {Docker} = await import('../../lab/inside/engine.ts')
  const {ensureReady} = await import('../../lab/inside/engine.ts')
  using interrupt = onInterrupt({
    first: 'stopping ...',
    second: spoken(sentence`once more leaves at once; \`${ownCommand('doctor', '--fix')}\` goes on later`),
  })
  const shown = await showProgress()
  try {
    const docker = new Docker()
    docker.heed(interrupt.signal)
    await ensureReady(docker, shown.progress, {signal: interrupt.signal})
  } catch (error) {
    if (!interrupt.signal.aborted) throw error
    throw new LabError('interrupted', 'interrupted', {
      cause: error,
      hint: next`to go on where this stopped: ${ownCommand('doctor', '--fix')}`,
    })
  } finally {
    await shown.done()
  }
}
