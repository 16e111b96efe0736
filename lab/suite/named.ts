/** A suite by its name, or `all`. */

import {type Scenario, suites} from '../scenario/index.ts'
import {insteadOf, suggestion} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {next, ownCommand} from '../words/next-step.ts'

/** @throws LabError `usage` with the nearest name. */
export function suitesNamed(name: string): ReadonlyMap<string, readonly Scenario[]> {
  const known = suites()
  if (name === 'all') return known
  const found = known.get(name)
  if (found === undefined)
    throw new LabError('usage', `there is no suite \`${name}\`${suggestion(name, ['all', ...known.keys()])}`, {
      ...insteadOf(name, ['all', ...known.keys()]),
      hint: next`to list them: ${ownCommand('scenarios')}`,
    })
  return new Map([[name, found]])
}
