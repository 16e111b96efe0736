/** Wrong usage, as commander finds it, with what was probably meant: the next step is the command with that. */
import type {Command, CommanderError} from 'commander'
import {insteadOf, LabError, type Slip, savedLabs} from '../lab/inside/start.ts'
import {WrongValue} from './options.ts'

/** Its own words; undefined: what was asked for was help. @param words what was typed behind the program. */
export function usageError(error: CommanderError, program: Command, words: readonly string[]): LabError | undefined {
  if (error.exitCode === 0 || error.code === 'commander.help') return undefined
  return new LabError('usage', error.message.replace(/^error: /, '').trimEnd(), {
    cause: error,
    instead: slips(error, program, words),
  })
}

function slips({code}: CommanderError, program: Command, words: readonly string[]): readonly Slip[] {
  const path = pathIn(program, words)
  const command = path.reduce((at, name) => at.commands.find(one => one.name() === name) ?? at, program)
  if (code === 'commander.unknownCommand') {
    const asked = words.find(word => !word.startsWith('-') && !path.includes(word)) ?? ''
    return insteadOf(asked, namesIn(command)).instead
  }
  if (code === 'commander.unknownOption') {
    const known = [command, program].flatMap(one => one.createHelp().visibleOptions(one)).flatMap(one => one.long ?? [])
    const asked = words.map(word => word.split('=')[0] ?? '').find(word => /^--./.test(word) && !known.includes(word))
    return asked === undefined ? [] : insteadOf(asked, known).instead
  }
  return code === 'commander.excessArguments' ? ofTooMany(command) : []
}

/** Who names a lab behind a command that is about one lab means that. */
function ofTooMany({args, registeredArguments, options}: Command): readonly Slip[] {
  const lab = args.slice(registeredArguments.length).find(one => savedLabs().includes(one))
  return lab === undefined || !options.some(one => one.long === '--name')
    ? []
    : [{written: lab, meant: ['--name', lab]}]
}

export function namesIn(command: Command): string[] {
  return command.commands.map(one => one.name())
}

/** Those of the words that name a command. */
export function pathIn(program: Command, words: readonly string[]): readonly string[] {
  const [first, ...more] = words.filter(word => !word.startsWith('-'))
  const found = program.commands.find(one => one.name() === first)
  return found === undefined ? [] : [found.name(), ...pathIn(found, more)]
}

/** Commander would tell a value that is refused in words of its own, and forget the one that was meant. */
export function keepMeant(command: Command): void {
  for (const option of command.options) {
    const parse = option.parseArg
    if (parse === undefined) continue
    option.parseArg = <T>(written: string, earlier: T): T => {
      try {
        return parse(written, earlier) as T
      } catch (error) {
        if (!(error instanceof WrongValue) || error.meant === undefined) throw error
        throw new LabError('usage', `option '${option.flags}' argument '${written}' is invalid. ${error.message}`, {
          cause: error,
          instead: [{written, meant: error.meant}],
        })
      }
    }
  }
}
