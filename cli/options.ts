/** Options that several commands share, and the example that every help begins with. */

import {type AddHelpTextContext, Command, Help, type HelpConfiguration, InvalidArgumentError, Option} from 'commander'
import {
  checkLabName,
  didYouMean,
  exitCodes,
  exitMeanings,
  meantDuration,
  nearest,
  parseDuration,
  releaseNames,
  releases,
  toJson,
  usualRelease,
} from '../lab/inside/start.ts'
import {caller, defaultLab} from './called-as.ts'
import {printData} from './output.ts'
import {wrapWords} from './wrap.ts'

/** Narrower than this a help's second column is put below its first. */
const leastColumn = 30

/** A help of any width from 40 columns on. */
export const helpLayout: HelpConfiguration = {
  sortSubcommands: false,
  minWidthToWrap: 1,
  /** A line that begins with blanks is an example. */
  boxWrap: (text: string, width: number) =>
    text
      .split('\n')
      .flatMap(line => (line.startsWith(' ') ? [line] : wrapWords(line, width)))
      .join('\n'),
  commandUsage(command) {
    const usage = Help.prototype.commandUsage.call(this as Help, command)
    return wrapWords(usage, (this.helpWidth ?? 80) - 'Usage: '.length).join('\n       ')
  },
  formatItem(term, termWidth, description, helper) {
    const width = this.helpWidth ?? 80
    if (description === '' || width - termWidth - 4 >= leastColumn)
      return Help.prototype.formatItem.call(helper, term, termWidth, description, helper)
    const below = wrapWords(description, width - 6).map(line => `      ${line}`)
    return [`  ${term}`, ...below].join('\n')
  },
}

/** The table of exit codes, under every help. */
export function exitHelp({error, command}: AddHelpTextContext): string {
  const {getErrHelpWidth, getOutHelpWidth} = command.configureOutput()
  const width = (error ? getErrHelpWidth : getOutHelpWidth)?.() ?? 80
  const lines = Object.entries(exitCodes).flatMap(([name, code]) => {
    const [first = '', ...more] = wrapWords(exitMeanings[name as keyof typeof exitCodes], width - 7)
    return [`  ${String(code).padEnd(4)} ${first}`, ...more.map(line => `       ${line}`)]
  })
  return ['\nExit codes:', ...lines].join('\n')
}

/**
 * @param about its first line stands in the list of all commands, the whole in its own help.
 * @param example each line a command without the program's name.
 */
export function command(name: string, about: string, example: string): Command {
  const {program} = caller()
  const indented = example.split('\n').map(line => `  ${program} ${line}`)
  return new Command(name)
    .summary(about.split('\n')[0] ?? about)
    .description(about)
    .addHelpText('before', `Example:\n${indented.join('\n')}\n`)
    .addHelpText('after', exitHelp)
    .helpOption('-h, --help', 'show this help')
}

export function nameOption(): Option {
  return new Option('-n, --name <lab>', 'which lab').default(defaultLab).argParser(checkLabName).env('PGHA_LAB_NAME')
}

/** How a person says which topology; `lab/topology/topology-file.ts` reads it. */
export interface TopologyOptions {
  topology?: string
  profile?: string
  release?: string
  patroni?: string
  set?: readonly string[]
}

export function addTopologyOptions(to: Command): Command {
  return to
    .option('-t, --topology <preset|file>', 'a preset or a lab.yaml of yours')
    .option('-p, --profile <profile>', 'timings: default (Patroni 30/10/10) or fast (20/1/3)')
    .option('--release <release>', `what the hosts run: ${sayReleases()}`)
    .option(
      '--patroni <dir|wheel>',
      "a Patroni of yours, not the release's: a checkout, a wheel, or a published\nversion",
    )
    .option('-s, --set <key=value>', 'change one setting, such as patroni.ttl=40s (repeatable)', collect)
}

function sayReleases(): string {
  const each = releaseNames.map(name => `${name} (${releases[name].title}, ${releases[name].patroni.title})`)
  return `${each.join(', ')}; ${usualRelease} when not given`
}

export function asksForTopology({topology, profile, release, patroni, set}: TopologyOptions): boolean {
  return [topology, profile, release, patroni, set].some(one => one !== undefined)
}

export function jsonOption(): Option {
  return new Option('--json', 'print data as JSON on stdout')
}

/** An option's value that is refused, and the one that was meant; `strict` in `program.ts` makes a LabError of it. */
export class WrongValue extends InvalidArgumentError {
  readonly meant: string | undefined

  constructor(says: string, meant?: string) {
    super(says)
    this.meant = meant
  }
}

/** An option that takes one of these words. */
export function choiceOption(flags: string, about: string, words: readonly string[]): Option {
  return new Option(flags, about).choices(words).argParser(written => {
    if (words.includes(written)) return written
    throw new WrongValue(`It is one of ${words.join(', ')}${didYouMean(written, words)}`, nearest(written, words))
  })
}

/** Of the base's median, as a share of it. */
export const usualTolerance = 0.1

export function toleranceOption(about: string): Option {
  return new Option('--tolerance <share>', about).argParser(written => {
    const parts = /^(\d+(?:\.\d+)?)\s*%$/.exec(written.trim())
    if (parts) return Number(parts[1]) / 100
    throw new WrongValue('A share carries its sign: 10%.', /^\d+(\.\d+)?$/.test(written) ? `${written}%` : undefined)
  })
}

/** A place: of an empty one (a variable that is not set) nobody can tell what was meant. */
export function placeOption(flags: string, about: string): Option {
  return new Option(flags, about).argParser(written => {
    if (written.trim() !== '') return written
    throw new InvalidArgumentError('It is empty: name a place, or leave it out.')
  })
}

/** How often: a whole number from 1 to 1000. */
export function times(written: string): number {
  if (/^[1-9]\d{0,2}$|^1000$/.test(written)) return Number(written)
  const meant = /^\d+$/.test(written) ? String(Math.min(1000, Math.max(1, Number(written)))) : undefined
  throw new WrongValue('It is a whole number from 1 to 1000.', meant)
}

/** As `allow` of `no-lost-writes` takes it. */
function lossBound(written: string): string {
  if (/^(\d{1,15}(\.\d{1,9})?(B|kB|MB|GB|ms|s|m|h)|\d{1,9} ?rows?|any)$/.test(written)) return written
  throw new InvalidArgumentError('It is any, or such as 1MB, 20 rows or 500ms.')
}

/** What `chaos --suite` takes; `cli/suite/command.ts` plays it. */
export function addSuiteOptions(to: Command): Command {
  return to
    .option('--suite <suite>', 'play all scenarios of this suite, or of `all`, on labs of its own')
    .option('--parallel <n>', 'with --suite: so many labs at once (1 when not given)', times)
    .option(
      '--engines <engines>',
      'with --suite: Docker contexts and addresses to play on; then --parallel is the most\non each (4 when not given)',
    )
    .option('--shard <part>', 'with --suite: only this part, for CI jobs that share it: 2/3 is the second of three')
    .addOption(
      placeOption('--durations <place>', 'with --shard: where an earlier suite tells how long each takes: its --out'),
    )
    .option('-t, --topology <preset|file>', 'with --suite: what its labs are; the usual one when not given')
    .option('-p, --profile <profile>', "with --suite: its labs' timings: default, or fast (when not given)")
    .option('--release <release>', `with --suite: what its labs' hosts run: ${sayReleases()}`)
    .option('--patroni <dir|wheel>', 'with --suite: a Patroni of yours, as `up` has it')
    .option('-s, --set <key=value>', 'with --suite: change one setting of its labs (repeatable)', collect)
    .option('--keep', 'with --suite: leave its labs at the end')
}

/** What `chaos` writes for a CI job; `cli/ci-outputs.ts` does. */
export function addCiOptions(to: Command): Command {
  return to
    .addOption(placeOption('--junit <file>', 'write JUnit XML into this file, whatever the verdict'))
    .addOption(placeOption('--html <file>', 'the same as one HTML page, of all runs'))
    .addOption(placeOption('--markdown <file>', 'the same as Markdown'))
    .option('--github', "annotations for GitHub Actions, and the Markdown into its step's summary")
}

/** `chaos --storm` and `--shrink`; `cli/storm-request.ts` says which go together. */
export function addStormOptions(to: Command): Command {
  return to
    .option('--storm <duration>', 'random faults for about this long: 10s to 60m', boundedDuration('10s', '60m'))
    .option(
      '--seed <n>',
      'draw the same again: the moments of the first faults, with --storm the plan (one is drawn and told when not given)',
      seedNumber,
    )
    .option('--beyond-quorum', 'with --storm: break more at once than etcd or PostgreSQL can do without, too')
    .option('--async-tail <most>', 'with --storm: what a failover may lose, such as 1MB, 20 rows or 500ms', lossBound)
    .option('--shrink [plan|run]', 'reduce a plan that fails to the smallest that still does; with --storm: its own')
    .option(
      '--shrink-within <duration>',
      'with --shrink: begin no further play after this long (30m when not given)',
      boundedDuration('1s', '12h'),
    )
    .option('--tries <n>', 'with --shrink: play each plan up to n times, until it fails (1 when not given)', times)
}

function seedNumber(written: string): number {
  if (/^\d{1,10}$/.test(written) && Number(written) < 2 ** 32) return Number(written)
  throw new InvalidArgumentError(`It is a whole number from 0 to ${2 ** 32 - 1}.`)
}

/** Milliseconds. */
export function boundedDuration(least: string, most: string, example = '10m'): (written: string) => number {
  return written => {
    const meant = meantDuration(written, least, most)
    if (meant === written) return parseDuration(written)
    throw new WrongValue(`It is a duration from ${least} to ${most}, such as ${example}.`, meant)
  }
}

/** Gathers an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value]
}

export function printJson(value: unknown): void {
  printData(toJson(value))
}
