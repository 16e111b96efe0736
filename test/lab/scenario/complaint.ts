/** What the parser says about a text: exit code and message; anything but a LabError is thrown on. */

import {parseScenario} from '../../../lab/scenario/index.ts'
import {LabError} from '../../../lab/words/errors.ts'

export const about = 'about: A replica takes over.\n'
export const clients = 'clients: [{writers: 2, rate: 100/s, through: primary}]\n'
export const steps = 'steps: [{hold: 1s}, {inject: kill, what: host, on: leader, as: crash}]\n'
export const expectations = 'expect: [{failover: {within: budget}}]\n'

export function complaint(text: string): string {
  try {
    parseScenario('mine.yaml', text)
  } catch (error) {
    if (error instanceof LabError) return `${error.exitCode} ${error.message}`
    throw error
  }
  return 'no complaint'
}
