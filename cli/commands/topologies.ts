import type {Command} from 'commander'
import {command, jsonOption, printJson} from '../options.ts'
import {print} from '../output.ts'
import {textOptions} from '../text-options.ts'

export function topologies(): Command {
  const parent = command(
    'topologies',
    'List the topologies that come with pgha-lab, or show the file of one: the place to begin one of your own.',
    'topologies\ntopologies show proxy-per-node > lab.yaml\nup --topology single-etcd',
  )
  parent.helpCommand('help [command]', 'show the help of a command')
  parent.addCommand(list(), {isDefault: true})
  parent.addCommand(show())
  return parent
}

function list(): Command {
  return command(
    'list',
    'List the topologies that come with pgha-lab: what runs on how many hosts, and what each is for.',
    'topologies list\ntopologies list --json',
  )
    .addOption(jsonOption())
    .action(async ({json}: {json?: boolean}) => {
      const {presetsOf} = await import('../../lab/inside/presets.ts')
      const all = presetsOf()
      if (json) return printJson(all.map(({name, about, topology}) => ({name, about, topology})))
      const {topologyTable} = await import('../render/topology-table.ts')
      print(topologyTable(all, await textOptions()))
    })
}

function show(): Command {
  return command('show', "Print a topology's file.", 'topologies show single-etcd > lab.yaml')
    .argument('<topology>', 'its name')
    .action(async (name: string) => {
      const {presetsOf} = await import('../../lab/inside/presets.ts')
      const {insteadOf, LabError, suggestion} = await import('../../lab/inside/start.ts')
      const all = presetsOf()
      const found = all.find(one => one.name === name)
      if (found !== undefined) return print(found.text)
      const names = all.map(one => one.name)
      throw new LabError('usage', `there is no topology \`${name}\`${suggestion(name, names)}`, insteadOf(name, names))
    })
}
