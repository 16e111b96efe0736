import type {Command} from 'commander'
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
      const {Docker, heal, lockLab, openOurs, untilHealthy} = await import('../../lab/index.ts')
      const {describe} = await import('../../lab/mend.ts')
      using _lock = lockLab(name, 'heal')
      const lab = await openOurs(new Docker(), name)
      const mended = await heal(lab)
      const says = (line: string) => void tell(`${line}\n`)
      for (const one of mended) says(`mended: ${describe(one.mend)}`)
      await untilHealthy(lab, {withinMs: 120_000, signal: new AbortController().signal, seen: says, code: 'not-ready'})
      if (json) printJson({lab: name, mended})
      else says(mended.length === 0 ? `lab ${name} is healthy; nothing was broken` : `lab ${name} is healthy`)
    })
}
