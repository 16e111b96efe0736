/**
 * Violations planted into generated runs, for every check there is: each is found by its own check, and the run without it is not
 * accused. The numbers are printed. `judge.test.ts` draws the shapes of whole failovers.
 */
import fc from 'fast-check'
import {afterAll, describe, expect, test} from 'vitest'
import type {Check} from '../../../lab/checks/check.ts'
import {type CheckName, checks} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {draws} from './planting.ts'
import {cases} from './plants.ts'

const runs = 20

const numbers: string[] = []
afterAll(() => console.log(numbers.join('\n')))

describe.each(Object.entries(cases))('%s', (name, {params, clean, plants}) => {
  const check = checks[name as CheckName] as Check<unknown>
  const decoded = check.params.parse(params)
  const judge = (events: readonly Event[]) => check.judge(historyOf(events), decoded)

  test(`does not accuse a clean run (${runs} runs)`, () => {
    fc.assert(
      fc.property(draws, draw => {
        const {verdict, says} = judge(clean(draw))
        expect([verdict, says]).toEqual(['pass', says])
      }),
      {numRuns: runs},
    )
    numbers.push(`${name}: 0 of ${runs} clean runs accused`)
  })

  test.each(Object.entries(plants))(`finds: %s (${runs} runs)`, (planted, plant) => {
    let found = 0
    fc.assert(
      fc.property(draws, draw => {
        const {verdict, says} = judge(plant(clean(draw), draw))
        expect([verdict, says]).toEqual(['fail', says])
        found++
      }),
      {numRuns: runs},
    )
    numbers.push(`${name}: ${planted}: found ${found} of ${runs}`)
  })
})
