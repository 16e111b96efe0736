import {readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import type {Scenario} from '../../../lab/history/scenario-values.ts'
import {loadScenario, parseScenario, scenarioFile, scenarioNames, scenariosToKeep} from '../../../lab/scenario/index.ts'

const kept = JSON.parse(scenariosToKeep()) as Record<string, Scenario>

test('what a build keeps of a scenario is all that reading its file makes', () => {
  expect(Object.keys(kept)).toHaveLength(scenarioNames().length)
  const read = scenarioNames().map(name => parseScenario(scenarioFile(name), readFileSync(scenarioFile(name), 'utf8')))
  expect(Object.values(kept)).toStrictEqual(read)
})

test('where nothing was built the file is read', () => {
  expect(loadScenario('kill-leader')).toStrictEqual(Object.values(kept).find(one => one.name === 'kill-leader'))
})
