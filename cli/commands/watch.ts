import type {Command} from 'commander'
import {command, nameOption} from '../options.ts'

export function watch(): Command {
  return command(
    'watch',
    [
      'Leave one screen of a lab open: members, etcd, ways in, runs and logs; and break and heal things from it.',
      '',
      '`?` on it tells its keys, its signs and its words. `/` finds a fault or a scenario, says what it would hit, and does it; `h` heals. ' +
        'What it has broken is healed before it ends. It works beside other commands: the lab is its own only while a fault of its own is in force.',
      '',
      'Without a terminal, or with --plain, a line for whatever happens is printed, until Ctrl-C.',
    ].join('\n'),
    'watch\nwatch --name second\nwatch --plain',
  )
    .addOption(nameOption())
    .option('--plain', 'a line for whatever happens, instead of the screen; what a screen reader gets')
    .action(async ({name, plain}: {name: string; plain?: boolean}) => {
      const {engineOfLab, openOurs} = await import('../../lab/index.ts')
      const {hasScreen} = await import('../ui/terminal.ts')
      const lab = await openOurs(engineOfLab(name), name)
      // Without a keyboard nobody could leave the screen.
      if (plain || !hasScreen() || !process.stdin.isTTY) return (await import('../watch/plain.ts')).watchPlainly(lab)
      const {watchOnScreen} = await import('../watch/screen.ts')
      return await watchOnScreen(lab)
    })
}
