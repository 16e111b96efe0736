/** The parameters that a scenario needs, asked of PostgreSQL: Patroni would drop in silence what PostgreSQL refuses. */
import {existsSync} from 'node:fs'
import {type ParameterEngine, type Refused, refusedOrUnasked, refusedParameters} from '../engine/parameters.ts'
import {settings} from '../topology/settings.ts'
import {Located} from '../words/decode.ts'
import {LabError} from '../words/errors.ts'
import {readText} from '../words/read-text.ts'
import type {Scenario} from './index.ts'

/** @throws LabError `config` with the place of each that PostgreSQL refuses, and those of `refusedParameters`. */
export async function mustTakeParameters(docker: ParameterEngine, image: string, scenario: Scenario): Promise<void> {
  mustBeNone(scenario, await refusedParameters(docker, image, parametersOf(scenario)))
}

/** As `mustTakeParameters`; why PostgreSQL could not be asked, null when it was or nothing is to be asked. */
export async function unaskedParameters(
  docker: ParameterEngine,
  image: string,
  scenario: Scenario,
  file: string,
): Promise<string | null> {
  const {refused, unasked} = await refusedOrUnasked(docker, image, parametersOf(scenario))
  mustBeNone(scenario, refused, file)
  return unasked
}

function parametersOf({needs}: Scenario): Readonly<Record<string, string>> {
  const {parameters = {}} = settings.postgresql.parse(needs.postgresql ?? {})
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]))
}

function mustBeNone({name, file: read}: Scenario, refused: readonly Refused[], file = read): void {
  if (refused.length === 0) return
  const path = ['needs', 'postgresql', 'parameters']
  if (file !== undefined && existsSync(file)) {
    const source = new Located(file, readText(file, 'scenario'), 'scenario')
    for (const one of refused) source.tell(path, `PostgreSQL says: ${one.says}`, one.name)
    source.mustBeRight()
  }
  // No file was written.
  const says = refused.map(one => `${name}: ${[...path, one.name].join('.')}: PostgreSQL says: ${one.says}`)
  throw new LabError('config', says.join('\n'))
}
