import {describe, expect, test} from 'vitest'
import {withExtraClients} from '../../../lab/scenario/extra-clients.ts'
import {loadScenario, parseScenario} from '../../../lab/scenario/index.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {about, expectations, steps} from './complaint.ts'

const names = (scenario: ReturnType<typeof withExtraClients>) =>
  scenario.extraClients?.map(group => (group.kind === 'program' ? group.name : (group.driver ?? 'pg')))

describe('clients that are added to be compared', () => {
  test('are one group of each driver that does not write in the scenario already', () => {
    const kill = loadScenario('kill-leader')
    const all = withExtraClients(kill, 'all')
    expect(names(all)).toEqual(['pg-pool', 'psycopg', 'pgbench'])
    expect(all.clients).toBe(kill.clients)
    expect(all.extraClients).toContainEqual({
      ...{kind: 'writers', count: 4, perSecond: 20, through: 'members', driver: 'psycopg'},
    })
  })

  test('are those that are named, once each', () => {
    expect(names(withExtraClients(loadScenario('kill-leader'), 'pgbench, psycopg,pgbench'))).toEqual([
      'pgbench',
      'psycopg',
    ])
  })

  test('have pg among them where the scenario writes with another driver only, or past the proxy', () => {
    const groups =
      'clients: [{writers: 2, rate: 50/s, to: leader}, {writers: 1, rate: 5/s, through: primary, driver: pg-pool}, {pgbench: 1, rate: 5/s, through: primary}]\n'
    const mine = parseScenario('mine.yaml', about + groups + steps + expectations)
    expect(names(withExtraClients(mine, 'all'))).toEqual(['pg', 'psycopg'])
  })

  test.each([
    ['psycpg', 'did you mean `psycopg`?'],
    ['', 'there is no driver ``'],
    ['all,pg', 'there is no driver `all`'],
  ])('%j is refused', (asked, says) => {
    const refused = () => withExtraClients(loadScenario('kill-leader'), asked)
    expect(refused).toThrow(LabError)
    expect(refused).toThrow(says)
  })
})
