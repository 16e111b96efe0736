import {readFileSync} from 'node:fs'
import type {Command} from 'commander'
import {command, jsonOption, printJson} from '../options.ts'

export function scenarios(): Command {
  const parent = command(
    'scenarios',
    'List the scenarios, show one, or check a file of yours.',
    'pgha-lab scenarios\npgha-lab scenarios show kill-leader\npgha-lab scenarios validate ./mine.yaml',
  )
  parent.addCommand(list(), {isDefault: true})
  parent.addCommand(show())
  parent.addCommand(validate())
  return parent
}

function list(): Command {
  return command('list', 'List the scenarios that come with pgha-lab.', 'pgha-lab scenarios list --json')
    .addOption(jsonOption())
    .action(async ({json}: {json?: boolean}) => {
      const {loadScenario, scenarioNames} = await import('../../lab/index.ts')
      const all = scenarioNames().map(loadScenario)
      if (json) printJson(all)
      else for (const {name, about} of all) process.stdout.write(`${name}\n  ${about}\n`)
    })
}

function show(): Command {
  return command('show', "Print a scenario's file.", 'pgha-lab scenarios show kill-leader > mine.yaml')
    .argument('<scenario>', 'a name, or the path of a file')
    .action(async (name: string) => {
      const {loadScenario, scenarioFile} = await import('../../lab/index.ts')
      loadScenario(name)
      process.stdout.write(readFileSync(scenarioFile(name), 'utf8'))
    })
}

function validate(): Command {
  return command('validate', 'Check scenario files; nothing is touched.', 'pgha-lab scenarios validate ./mine.yaml')
    .argument('<file...>', 'scenario files')
    .action(async (files: readonly string[]) => {
      const {LabError, loadScenario} = await import('../../lab/index.ts')
      const {complain} = await import('../complain.ts')
      for (const file of files)
        try {
          loadScenario(file)
          process.stderr.write(`${file}: valid\n`)
        } catch (error) {
          if (!(error instanceof LabError)) throw error
          complain(error)
          process.exitCode = error.exitCode
        }
    })
}
