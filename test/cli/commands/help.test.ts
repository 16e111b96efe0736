import {globSync} from 'node:fs'
import {join} from 'node:path'
import {Command} from 'commander'
import {describe, expect, test} from 'vitest'
import {helpLayout} from '../../../cli/options.ts'
import {withTheirOwn} from '../../../cli/their-arguments.ts'
import {exitCodes, exitMeanings} from '../../../lab/words/errors.ts'

const root = join(import.meta.dirname, '..', '..', '..')

const commands: Command[] = []
for (const file of globSync('cli/commands/*.ts', {cwd: root})) {
  const made = (Object.values((await import(join(root, file))) as object) as (() => unknown)[]).map(make => make())
  commands.push(...made.filter(one => one instanceof Command))
}

function helpOf(command: Command, width = 200): string {
  let text = ''
  command.configureHelp(helpLayout).configureOutput({writeOut: part => (text += part), getOutHelpWidth: () => width})
  command.outputHelp()
  return text
}

describe.each(commands.map(command => [command.name(), command] as const))('the help of %s', (name, command) => {
  const text = helpOf(command)
  const examples = /^Example:\n((?: {2}.*\n)+)/.exec(text)?.[1]?.trim().split('\n') ?? []

  test('begins with examples, one of this very command among them', () => {
    expect(examples.some(line => line.trim().startsWith(`pgha-lab ${name}`))).toBe(true)
  })

  test('uses no option in them that the command has not', () => {
    const known = (one: Command) => one.options.flatMap(({long, short}) => [long, short])
    const own = [...known(command), ...command.commands.flatMap(known)]
    for (const line of examples.filter(one => one.trim().startsWith(`pgha-lab ${name}`))) {
      // Behind ` -- `, written or meant, are words of another program.
      const meant = withTheirOwn(['node', ...line.trim().split(' ')]).join(' ')
      const written = meant.split(/ -- | && |[>|]/)[0] ?? ''
      for (const [option] of written.matchAll(/(?<= )--?[a-z][a-z-]*/g)) expect(own).toContain(option)
    }
  })

  test('is no wider than 80 columns, called as from a clone', () => {
    for (const one of [command, ...command.commands])
      for (const line of helpOf(one, 80).replaceAll('  pgha-lab ', '  ./pgha-lab ').split('\n'))
        expect(line.length, line).toBeLessThanOrEqual(80)
  })

  test('ends with every exit code and its meaning', () => {
    const [, table = ''] = /^Exit codes:\n((?: {2}\d+ .*\n?)+)$/m.exec(text) ?? []
    expect(table.trimEnd().split('\n')).toEqual(
      Object.entries(exitCodes).map(
        ([name, code]) => `  ${String(code).padEnd(4)} ${exitMeanings[name as keyof typeof exitCodes]}`,
      ),
    )
  })

  test('has a summary for the list of commands that fits on a few lines', () => {
    expect(command.summary().length).toBeGreaterThan(10)
    expect(command.summary().length).toBeLessThan(140)
  })
})
