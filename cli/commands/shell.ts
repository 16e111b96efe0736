import type {Command} from 'commander'
import {command, nameOption} from '../options.ts'

export function shell(): Command {
  return command(
    'shell',
    'Open a shell on a host of the lab, or run one command there.',
    'shell node1\nshell node1 -- pg_controldata /data/postgresql',
  )
    .argument('<host>', 'node1, proxy1, app1 ...')
    .argument('[command...]', 'a command instead of a shell, after --')
    .addOption(nameOption())
    .action(async (host: string, argv: readonly string[], {name}: {name: string}) => {
      const {engineOfLab, openOurs} = await import('../../lab/index.ts')
      const {knownHost} = await import('../known-host.ts')
      const {attach} = await import('../attach.ts')
      const lab = await openOurs(engineOfLab(name), name)
      process.exitCode = await attach(lab, knownHost(lab, host), argv.length > 0 ? argv : ['bash'])
    })
}
