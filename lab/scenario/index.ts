/** Scenarios: what they are made of, and where they are found. Reading one is in `scenario/parse.ts`. */
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import type {Scenario} from '../history/scenario-values.ts'
import {nearest, suggestion} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {next, ownCommand} from '../words/next-step.ts'
import {readText} from '../words/read-text.ts'
import {bySuite, calledAs, scenarioFolder, scenarioNames} from './own-files.ts'
import {parseScenario} from './parse.ts'
import {keptOf, readAhead} from './read-ahead.ts'

export type {ClientGroup} from '../history/client-group.ts'
export type {Expectation, Needs, Scenario, Step, Within} from '../history/scenario-values.ts'
export {type Bound, bind, configOf, settingsFor, type Typed, together, topologyDuring} from './bind.ts'
export {capabilitiesFor, mustBeAble, mustBreak} from './capabilities.ts'
export {scenarioSchema} from './json-schema.ts'
export {scenarioNames} from './own-files.ts'
export {mustTakeParameters, unaskedParameters} from './parameters.ts'
export {parseScenario} from './parse.ts'
export {readAheadFile} from './read-ahead.ts'
export {sayClients, sayNeeds, sayStep, sayValue} from './say.ts'
export {undecided} from './undecided.ts'

/** Where a scenario's file is: a name of ours, a path, or `-` for stdin. @throws LabError `usage` with the nearest name. */
export function scenarioFile(nameOrPath: string): string {
  if (/[/\\]|\.ya?ml$|^-$/.test(nameOrPath)) return nameOrPath
  const file = join(scenarioFolder, `${nameOrPath}.yaml`)
  if (existsSync(file)) return file
  const beside = ['yaml', 'yml'].map(ending => `./${nameOrPath}.${ending}`).find(path => existsSync(path))
  const meant = beside ?? nearest(nameOrPath, scenarioNames())
  const near = beside === undefined ? suggestion(nameOrPath, scenarioNames()) : `, did you mean the file \`${beside}\`?`
  throw new LabError('usage', `there is no scenario \`${nameOrPath}\`${near}`, {
    instead: meant === undefined ? [] : [{written: nameOrPath, meant}],
    hint: next`a file of yours is named by its path; to list ours: ${ownCommand('scenarios')}`,
  })
}

/**
 * @param nameOrPath one of ours, or a file.
 * @throws LabError `usage` for an unknown name, `config` with file:line:column.
 */
export function loadScenario(nameOrPath: string): Scenario {
  const {file, text} = textOf(nameOrPath)
  const known = readAhead(text)
  return known === undefined ? parseScenario(file, text) : {...known, ...calledAs(file)}
}

/** Those that come with pgha-lab, as a build keeps them. */
export function scenariosToKeep(): string {
  return keptOf(
    scenarioNames().map(name => {
      const {file, text} = textOf(name)
      return {text, scenario: parseScenario(file, text)}
    }),
  )
}

function textOf(nameOrPath: string): {readonly file: string; readonly text: string} {
  const file = scenarioFile(nameOrPath)
  const hint = next`to list ours: ${ownCommand('scenarios')} one of them is the place to begin your own: ${ownCommand('scenarios', 'show', 'kill-leader')}`
  return {file, text: readText(file, 'scenario', hint)}
}

/** Our scenarios by suite, both in alphabetical order; `other` are those without one. */
export function suites(): Map<string, readonly Scenario[]> {
  return bySuite(scenarioNames().map(loadScenario))
}
