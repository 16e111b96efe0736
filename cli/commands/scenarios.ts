import {readFileSync} from 'node:fs'
import type {Command} from 'commander'
import {command, jsonOption, printJson} from '../options.ts'
import {print, tell} from '../output.ts'

export function scenarios(): Command {
  const parent = command(
    'scenarios',
    'List the scenarios by suite, show one, check a file of yours, or print the JSON Schema for your editor.',
    'scenarios\nscenarios show kill-leader > mine.yaml\nscenarios validate ./mine.yaml\nscenarios schema > scenario.schema.json',
  )
  parent.helpCommand('help [command]', 'show the help of a command')
  parent.addCommand(list(), {isDefault: true})
  parent.addCommand(show())
  parent.addCommand(validate())
  parent.addCommand(schema())
  return parent
}

function list(): Command {
  return command(
    'list',
    'List the scenarios that come with pgha-lab, by suite.',
    'scenarios list\nscenarios list --suite failover\nscenarios list --json',
  )
    .option('--suite <suite>', 'only this suite')
    .addOption(jsonOption())
    .action(async ({json, suite}: {json?: boolean; suite?: string}) => {
      const {suitesNamed} = await import('../suite/named.ts')
      const chosen = suitesNamed(suite ?? 'all')
      if (json) return printJson([...chosen.values()].flat())
      for (const [name, scenarios] of chosen) {
        print(`${name}\n`)
        for (const one of scenarios) print(`  ${one.name}\n    ${one.about}\n`)
      }
    })
}

function show(): Command {
  return command(
    'show',
    "Print a scenario's file: the place to begin one of your own.",
    'scenarios show kill-leader > mine.yaml',
  )
    .argument('<scenario>', 'a name, or the path of a file')
    .action(async (name: string) => {
      const {loadScenario, scenarioFile} = await import('../../lab/index.ts')
      loadScenario(name)
      print(readFileSync(scenarioFile(name), 'utf8'))
    })
}

function validate(): Command {
  return command(
    'validate',
    'Check scenario files; nothing is touched.\nExit code: 0 when all are valid, 2 when one is not.',
    'scenarios validate ./mine.yaml\nscenarios validate chaos/*.yaml',
  )
    .argument('<file...>', 'scenario files')
    .action(async (files: readonly string[]) => {
      const {LabError, loadScenario} = await import('../../lab/index.ts')
      const {complain} = await import('../complain.ts')
      for (const file of files)
        try {
          loadScenario(file)
          tell(`${file}: valid\n`)
        } catch (error) {
          if (!(error instanceof LabError)) throw error
          complain(error)
          process.exitCode = error.exitCode
        }
    })
}

function schema(): Command {
  return command(
    'schema',
    'Print the JSON Schema (draft 7) of scenario files, for completion in an editor.\nFor VS Code, put this in the first line of a scenario:\n\n  # yaml-language-server: $schema=./scenario.schema.json',
    'scenarios schema > scenario.schema.json',
  ).action(async () => {
    const {scenarioSchema} = await import('../../lab/index.ts')
    printJson(scenarioSchema())
  })
}
