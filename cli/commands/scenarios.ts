import type {Command} from 'commander'
import type {Scenario} from '../../lab/index.ts'
import {addTopologyOptions, command, jsonOption, nameOption, printJson, type TopologyOptions} from '../options.ts'
import {print, tellWords} from '../output.ts'
import type {KnownList} from '../suite/known-list.ts'
import {textOptions} from '../text-options.ts'
import {namesIn} from '../usage-error.ts'

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

interface ListOptions extends TopologyOptions {
  name: string
  suite?: string
  json?: boolean
}

function list(): Command {
  return addTopologyOptions(
    command(
      'list',
      'List the scenarios that come with pgha-lab, by suite: how long each takes, what it needs, and whether it can run here.\nHere is the lab of that name, or the one that `up` would raise with these settings. What the kernel of a lab that is named\ncan do is asked of its engine; else that is left open.',
      'scenarios list\nscenarios list --suite failover\nscenarios list --profile fast\nscenarios list --json',
    )
      .option('--suite <suite>', 'only this suite')
      .addOption(nameOption()),
  )
    .addOption(jsonOption())
    .allowExcessArguments()
    .action(async (options: ListOptions, command: Command) => {
      if (command.args.length > 0) throw await noSuchWord(command)
      const {knownList} = await import('../suite/known-list.ts')
      const named = command.getOptionValueSource('name') !== 'default'
      const {groups, lab, up, profile} = (await knownList(options, named)) ?? (await workedOut(options, named))
      if (options.json) {
        const {sayHint} = await import('../../lab/inside/start.ts')
        const plain = [...groups.values()].flat().map(({scenario, takes, here}) => ({
          ...scenario,
          takes,
          here: {...here, next: here.next === null ? null : sayHint(here.next)},
        }))
        return printJson(plain)
      }
      const {scenarioTable} = await import('../render/scenario-table.ts')
      print(scenarioTable({groups, lab, up, profile}, await textOptions()))
    })
}

async function workedOut(options: ListOptions, named: boolean): Promise<KnownList> {
  const {suitesNamed} = await import('../../lab/inside/scenarios.ts')
  const {listed} = await import('../suite/here.ts')
  const {placeOf} = await import('../suite/standing.ts')
  const chosen = suitesNamed(options.suite ?? 'all')
  const {lab, up, ...place} = await placeOf(options, named)
  const groups = new Map([...chosen].map(([suite, all]) => [suite, all.map(one => listed(one, place))]))
  return {groups, lab, up, profile: place.topology.profile}
}

/** What stands where a command was expected may be a suite, a scenario or a file. */
async function noSuchWord({args, parent}: Command): Promise<Error> {
  const {insteadOf, LabError, nearest, suggestion} = await import('../../lab/inside/start.ts')
  const {scenarioNames, suites} = await import('../../lab/inside/scenarios.ts')
  const [word = ''] = args
  const commands = namesIn(parent!)
  const scenario = nearest(word, scenarioNames())
  const isFile = /[/\\]|\.ya?ml$/.test(word)
  const {instead} = insteadOf(word, commands)
  const to = (...meant: readonly string[]) => [{written: word, meant}]
  return new LabError('usage', `there is no command \`scenarios ${word}\`${suggestion(word, commands)}`, {
    instead: isFile
      ? to('validate', word)
      : suites().has(word)
        ? to('--suite', word)
        : instead.length > 0 || scenario === undefined
          ? instead
          : to('show', scenario),
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
      const {loadScenario, scenarioFile} = await import('../../lab/inside/scenarios.ts')
      loadScenario(name)
      const {readText} = await import('../../lab/inside/start.ts')
      print(readText(scenarioFile(name), 'scenario'))
    })
}

function validate(): Command {
  return command(
    'validate',
    'Check scenario files; no lab is touched. What cannot be true is refused; what nobody could decide, and what Patroni\nwould do otherwise, is told.\nPostgreSQL is asked whether it takes the parameters under `needs`, where there is an engine with the images.\nExit code: 0 when all are valid, 2 when one is not.',
    'scenarios validate ./mine.yaml\nscenarios validate chaos/*.yaml',
  )
    .argument('<file...>', 'scenario files; `-` is stdin')
    .action(async (files: readonly string[]) => {
      const {LabError} = await import('../../lab/inside/start.ts')
      const {loadScenario, scenarioFile, undecided} = await import('../../lab/inside/scenarios.ts')
      const {complain} = await import('../complain.ts')
      for (const file of files)
        try {
          const scenario = loadScenario(file)
          const unasked = await unaskedOf(scenario, scenarioFile(file))
          tellWords(
            `${file}: valid${unasked === null ? '' : `, but for its parameters: PostgreSQL was not asked, ${unasked}`}\n`,
          )
          for (const doubt of undecided(scenario, scenarioFile(file))) tellWords(`${doubt}\n`)
        } catch (error) {
          if (!(error instanceof LabError)) throw error
          complain(error)
          process.exitCode = error.exitCode
        }
    })
}

/** Why PostgreSQL was not asked about its parameters; null: it was, or there are none, for which no engine is looked for. */
async function unaskedOf(scenario: Scenario, file: string): Promise<string | null> {
  if (scenario.needs.postgresql?.parameters === undefined) return null
  const {Docker} = await import('../../lab/inside/engine.ts')
  const {LabError} = await import('../../lab/inside/start.ts')
  const {unaskedParameters} = await import('../../lab/inside/engine.ts')
  const {imageTags} = await import('../../lab/inside/engine.ts')
  let docker: InstanceType<typeof Docker>
  try {
    docker = new Docker()
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return error.message
  }
  return unaskedParameters(docker, imageTags().host, scenario, file)
}

function schema(): Command {
  return command(
    'schema',
    'Print the JSON Schema (draft 7) of scenario files, for completion in an editor.\nFor VS Code, put this in the first line of a scenario:\n\n  # yaml-language-server: $schema=./scenario.schema.json',
    'scenarios schema > scenario.schema.json',
  ).action(async () => {
    const {scenarioSchema} = await import('../../lab/inside/scenarios.ts')
    printJson(scenarioSchema())
  })
}
