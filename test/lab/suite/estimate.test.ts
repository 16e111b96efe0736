import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {of} from '../../../lab/history/history.ts'
import {loadHistory} from '../../../lab/history/read-events.ts'
import {loadScenario, parseScenario, scenarioNames} from '../../../lab/scenario/index.ts'
import {estimateSeconds} from '../../../lab/suite/estimate.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

const folder = join(import.meta.dirname, '..', '..', 'histories')
const recorded = readdirSync(folder).flatMap(file => {
  const name = scenarioNames().find(one => file === `${one}.pass.ndjson.gz`)
  return name === undefined ? [] : [[name, file] as const]
})
const shortNeeds = 'needs: {postgres: 3, etcd: 3}\nclients: [{writers: 1, rate: 1/s, through: primary}]\n'
const steps = (text: string) =>
  parseScenario('mine.yaml', `about: Nothing is promised here.\n${shortNeeds}steps:\n${text}expect: [no-failover]\n`)

test('every scenario of ours has a recorded run to hold its estimate against', () => {
  expect(recorded.map(([name]) => name).toSorted()).toEqual(scenarioNames())
})

test.each(recorded)('the estimate of %s is within a third, or 8 s, of what its recorded run took', async (_, file) => {
  const history = await loadHistory(join(folder, file))
  const took = history.events.at(-1)!.at / 1e6
  // As it was played then: a scenario may have lost a hold since.
  const {scenario, topology} = of(history, 'run-started')[0]!
  const estimate = estimateSeconds(scenario, loadTopology({profile: topology.profile}))
  expect(Math.abs(estimate - took)).toBeLessThan(Math.max(8, took / 3))
})

test('a longer lease makes the estimate of a failover longer, not that of a hold', () => {
  const [fast, slow] = [loadTopology({profile: 'fast'}), loadTopology({profile: 'fast', set: ['patroni.ttl=60s']})]
  const failover = loadScenario('kill-leader')
  expect(estimateSeconds(failover, slow) - estimateSeconds(failover, fast)).toBeGreaterThan(35)
  const hold = steps('  - hold: 20s\n')
  expect(estimateSeconds(hold, slow)).toBe(estimateSeconds(hold, fast))
})

test('what a hold has waited for already is not waited for again', () => {
  const kill = '  - {inject: kill, what: host, on: leader, as: crash}\n'
  const wait = '  - {until: new-leader, within: budget}\n  - heal: crash\n'
  const topology = loadTopology({profile: 'fast'})
  const [at, late] = [steps(`${kill}${wait}`), steps(`${kill}  - hold: 10s\n${wait}`)].map(one =>
    estimateSeconds(one, topology),
  )
  expect(late).toBeCloseTo(at!, 5)
})

test('no wait is estimated longer than its own limit', () => {
  const kill = '  - {inject: kill, what: host, on: leader, as: crash}\n'
  const bounded = steps(`${kill}  - {until: new-leader, within: 5s}\n  - heal: crash\n`)
  const hold = steps(`${kill}  - hold: 5s\n  - heal: crash\n`)
  const topology = loadTopology({profile: 'default'})
  expect(estimateSeconds(bounded, topology)).toBe(estimateSeconds(hold, topology))
})
