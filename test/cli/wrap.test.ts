import type {Command} from 'commander'
import {describe, expect, test} from 'vitest'
import {complaint, spokenNext} from '../../cli/called-as.ts'
import {commandLine} from '../../cli/program.ts'
import {wrapWords} from '../../cli/wrap.ts'
import {loadScenario} from '../../lab/scenario/index.ts'
import {suitesNamed} from '../../lab/suite/named.ts'
import {loadTopology, parseTopology} from '../../lab/topology/topology-file.ts'
import {LabError} from '../../lab/words/errors.ts'
import {next, onLab} from '../../lab/words/next-step.ts'

const widths = [40, 60, 80, 120]
const known = (one: Command): Command[] => [one, ...one.commands.flatMap(known)]
const words = (text: string) => text.split(/\s+/).filter(Boolean)

function helpOf(command: Command, width: number): string {
  let text = ''
  command.configureOutput({
    writeOut: part => (text += part),
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text
}

/** Too long and no single word, nor something to paste. */
function broken(text: string, width: number): string[] {
  const examples = /^Example:\n(?: {2}.*\n)+/.exec(text)?.[0] ?? ''
  return text
    .slice(examples.length)
    .split('\n')
    .filter(line => line.length > width && words(line).length > 1 && !/^ +(#|\S*pgha-lab )/.test(line))
}

describe.each(widths)('at %i columns', width => {
  test.each(known(commandLine()).map(command => [command.name(), command] as const))(
    'the help of %s is broken between words, and says the same',
    (_, command) => {
      const text = helpOf(command, width)
      expect(broken(text, width)).toEqual([])
      expect(words(text)).toEqual(words(helpOf(command, 1000)))
    },
  )

  const errors: readonly (readonly [string, () => unknown])[] = [
    ['an unknown scenario', () => loadScenario('nosuch')],
    ['an unknown suite', () => suitesNamed('nosuch')],
    ['an unknown preset', () => loadTopology({topology: 'nosuch-at-all'})],
    [
      'several mistakes of a file',
      () => parseTopology('lab.yaml', 'patroni: {ttl: 30, loop_wait: x}\nhosts: {a: [b]}\n'),
    ],
    ['timings that Patroni would change', () => parseTopology('lab.yaml', 'patroni: {ttl: 10s}\n')],
    [
      'one mistake in a long line',
      () =>
        parseTopology(
          'lab.yaml',
          `hosts: {node1: [etcd, patroni], ${'node2: [etcd, patroni], '.repeat(1)}node3: [etdc]}\n`,
        ),
    ],
  ]
  test.each(errors)('%s is told in lines that fit', (_, act) => {
    const error = thrown(act)
    const text = complaint(error, width)
    expect(broken(text, width)).toEqual([])
    const [, column] = /\n( +)\^/.exec(text) ?? []
    if (column === undefined) expect(words(text).join(' ')).toContain(words(error.message).join(' '))
    else expect(column.length).toBeLessThan(width)
  })

  test('a command is never broken', () => {
    const command = onLab(
      'another',
      'up',
      ...Array.from({length: 9}, (_, nth) => ['--set', `patroni.ttl=${nth}s`]).flat(),
    )
    const lines = spokenNext(
      next`a sentence of some length that leads to the command which follows it: ${command}`,
      width,
    )
      .split('\n')
      .map(line => line.trim())
    expect(lines.at(-1)).toBe(command.toString())
    expect(lines.length).toBeGreaterThan(width < 80 ? 2 : 1)
  })
})

test('the place of a mistake stays under its mark when the line is cut', () => {
  const text = `hosts: {${'node1: [etcd, patroni], '.repeat(9)}node3: [etdc]}\n`
  const lines = complaint(
    thrown(() => parseTopology('lab.yaml', text.replaceAll('node1', 'n'))),
    60,
  ).split('\n')
  const mark = lines.findIndex(line => /^ *\^$/.test(line))
  if (mark > 0) expect(lines[mark - 1]!.length).toBeLessThanOrEqual(60)
})

test('what stands in backticks stays in one piece where it fits', () => {
  expect(wrapWords('then `pgha-lab heal --name x` mends it', 24)).toEqual([
    'then',
    '`pgha-lab heal --name x`',
    'mends it',
  ])
})

function thrown(act: () => unknown): LabError {
  try {
    act()
  } catch (error) {
    if (error instanceof LabError) return error
    throw error
  }
  throw new Error('no complaint')
}
