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
      'With --load a few clients write and read a little on a table of their own, so that an outage is seen as they see it: how long nothing was ' +
        'written, what was lost, and how soon each driver was back. They wait while another command plays a run, which has clients of its own.',
      '',
      'Without a terminal, or with --plain, a line for whatever happens is printed, until Ctrl-C.',
    ].join('\n'),
    'watch\nwatch --load\nwatch --name second\nwatch --plain',
  )
    .addOption(nameOption())
    .option('--plain', 'a line for whatever happens, instead of the screen; what a screen reader gets')
    .option('--load', 'a few clients that write and read a little, on a table of their own')
    .action(async ({name, plain, load = false}: {name: string; plain?: boolean; load?: boolean}) => {
      const {engineOfLab, openOurs} = await import('../../lab/index.ts')
      const {hasScreen} = await import('../ui/terminal.ts')
      const lab = await openOurs(engineOfLab(name), name)
      // Without a keyboard nobody could leave the screen.
      if (plain || !hasScreen() || !process.stdin.isTTY)
        return (await import('../watch/plain.ts')).watchPlainly(lab, {load})
      const {watchOnScreen} = await import('../watch/screen.ts')
      return await watchOnScreen(lab, {load})
    })
}
