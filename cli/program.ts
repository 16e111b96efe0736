/** All commands, and what every one of them shares: help, usage errors, the ending. */

import {Command, CommanderError} from 'commander'
import {exitCodes, insteadOf, LabError, ownCommand, refusalOf, sentence, suggestion} from '../lab/inside/start.ts'
import {remember, spoken} from './called-as.ts'
import {breaking} from './commands/break.ts'
import {chaos} from './commands/chaos.ts'
import {compare} from './commands/compare.ts'
import {completion} from './commands/completion.ts'
import {config} from './commands/config.ts'
import {doctor} from './commands/doctor.ts'
import {down} from './commands/down.ts'
import {exportRun} from './commands/export.ts'
import {heal} from './commands/heal.ts'
import {image} from './commands/image.ts'
import {init} from './commands/init.ts'
import {judge} from './commands/judge.ts'
import {lint} from './commands/lint.ts'
import {logs} from './commands/logs.ts'
import {matrix} from './commands/matrix.ts'
import {etcdctl, haproxy, patronictl, pgbouncer} from './commands/passed-on.ts'
import {predict} from './commands/predict.ts'
import {psql} from './commands/psql.ts'
import {replay} from './commands/replay.ts'
import {report} from './commands/report.ts'
import {scenarios} from './commands/scenarios.ts'
import {shell} from './commands/shell.ts'
import {snapshot} from './commands/snapshot.ts'
import {status} from './commands/status.ts'
import {topologies} from './commands/topologies.ts'
import {up} from './commands/up.ts'
import {watch} from './commands/watch.ts'
import {workshop} from './commands/workshop.ts'
import {complain} from './complain.ts'
import {crashed} from './crash.ts'
import {showTopic, topics, topicsHelp} from './help-topics.ts'
import {interruptCode} from './interrupt.ts'
import {exitHelp, helpLayout} from './options.ts'
import {beQuiet, print, tell} from './output.ts'
import {withTheirOwn} from './their-arguments.ts'
import {keepMeant, namesIn, pathIn, usageError} from './usage-error.ts'

/** By name, in the order of the help. */
const commands: Readonly<Record<string, () => Command>> = {
  up,
  chaos,
  break: breaking,
  status,
  watch,
  down,
  heal,
  snapshot,
  scenarios,
  topologies,
  workshop,
  judge,
  replay,
  report,
  compare,
  matrix,
  predict,
  lint,
  init,
  export: exportRun,
  psql,
  patronictl,
  etcdctl,
  haproxy,
  pgbouncer,
  shell,
  logs,
  config,
  image,
  doctor,
  completion,
}

export async function run(argv: readonly string[]): Promise<void> {
  // A reader that went away (`| head`, a closed terminal) is no reason to leave a fault in force: the work goes on to its end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreBrokenPipe)
  const words = argv.slice(2)
  const program = commandLine(words.find(word => !word.startsWith('-')))
  remember(words, ownCommand(...pathIn(program, words), '--help'))
  try {
    if (argv.length <= 2) {
      program.outputHelp()
      return
    }
    mustKnow(program, words)
    const topic = topicIn(words)
    if (topic !== undefined) return showTopic(topic)
    await program.parseAsync(withTheirOwn(argv))
  } catch (error) {
    process.exitCode = ending(error instanceof CommanderError ? (usageError(error, program, words) ?? error) : error)
  }
}

/**
 * All commands with their options and helps. Parsing throws CommanderError for wrong usage.
 * @param only the command that will be run: the others then have their names alone, since options and helps take time to make.
 */
export function commandLine(only = ''): Command {
  const program = new Command('pgha-lab')
    .description(
      'Raises a real Patroni cluster on this machine, breaks it on purpose, and answers with a verdict and its proof.',
    )
    .version('', '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command, or a page on a topic (below)')
    .option('--allow-remote', 'use a Docker engine that is not on this machine (DOCKER_HOST, docker context)')
    .option('-q, --quiet', 'say nothing of how far the work is: results, warnings and errors stay')
    .hook('preAction', command => {
      const {allowRemote, quiet} = command.opts<{allowRemote?: boolean; quiet?: boolean}>()
      if (allowRemote) process.env.PGHA_LAB_ALLOW_REMOTE = '1'
      beQuiet(quiet === true)
    })
    .showSuggestionAfterError()
    .addHelpText('beforeAll', '')
    .addHelpText(
      'before',
      spoken(
        sentence`Example:\n  ${ownCommand('up')}\n  ${ownCommand('chaos', 'kill-leader')}\n  ${ownCommand('down')}\n`,
      ),
    )
    .addHelpText('after', ({command}) => topicsHelp(command.configureOutput().getOutHelpWidth?.() ?? 80))
    .addHelpText('after', exitHelp)
  // Completion asks about all of them.
  const alone = Object.hasOwn(commands, only) && only !== 'completion'
  for (const [name, add] of Object.entries(commands))
    program.addCommand(strict(alone && name !== only ? new Command(name) : add()))
  return strict(program)
}

/** Commander shows its own help for a command that is not there, and calls that a success. */
function mustKnow(program: Command, words: readonly string[]): void {
  const [first, second] = words.filter(word => !word.startsWith('-'))
  const asked = first === 'help' ? second : first
  const names = first === 'help' ? [...namesIn(program), ...Object.keys(topics)] : namesIn(program)
  if (asked === undefined || asked === 'help' || names.includes(asked)) return
  if (first === 'help' || words.includes('--help') || words.includes('-h'))
    throw new LabError(
      'usage',
      `there is no command ${first === 'help' ? 'or topic ' : ''}${asked}${suggestion(asked, names)}`,
      insteadOf(asked, names),
    )
}

/** What `help` is asked about that is no command. */
function topicIn(words: readonly string[]): string | undefined {
  const [first, asked] = words.filter(word => !word.startsWith('-'))
  return first === 'help' && asked !== undefined && Object.hasOwn(topics, asked) ? asked : undefined
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
}

/** Commander ends the process with 1 for wrong usage; ours is 2, and a sub-command does not inherit the override. */
function strict(command: Command): Command {
  for (const child of command.commands) strict(child)
  keepMeant(command)
  return command
    .exitOverride()
    .configureHelp(helpLayout)
    .configureOutput({
      writeOut: print,
      writeErr: tell,
      outputError: () => {}, // `usageError` tells it
    })
}

/** The exit code of what a command ended with, once it is told: LabErrors, the system's refusals, bugs. */
export function ending(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof LabError) {
    complain(error)
    // Whoever was interrupted knows by which signal: 130 or 143.
    if (error.code === 'interrupted' && typeof process.exitCode === 'number') return process.exitCode
    // Whatever an interrupt has cut short, healing that is incomplete wins over it.
    return error.exitCode === exitCodes.healing ? error.exitCode : (interruptCode() ?? error.exitCode)
  }
  const known = refusalOf(error) ?? crashed(error)
  complain(known)
  return known.exitCode
}
