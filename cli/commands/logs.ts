import {createInterface} from 'node:readline'
import {type Command, InvalidArgumentError} from 'commander'
import type {Lab} from '../../lab/index.ts'
import {command, nameOption} from '../options.ts'
import {print} from '../output.ts'

interface Options {
  name: string
  follow?: boolean
  tail?: number
}

export function logs(): Command {
  return command('logs', "Print what a lab's hosts logged.", 'logs node1\nlogs --follow\nlogs proxy1 --tail 50')
    .argument('[host...]', 'these hosts; all when none is named')
    .addOption(nameOption())
    .option('-f, --follow', 'go on as lines come')
    .option('--tail <lines>', 'only the last lines of each host', wholeNumber)
    .action(action)
}

async function action(hosts: readonly string[], {name, follow, tail}: Options): Promise<void> {
  const {engineOfLab, openLab} = await import('../../lab/index.ts')
  const {knownHost} = await import('../known-host.ts')
  process.stdout.on('error', () => process.exit(0)) // nobody reads on: `| head`
  const lab = openLab(engineOfLab(name), name)
  const wanted = hosts.length > 0 ? hosts.map(host => knownHost(lab, host)) : lab.topology.hosts.map(host => host.name)
  const width = Math.max(...wanted.map(host => host.length))
  const show = (host: string) =>
    printLog(lab, host, wanted.length > 1 ? `${host.padEnd(width)} | ` : '', {
      follow: follow ?? false,
      ...(tail === undefined ? {} : {tail}),
    })
  if (follow) await Promise.all(wanted.map(show))
  else for (const host of wanted) await show(host)
}

/** Line by line and made printable, unlike `docker logs`: what a client sent ends in a server's log, and that in a CI job's. */
async function printLog(
  lab: Lab,
  host: string,
  prefix: string,
  options: {follow: boolean; tail?: number},
): Promise<void> {
  const {id} = await lab.container(host)
  const log = await lab.engineOf(host).logs(id, options)
  for await (const line of createInterface({input: log})) print(`${prefix}${line}\n`)
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number of lines.')
  return Number(text)
}
