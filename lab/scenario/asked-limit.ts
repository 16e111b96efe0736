/** A limit on the time without writes that is asked for when a scenario is played: `chaos --within`. */
import {LabError} from '../words/errors.ts'
import {ms} from '../words/quantity.ts'
import type {Scenario} from './index.ts'

/**
 * The scenario with the limit as its first expectation, so that it is recorded, and judged again as it was.
 * @param limitMs from 100 ms to 30 min. @throws LabError `usage` where nobody writes behind the proxy.
 */
export function withAskedLimit(scenario: Scenario, limitMs: number): Scenario {
  // Those are the clients that the check on the time without writes goes by.
  const writes = scenario.clients.some(({kind, through}) => kind !== 'readers' && through === 'primary')
  if (!writes)
    throw new LabError(
      'usage',
      `--within is a limit on the time without writes, and no client of ${scenario.name} writes through the proxy`,
      {hint: 'add a group to the scenario: `- writers: 4`, `rate: 100/s`, `through: primary`'},
    )
  const asked = {check: 'unavailability', params: {writes: {'at-most': ms(limitMs)}}, asked: true} as const
  return {...scenario, expect: [asked, ...scenario.expect]}
}
