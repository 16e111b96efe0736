import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {loadScenario, parseScenario, type Scenario, scenarioNames} from '../../../lab/scenario/index.ts'
import {writeScenario} from '../../../lab/scenario/write.ts'
import {strayCharacter} from '../../../lab/words/plain-text.ts'

const withoutLines = ({expect: expectations, ...rest}: Scenario) => ({
  ...rest,
  expect: expectations.map(({check, params}) => ({check, params})),
})
const again = ({file, ...scenario}: Scenario): Scenario => {
  const {file: _, ...read} = parseScenario(`${scenario.name}.yaml`, writeScenario(scenario))
  return file === undefined ? read : {...read, file}
}

test.for(scenarioNames())('%s is read again as it was', name => {
  const scenario = loadScenario(name)
  expect(withoutLines(again(scenario))).toEqual(withoutLines(scenario))
})

test('clients of every kind, and steps with every kind of parameter, are read again as they were', () => {
  const scenario = parseScenario(
    'all.yaml',
    `about: 'Odd: a text with #signs, "quotes" and {braces}, which goes on: until it is longer than one line of a file may be, here.'
suite: mine
needs: { postgres: 3, etcd: 3, patroni: { synchronous_mode: on, ttl: 25s } }
clients:
  - writers: 3
    rate: 7/m
    to: leader
    timeouts: default
  - readers: 1
    rate: 0.5/s
    through: members
    driver: psycopg
    timeouts: { connect: 2500ms, statement: 30s }
  - bankers: 2
    rate: 3/s
    through: primary
  - pgbench: 4
    rate: 20/s
    through: primary
  - client:
      image: example/app:1.2
      command: [run, "--with=a b", "yes"]
      environment: { MODE: "on", PGOPTIONS: "-c x=y" }
      name: mine
    rate: 9/s
    through: replicas
steps:
  - hold: 1500ms
  - say: "so: it begins # now"
  - inject: kill
    what: patroni
    on: [replica, node3]
    as: two
  - inject: partition
    on: leader
    from: [replicas, node3]
    services: [etcd, replication]
    limit: 2m
    together: true
    as: cut
  - until: new-leader
    within: budget
  - until: { no-lost-writes: { allow: none } }
    within: 90s
  - until: rejoined
    within: 2m
  - heal: cut
  - inject: set-tags
    on: cut
    tags: { nofailover: true, failover_priority: 2, "odd key": "true" }
expect:
  - unavailability: { writes: { at-most: 3s } }
  - logs-clean: { except: [panic] }
  - timeline-monotone
`,
  )
  expect(withoutLines(again(scenario))).toEqual(withoutLines(scenario))
  // What was written once stays the same to the byte.
  expect(writeScenario(again(scenario))).toBe(writeScenario(scenario))
})

describe('whatever a text is', () => {
  const base = loadScenario('kill-leader')

  test('what a scenario says comes back, and a character that a terminal would obey is refused', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), says => {
        const steps = [...base.steps, {do: 'say', says} as const]
        if (strayCharacter(says, '\n\t') === null)
          expect(again({...base, steps}).steps.at(-1)).toEqual({do: 'say', says})
        else expect(() => again({...base, steps})).toThrow(/cannot stand in a scenario/)
      }),
    )
  })
})
