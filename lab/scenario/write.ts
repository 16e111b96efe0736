/**
 * A Scenario as the text of a scenario file: what was drawn or reduced is kept as a person would have written it. `parseScenario`
 * reads the same Scenario from it again, but for the lines of its expectations.
 */
import type {Timeouts} from '../history/client-group.ts'
import {ms} from '../words/quantity.ts'
import type {ClientGroup, Expectation, Needs, Scenario, Step} from './index.ts'

/** What stands in a file: `name` and `file` are the file's own. */
type Written = Pick<Scenario, 'about' | 'suite' | 'needs' | 'clients' | 'steps' | 'expect'>

/** @param remarks comments by the index of the step that they stand before. */
export function writeScenario(scenario: Written, remarks: ReadonlyMap<number, string> = new Map()): string {
  const {about, suite, needs, clients, steps, expect} = scenario
  return [
    'about: >-',
    ...wrap(about, 118).map(line => `  ${line}`),
    ...(suite === undefined ? [] : [`suite: ${scalar(suite)}`]),
    `needs: ${flow(writtenNeeds(needs))}`,
    'clients:',
    ...clients.flatMap(group => item(writtenGroup(group))),
    'steps:',
    ...steps.flatMap((step, index) => {
      const remark = remarks.get(index)
      return [...(remark === undefined ? [] : [`  # ${remark.replace(/\s+/g, ' ')}`]), ...item(writtenStep(step))]
    }),
    'expect:',
    ...expect.map(one => `  - ${writtenCheck(one)}`),
    '',
  ].join('\n')
}

type Mapping = Readonly<Record<string, unknown>>

/** A block of keys in a list; nested values stand on one line. */
function item(entries: Mapping): string[] {
  return Object.entries(entries).map(
    ([key, value], index) => `  ${index === 0 ? '-' : ' '} ${keyed(key)}: ${flow(value)}`,
  )
}

function writtenNeeds({postgres, etcd, ...settings}: Needs): Mapping {
  return {postgres, etcd, ...settings}
}

function writtenGroup(group: ClientGroup): Mapping {
  const {perSecond} = group
  // A rate is written with few digits: 7/m is 0.11666... a second.
  const rate = Number.isInteger(perSecond) ? `${perSecond}/s` : `${Number((perSecond * 60).toPrecision(9))}/m`
  if (group.kind !== 'program') {
    const {kind, count, through, driver, timeouts} = group
    const way = typeof through === 'string' ? {through} : through
    return {
      ...{[kind]: count, rate, ...way},
      ...(driver === undefined ? {} : {driver}),
      ...(timeouts === undefined ? {} : {timeouts: writtenTimeouts(timeouts)}),
    }
  }
  const {name, image, command, environment, through} = group
  // pgbench is the one program that runs on app1; how many clients it has stands in its command (lab/clients/pgbench.ts).
  if (image === null) return {pgbench: Number(/ -c (\d+) /.exec(command.join(' '))?.[1]), rate, through}
  const own = environment === undefined ? {} : {environment}
  return {client: {image, ...(command.length > 0 ? {command} : {}), ...own, name}, rate, through}
}

function writtenTimeouts({connectMs, statementMs}: Timeouts): 'default' | Mapping {
  if (connectMs === null || statementMs === null) return 'default'
  return {
    ...(connectMs === undefined ? {} : {connect: ms(connectMs)}),
    ...(statementMs === undefined ? {} : {statement: ms(statementMs)}),
  }
}

function writtenStep(step: Step): Mapping {
  switch (step.do) {
    case 'inject':
      return {
        ...{inject: step.fault, ...(step.params as Mapping), on: step.on, as: step.as},
        ...(step.together === true && {together: true}),
      }
    case 'heal':
      return {heal: step.as}
    case 'hold':
      return {hold: ms(step.forMs)}
    case 'say':
      return {say: step.says}
    case 'until': {
      const within = step.within === 'budget' ? 'budget' : ms(step.within)
      const params = step.params as Mapping
      // A step's `within` is given to its check as well.
      const {within: own, ...rest} = params
      const until = own === within ? withParams(step.check, rest) : withParams(step.check, params)
      return {until, within}
    }
  }
}

function writtenCheck({check, params}: Expectation): string {
  const written = withParams(check, params as Mapping)
  return typeof written === 'string' ? written : `${check}: ${flow(params)}`
}

function withParams(check: string, params: Mapping): unknown {
  return Object.keys(params).length === 0 ? check : {[check]: params}
}

/** A value on one line, as YAML reads it. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => `${keyed(key)}: ${flow(inner)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  return typeof value === 'string' ? scalar(value) : JSON.stringify(value)
}

/** Words, and amounts with their unit, stand plainly; all else as a JSON text, which YAML reads alike. */
function scalar(text: string): string {
  const isPlain = /^[a-z][a-z0-9_-]*$/i.test(text) || /^\d+(\.\d+)?(ms|s|m|h|B|kB|MB|GB|\/s|[kMG]bit|%)$/.test(text)
  return isPlain && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text)
}

/** A key is a text whatever it looks like. */
function keyed(key: string): string {
  return /^[a-z_][a-z0-9_.-]*$/i.test(key) ? key : JSON.stringify(key)
}

/** Lines of at most so many characters, broken between words; folded again by YAML's `>-`. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
