/**
 * Stands in for pgha-lab in the tests of our pages: what works from files alone is done for real, and what needs an
 * engine is parsed by the real command line and goes no further. `REHEARSED_VERDICT` is then the exit code of `chaos`,
 * `REHEARSED_UP` that of `up`. `rehearse.ts SOCKET` answers there as one-program.ts does; ask-rehearsal.mjs asks.
 */
import {type Command, CommanderError} from 'commander'
import type {TopologyOptions} from '../../cli/options.ts'
import {commandLine, run} from '../../cli/program.ts'
import {withTheirOwn} from '../../cli/their-arguments.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {answerAt} from '../one-program.ts'

/** They read and write files and need neither Docker nor a lab. */
const fromFiles: ReadonlySet<string | undefined> = new Set([
  ...['predict', 'scenarios', 'config', 'report', 'judge', 'compare', 'export', 'replay', 'help'],
  ...['--help', '--version'],
])

/** @throws CommanderError or LabError for an unknown command or option, a wrong value, or settings that `up` refuses. */
export async function parse(words: readonly string[]): Promise<void> {
  const program = commandLine()
  inert(program)
  await program.parseAsync(withTheirOwn(['node', 'pgha-lab', ...words.map(filledIn)]))
}

/** `NAME` and `$lab` stand for something of the reader's. */
function filledIn(word: string): string {
  return /^(\$\{?\w+\}?|[A-Z]+(-\d)?)$/.test(word) ? 'x' : word
}

function inert(command: Command): void {
  command.configureOutput({writeOut: () => {}})
  for (const child of command.commands) inert(child)
  if (command.parent !== null && (command.commands.length === 0 || command.registeredArguments.length > 0))
    command.action(() => settingsMustStand(command.opts()))
}

/** What `up` would refuse before it touches anything. @throws LabError */
function settingsMustStand({set, profile}: TopologyOptions): void {
  if (set !== undefined) loadTopology({set, profile})
}

async function perform(words: readonly string[]): Promise<void> {
  if (fromFiles.has(words[0])) return await run(['node', 'pgha-lab', ...words])
  try {
    await parse(words)
    if (words[0] === 'chaos') process.exitCode = Number(process.env.REHEARSED_VERDICT ?? 0)
    if (words[0] === 'up') process.exitCode = Number(process.env.REHEARSED_UP ?? 0)
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

if (import.meta.main) answerAt(process.argv[2]!, perform)
