/**
 * docs/reference/commands.md, from what the program says of itself:
 *
 *     node docs/make-commands.ts > docs/reference/commands.md
 *
 * A unit test holds that the file is current.
 */
import type {Command} from 'commander'
import {commandLine} from '../cli/program.ts'

export function commandsDoc(): string {
  // As a reader of this file has it: in a clone.
  const was = process.env.PGHA_LAB_CALLED_AS
  process.env.PGHA_LAB_CALLED_AS = './pgha-lab'
  const program = commandLine()
  if (was === undefined) delete process.env.PGHA_LAB_CALLED_AS
  else process.env.PGHA_LAB_CALLED_AS = was
  const commands = program.commands.filter(one => one.name() !== 'help')
  return `\
# The commands

<!-- Made by docs/make-commands.ts from the program's own help; edit that, then run it again. -->

| command | what it does |
| --- | --- |
${commands.map(one => `| [${one.name()}](#${one.name()}) | ${cell(one.summary() || one.description())} |`).join('\n')}

${commands.map(one => section(one, 2)).join('\n')}`
}

function section(command: Command, depth: number): string {
  const own = command.commands.filter(one => one.name() !== 'help')
  return `\
${'#'.repeat(depth)} ${fullName(command)}

\`\`\`text
${helpOf(command)}
\`\`\`
${own.map(one => `\n${section(one, depth + 1)}`).join('')}`
}

function fullName(command: Command): string {
  const parent = command.parent
  return parent === null || parent.parent === null ? command.name() : `${fullName(parent)} ${command.name()}`
}

/** As a terminal of 80 columns shows it, whatever this one is. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({writeOut: part => (text += part), getOutHelpWidth: () => 80, getOutHasColors: () => false})
  command.outputHelp()
  return text.trim()
}

function cell(text: string): string {
  return (text.split('\n')[0] ?? '').replaceAll('|', '\\|')
}

if (import.meta.main) process.stdout.write(commandsDoc())
