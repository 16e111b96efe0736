import {describe, expect, test} from 'vitest'
import {bind, loadScenario, scenarioNames, settingsFor, suites} from '../../../lab/scenario/index.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

describe('the scenarios that come with pgha-lab', () => {
  test.each(scenarioNames())('%s is valid, belongs to a suite, and fits a lab that can be raised for it', name => {
    const scenario = loadScenario(name)
    expect(scenario.suite).toBeDefined()
    const fast = loadTopology({profile: 'fast'})
    const raised = loadTopology({profile: 'fast', set: settingsFor(scenario, fast)})
    expect(settingsFor(scenario, raised)).toEqual([])
    bind(scenario, raised)
  })

  test('are grouped by suite, each in exactly one', () => {
    const grouped = [...suites().values()].flat().map(scenario => scenario.name)
    expect(grouped.sort()).toEqual(scenarioNames())
  })
})

test('an unknown scenario is answered with the nearest one', () => {
  expect(() => loadScenario('kill-laeder')).toThrow('there is no scenario `kill-laeder`, did you mean `kill-leader`?')
})
