import type {Command} from 'commander'
import {LabError, next, onLab} from '../../lab/inside/start.ts'
import {command, jsonOption, nameOption, printJson} from '../options.ts'
import {tell} from '../output.ts'

export function heal(): Command {
  return command(
    'heal',
    'Mend whatever is broken in a lab, whoever broke it, and wait until it is healthy.\nExit code: 0 it is healthy, 3 it did not become so, 5 something could not be mended.',
    'heal\nheal --name second',
  )
    .addOption(nameOption())
    .addOption(jsonOption())
    .action(async ({name, json}: {name: string; json?: boolean}) => {
      const {engineOfLab, heal, lockLab, openOurs, untilHealthy} = await import('../../lab/index.ts')
      const {sayMend} = await import('../../lab/inside/reading.ts')
      using _lock = lockLab(name, 'heal')
      const lab = await openOurs(engineOfLab(name), name).catch(async error =>
        Promise.reject(await withWhatIsLeft(name, error)),
      )
      const mended = await heal(lab)
      const says = (line: string) => void tell(`${line}\n`)
      for (const one of mended) says(`mended: ${sayMend(one.mend)}`)
      // What was broken may still have its effect, one loop of the leader later.
      const forMs = mended.length === 0 ? 0 : (lab.topology.patroni.loopWaitSeconds + 1) * 1000
      const {signal} = new AbortController()
      await untilHealthy(lab, {withinMs: 120_000, signal, seen: says, code: 'not-ready', forMs})
      if (json) printJson({lab: name, mended})
      else says(mended.length === 0 ? `lab ${name} is healthy; nothing was broken` : `lab ${name} is healthy`)
    })
}

/** Whose lab it is cannot be asked of a dead engine; what is to be mended stands in the journal. */
async function withWhatIsLeft(name: string, error: unknown): Promise<unknown> {
  const {inForce} = await import('../../lab/inside/reading.ts')
  const {sayMend} = await import('../../lab/inside/reading.ts')
  if (!(error instanceof LabError) || !['docker-missing', 'engine', 'timeout'].includes(error.code)) return error
  const left = [...new Set(inForce(name).map(({mend}) => sayMend(mend)))]
  if (left.length === 0) return error
  return new LabError(error.code, `${error.message}; still to do in lab ${name}: ${left.join(', ')}`, {
    cause: error,
    hint: next`${error.next ?? ''}
${onLab(name, 'heal')}`,
  })
}
