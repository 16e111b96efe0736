import {readFileSync} from 'node:fs'
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {parse, stringify} from 'yaml'
import {parseScenario, scenarioFile, scenarioNames} from '../../../lab/scenario/index.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {inert} from '../../../lab/words/printable.ts'

const everyClient = `about: Every kind of client there is.
clients:
  - {writers: 2, rate: 10/s, through: members, driver: psycopg}
  - {readers: 1, rate: 5/s, to: leader, driver: pg-pool}
  - {pgbench: 4, rate: 20/s, through: primary}
  - client: {image: a/b, command: [./app], environment: {MODE: fast}, name: mine}
    rate: 5/s
    through: replicas
steps: [{hold: 1s}]
expect: [no-failover]
`
const ours = [...scenarioNames().map(name => readFileSync(scenarioFile(name), 'utf8')), everyClient]

/** Of one mistake the line is shown, if there is anything on it; of several each has its own line. */
const located =
  /^(mine\.yaml:[1-9]\d*:[1-9]\d*: .+(\n .*\n *\^)?|(mine\.yaml:[1-9]\d*:[1-9]\d*: .+(\n|$)){2,}(and \d+ more)?)$/

/** Valid, or a LabError `config` that has nothing but places in the text with what is wrong there. */
function staysCivil(text: string): void {
  try {
    parseScenario('mine.yaml', text)
  } catch (error) {
    expect(error).toBeInstanceOf(LabError)
    expect((error as LabError).code).toBe('config')
    const {message} = error as LabError
    expect(message).toMatch(located)
    const line = /^mine\.yaml:(\d+):\d+: .+$/.exec(message)?.[1]
    // Without the line below it: there is nothing on that line to show.
    if (line !== undefined) expect(inert(text.split(/\r\n|\n|\r/)[Number(line) - 1] ?? '').trim()).toBe('')
  }
}

/** Words that mean something here or to JavaScript, among anything else. */
const words = fc.constantFrom(
  ...['inject', 'heal', 'hold', 'until', 'say', 'on', 'as', 'to', 'through', 'within', 'needs', 'suite', 'expect'],
  ...[
    'writers',
    'bankers',
    'pgbench',
    'client',
    'image',
    'command',
    'environment',
    'driver',
    'psycopg',
    'members',
    'w1',
  ],
  ...['kill', 'host', 'leader', 'node1', 'failover', 'rejoined', 'budget', '10s', '1MB', '200/s', '-1s', '1e9s'],
  ...['constructor', '__proto__', 'toString', 'hasOwnProperty', '', ' ', 'null', '~', '<<', '*a', '&a', '!!binary'],
)
const anything = fc.oneof(
  {weight: 3, arbitrary: words},
  fc.anything({
    maxDepth: 2,
    key: fc.oneof(words, fc.string()),
    values: [words, fc.string(), fc.double(), fc.boolean()],
  }),
)

test('no text makes the parser throw anything but a located complaint (1000 texts)', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string({unit: 'binary'})), staysCivil), {numRuns: 1000})
})

test('no YAML makes the parser throw anything but a located complaint (1000 documents)', () => {
  const heads = fc.record(
    {about: anything, suite: anything, needs: anything, clients: anything, steps: anything, expect: anything},
    {requiredKeys: []},
  )
  const lists = fc.record({
    about: fc.constant('long enough to be a claim'),
    clients: fc.array(fc.dictionary(words, anything), {maxLength: 2}),
    steps: fc.array(fc.dictionary(words, anything), {maxLength: 3}),
    expect: fc.array(fc.oneof(words, fc.dictionary(words, anything)), {maxLength: 2}),
  })
  fc.assert(
    fc.property(fc.oneof(heads, lists), value => {
      let text: string
      try {
        text = stringify(value)
      } catch {
        return // not every JavaScript value can be written as YAML
      }
      staysCivil(text)
    }),
    {numRuns: 1000},
  )
})

test('no slip of the fingers in a scenario of ours makes the parser throw anything but a located complaint (1000 slips)', () => {
  const slip = fc.tuple(
    fc.nat(),
    fc.nat(12),
    fc.oneof(words, fc.string({maxLength: 4}), fc.constantFrom('\n', '\t', ':', '- ', '}')),
  )
  fc.assert(
    fc.property(fc.constantFrom(...ours), fc.array(slip, {minLength: 1, maxLength: 3}), (text, slips) => {
      let typed = text
      for (const [place, removed, inserted] of slips) {
        const at = place % typed.length
        typed = typed.slice(0, at) + inserted + typed.slice(at + removed)
        if (typed.length === 0) break
      }
      staysCivil(typed)
    }),
    {numRuns: 1000},
  )
})

test('no value in the wrong place of a scenario of ours makes the parser throw anything but a located complaint (1000 values)', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ours), fc.nat(), anything, (text, place, value) => {
      const document: unknown = parse(text)
      const spots = spotsOf(document)
      const spot = spots[place % spots.length]
      if (spot === undefined) throw new TypeError('a scenario has values')
      spot.holder[spot.key] = value
      try {
        text = stringify(document)
      } catch {
        return // not every JavaScript value can be written as YAML
      }
      staysCivil(text)
    }),
    {numRuns: 1000},
  )
})

interface Spot {
  readonly holder: Record<string, unknown>
  readonly key: string
}

/** Every place of a document that holds a value. */
function spotsOf(value: unknown): Spot[] {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Record<string, unknown>
  return Object.keys(holder).flatMap(key => [{holder, key}, ...spotsOf(holder[key])])
}

test.each([
  ['brackets in brackets', '['.repeat(20_000), /^mine\.yaml:1:\d+: it is nested deeper than anything/],
  [
    'two documents',
    'about: a\n---\nabout: b\n',
    /^mine\.yaml:2:1: a second document begins here \(`---`\): a scenario is one/,
  ],
])('%s are told in words for whoever wrote the file', (_, text, says) => {
  expect(() => parseScenario('mine.yaml', text)).toThrow(says)
})
