/** Every choice that a person types, wherever a schema or an option has one: a slip of it is answered with what was meant. */
import type {Command} from 'commander'
import {describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import type {ZodType} from 'zod'
import {commandLine} from '../../../cli/program.ts'
import {checks} from '../../../lab/checks/index.ts'
import {faults} from '../../../lab/faults/index.ts'
import {clientGroup, head} from '../../../lab/scenario/grammar.ts'
import {parseScenario} from '../../../lab/scenario/index.ts'
import {fileSchema} from '../../../lab/topology/settings.ts'
import {parseTopology} from '../../../lab/topology/topology-file.ts'
import {LabError} from '../../../lab/words/errors.ts'

interface Choice {
  readonly path: readonly (string | number)[]
  readonly values: readonly string[]
}

interface Definition {
  readonly type: string
  readonly shape?: Readonly<Record<string, ZodType>>
  readonly options?: readonly ZodType[]
  readonly element?: ZodType
  readonly valueType?: ZodType
  readonly innerType?: ZodType
  readonly in?: ZodType
  readonly entries?: Readonly<Record<string, string>>
  readonly values?: readonly unknown[]
}

/** All enumerations of texts in a schema, and the literals of its unions. */
function choicesIn(schema: ZodType, path: readonly (string | number)[] = []): Choice[] {
  const def = schema._zod.def as unknown as Definition
  if (def.entries !== undefined) return [{path, values: Object.values(def.entries)}]
  if (def.type === 'literal') return [{path, values: (def.values ?? []).filter(one => typeof one === 'string')}]
  if (def.shape !== undefined)
    return Object.entries(def.shape).flatMap(([key, inner]) => choicesIn(inner, [...path, key]))
  if (def.options !== undefined) return def.options.flatMap(one => choicesIn(one, path))
  if (def.element !== undefined) return choicesIn(def.element, [...path, 0])
  if (def.valueType !== undefined) return choicesIn(def.valueType, [...path, 'node7'])
  const inner = def.innerType ?? def.in
  return inner === undefined ? [] : choicesIn(inner, path)
}

/** Slips that are no other value: a letter doubled, one left out, two swapped, another case. */
function slips(value: string, values: readonly string[]): string[] {
  const at = Math.floor(value.length / 2)
  const swapped = value.slice(0, at - 1) + value[at] + value[at - 1] + value.slice(at + 1)
  const made = [
    value.slice(0, at) + value[at] + value.slice(at),
    value.length > 3 ? value.slice(0, at) + value.slice(at + 1) : '',
    value.length > 3 ? swapped : '',
    value.toUpperCase(),
  ]
  return made.filter(one => one !== '' && !values.includes(one))
}

function at(path: Choice['path'], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => (typeof key === 'number' ? [inner] : {[key]: inner}), value)
}

function told(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof LabError) return error.message
    throw error
  }
  return 'no complaint'
}

const scenario = (parts: object) =>
  told(() =>
    parseScenario(
      'mine.yaml',
      stringify({
        about: 'A replica takes over.',
        clients: [{writers: 1, rate: '10/s', through: 'primary'}],
        steps: [{hold: '1s'}],
        expect: ['no-failover'],
        ...parts,
      }),
    ),
  )

const places: readonly (readonly [string, ZodType, (value: unknown) => string])[] = [
  ['a lab.yaml', fileSchema, value => told(() => parseTopology('lab.yaml', stringify(value)))],
  ["a scenario's head", head, value => scenario(value as object)],
  ...Object.entries(faults).map(
    ([name, {params}]) =>
      [
        `the fault ${name}`,
        params as ZodType,
        (value: unknown) => scenario({steps: [{inject: name, on: 'leader', ...(value as object)}]}),
      ] as const,
  ),
  ...Object.entries(checks).map(
    ([name, {params}]) =>
      [`the check ${name}`, params as ZodType, (value: unknown) => scenario({expect: [{[name]: value}]})] as const,
  ),
  ...Object.entries(clientGroup).map(
    ([kind, schema]) =>
      [
        `clients: ${kind}`,
        schema as ZodType,
        (value: unknown) => scenario({clients: [{[kind]: 1, ...(value as object)}]}),
      ] as const,
  ),
]

const cases = places.flatMap(([where, schema, complaint]) =>
  choicesIn(schema).map(choice => [`${where}: ${choice.path.join('.')}`, choice, complaint] as const),
)

test('there are choices in files of every kind', () => expect(cases.length).toBeGreaterThan(20))

test.each(cases)('%s', (_, {path, values}, complaint) => {
  for (const value of values)
    for (const slip of slips(value, values))
      expect(complaint(at(path, slip)), `${slip} for ${value}`).toMatch(/did you mean `[^`]+`\?/)
})

describe('--set', () => {
  const set = choicesIn(fileSchema).filter(({path}) => path.every(key => key !== 'node7' || path[0] === 'hosts'))
  test.each(set.map(choice => [choice.path.filter(key => key !== 0).join('.'), choice.values] as const))(
    '%s',
    (key, values) => {
      for (const value of values)
        for (const slip of slips(value, values))
          expect(told(() => parseTopology('lab.yaml', '{}', {set: [`${key}=${slip}`]}))).toMatch(
            /did you mean `[^`]+`\?/,
          )
    },
  )
})

test.each(['postgres', 'postgresql', 'Postgres', 'pg'])('what runs PostgreSQL on a host is patroni, not %s', name => {
  expect(told(() => parseTopology('lab.yaml', '{}', {set: [`hosts.node4=etcd,${name}`]}))).toMatch(
    /did you mean `patroni`\?/,
  )
  expect(told(() => parseTopology('lab.yaml', `hosts: {node4: [etcd, ${name}]}`))).toMatch(/did you mean `patroni`\?/)
})

test('a word that is near nothing is answered with what there is, and with no guess', () => {
  expect(scenario({steps: [{inject: 'kill', on: 'leader', what: 'xyz'}]})).not.toMatch(/did you mean/)
  expect(told(() => parseTopology('lab.yaml', 'patroni: {failsafe_mode: xy}'))).toMatch(/is off or on/)
  expect(told(() => parseTopology('lab.yaml', 'patroni: {failsafe_mode: xy}'))).not.toMatch(/did you mean/)
})

describe('an option that takes one of several words', () => {
  const options = allCommands(commandLine()).flatMap(command =>
    command.options
      .filter(option => option.argChoices !== undefined)
      .map(option => [pathOf(command), option.long!, option.argChoices!] as const),
  )
  test('there are some', () => expect(options.length).toBeGreaterThan(1))
  test.each(options)('%s %s', async (path, long, values) => {
    for (const value of values)
      for (const slip of slips(value, values)) {
        const program = commandLine()
        let said = ''
        for (const command of allCommands(program))
          command.configureOutput({writeErr: text => (said += text), outputError: text => (said += text)})
        await program.parseAsync(['node', 'pgha-lab', ...path.split(' '), long, slip]).catch(error => {
          said += (error as Error).message
        })
        expect(said, slip).toMatch(/did you mean `[^`]+`\?/)
      }
  })
})

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}

function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim()
}
