/**
 * Stands in for pgha-lab in the tests of our pages: what works from files alone is done for real, and what needs an
 * engine is parsed by the real command line and goes no further. `REHEARSED_VERDICT` is then the exit code of `chaos`,
 * `REHEARSED_UP` that of `up`. `rehearse.ts FILE WORD` writes there on which port it answers whoever knows that word
 * (rehearsed-command.ts), until its stdin ends, and must then end by itself.
 */
import {renameSync, writeFileSync} from 'node:fs'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import {type Command, CommanderError} from 'commander'
import type {TopologyOptions} from '../../cli/options.ts'
import {commandLine, run} from '../../cli/program.ts'
import {withTheirOwn} from '../../cli/their-arguments.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {type Asked, performed} from '../one-program.ts'
import {askedIn} from './rehearsed-command.ts'

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

/** @param word without which nobody is answered: every user of a machine gets to its ports. */
function answer(file: string, word: string): void {
  let before: Promise<unknown> = Promise.resolve()
  const server = createServer(asking => {
    before = Promise.all([heard(asking, word), before]).then(async ([asked]) => {
      if (asked === null) {
        asking.destroy()
        return
      }
      const {code, out, err} = await performed(asked, perform)
      asking.end(`${code} ${Buffer.byteLength(out)}\n${out}${err}`)
    })
  })
  server.listen(0, '127.0.0.1', () => {
    writeFileSync(`${file}.new`, String((server.address() as AddressInfo).port))
    renameSync(`${file}.new`, file)
  })
  process.stdin.resume().once('end', () => server.close())
}

/** Null: it went away, or did not know the word. */
async function heard(asking: Socket, word: string): Promise<Asked | null> {
  let text = ''
  asking.on('error', () => {})
  for await (const part of asking.setEncoding('utf8').iterator({destroyOnReturn: false})) {
    text += part
    const asked = askedIn(text, word)
    if (asked !== undefined) return asked
  }
  return null
}

if (import.meta.main) answer(process.argv[2]!, process.argv[3]!)
