import {describe, expect, test} from 'vitest'
import {LabError} from '../../lab/errors.ts'
import {bind, loadScenario, parseScenario, scenarioNames} from '../../lab/scenario.ts'
import {loadTopology} from '../../lab/topology-file.ts'

const about = 'about: A replica takes over.\n'
const clients = 'clients: [{writers: 2, rate: 100/s, through: primary}]\n'
const steps = 'steps: [{hold: 1s}, {inject: kill, what: host, on: leader, as: crash}]\n'
const expectations = 'expect: [{failover: {within: budget}}]\n'

function complaint(text: string): string {
  try {
    parseScenario('mine.yaml', text)
  } catch (error) {
    if (error instanceof LabError) return `${error.exitCode} ${error.message}`
    throw error
  }
  return 'no complaint'
}

describe('a scenario', () => {
  test('every scenario that comes with pgha-lab is valid and fits the default topology', () => {
    expect(scenarioNames()).toContain('kill-leader')
    for (const name of scenarioNames()) bind(loadScenario(name), loadTopology({}))
  })

  test('is read with its units', () => {
    const scenario = parseScenario('mine.yaml', about + clients + steps + expectations)
    expect(scenario.clients).toEqual([{kind: 'writers', count: 2, perSecond: 100, through: 'primary'}])
    expect(scenario.steps[0]).toEqual({do: 'hold', forMs: 1000})
    expect(scenario.name).toBe('mine')
  })

  test('that needs more hosts than the lab has is refused before anything is touched', () => {
    const scenario = parseScenario('mine.yaml', `${about}needs: {postgres: 5}\n${clients}${steps}${expectations}`)
    expect(() => bind(scenario, loadTopology({}))).toThrow('mine needs 5 postgres hosts, this lab has 3')
  })
})

describe('a complaint about a scenario', () => {
  test.each([
    ['', /^2 mine\.yaml:1:1: the file is empty, a scenario was expected/],
    ['# nothing\n', /^2 mine\.yaml:1:1: the file is empty/],
    [about + clients + steps, /^2 mine\.yaml:1:1: `expect` is missing|`expect` is a list/],
    [`${about}stpes: []\n`, /^2 mine\.yaml:\d+:1: /],
    [
      `${about + clients + steps}expect: [failovr]\n`,
      /^2 mine\.yaml:4:10: there is no check `failovr`, did you mean `failover`\?/,
    ],
    [`${about + clients + steps}expect: [{failover: {within: 10}}]\n`, /^2 mine\.yaml:4:\d+: .*10.*/],
    [
      `${about + clients + steps}expect: [{failover: {wihtin: 10s}}]\n`,
      /^2 mine\.yaml:4:\d+: unknown key `wihtin`, did you mean `within`\?/,
    ],
    [`${about + clients + steps}expect: []\n`, /^2 mine\.yaml:4:9: a scenario that expects nothing cannot fail/],
    [
      `${about + clients}steps: [{inject: kil, what: host, on: leader}]\n${expectations}`,
      /^2 mine\.yaml:3:18: there is no fault `kil`, did you mean `kill`\?/,
    ],
    [
      `${about + clients}steps: [{inject: kill, what: hots, on: leader}]\n${expectations}`,
      /^2 mine\.yaml:3:30: `what` must be host/,
    ],
    [
      `${about + clients}steps: [{inject: kill, what: host}]\n${expectations}`,
      /^2 mine\.yaml:3:\d+: `on` (names whom|is missing)/,
    ],
    [
      `${about + clients}steps: [{heal: crash}]\n${expectations}`,
      /^2 mine\.yaml:3:16: no earlier step injects `crash`/,
    ],
    [
      `${about + clients}steps: [{hodl: 2s}]\n${expectations}`,
      /^2 mine\.yaml:3:10: a step begins with one of .*, not `hodl`, did you mean `hold`\?/,
    ],
    [
      `${about + clients}steps: [{hold: 2}]\n${expectations}`,
      /^2 mine\.yaml:3:16: 2 is not a duration, it has no unit: did you mean 2s\?/,
    ],
    [`${about + clients}steps: [{hold: 2h}]\n${expectations}`, /^2 mine\.yaml:3:16: at most 10 minutes/],
    [
      `${about}clients: [{writers: 2, rate: 100, through: primary}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:30: 100 is not a rate, it has no unit: did you mean 100\/s\?/,
    ],
    [
      `${about}clients: [{writers: 2, rate: 5000/s, through: primary}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:30: a rate from 1\/s to 2000\/s/,
    ],
    [
      `${about}clients: [{writers: 2, rate: 50/s, through: replicas}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:\d+: writers go through primary/,
    ],
    [
      `${about + clients}steps: [{until: new-leader, within: soon}]\n${expectations}`,
      /^2 mine\.yaml:3:37: "soon" is not a duration.*or the word budget/,
    ],
  ])('%j is refused at its place', (text, says) => {
    expect(complaint(text)).toMatch(says)
  })

  test('an unknown scenario is answered with the nearest one', () => {
    expect(() => loadScenario('kill-laeder')).toThrow('there is no scenario `kill-laeder`, did you mean `kill-leader`?')
  })
})
