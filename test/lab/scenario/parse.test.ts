import {describe, expect, test} from 'vitest'
import {pgbenchGroup} from '../../../lab/clients/pgbench.ts'
import {parseScenario} from '../../../lab/scenario/index.ts'
import {sayClients} from '../../../lab/scenario/say.ts'
import {about, clients, complaint, expectations, steps} from './complaint.ts'

describe('a scenario', () => {
  test('is read with its units', () => {
    const scenario = parseScenario('mine.yaml', about + clients + steps + expectations)
    expect(scenario.clients).toEqual([{kind: 'writers', count: 2, perSecond: 100, through: 'primary'}])
    expect(scenario.steps[0]).toEqual({do: 'hold', forMs: 1000})
    expect(scenario.name).toBe('mine')
    expect(scenario).not.toHaveProperty('suite')
  })

  test('keeps the settings it needs as they are written', () => {
    const needs = 'needs: {postgres: 5, patroni: {ttl: 30s, synchronous_mode: on}, postgresql: {data_size: 512MB}}\n'
    expect(parseScenario('mine.yaml', about + needs + clients + steps + expectations).needs).toEqual({
      postgres: 5,
      etcd: 1,
      patroni: {ttl: '30s', synchronous_mode: 'on'},
      postgresql: {data_size: '512MB'},
    })
  })

  test('keeps the parameters of faults and checks as they are written', () => {
    const scenario = parseScenario('mine.yaml', about + clients + steps + expectations)
    expect(scenario.steps[1]).toMatchObject({do: 'inject', params: {what: 'host'}})
    expect(scenario.expect).toEqual([{check: 'failover', params: {within: 'budget'}, line: 4}])
  })

  test('may send clients directly to a host', () => {
    const direct = 'clients: [{writers: 1, rate: 10/s, to: leader}, {readers: 1, rate: 10/s, to: node2}]\n'
    const scenario = parseScenario('mine.yaml', about + direct + steps + expectations)
    expect(scenario.clients.map(group => group.through)).toEqual([{to: 'leader'}, {to: 'node2'}])
  })

  test('may say what its clients are written with', () => {
    const groups =
      'clients: [{writers: 2, rate: 10/s, through: primary, driver: pg-pool}, {readers: 1, rate: 5/s, through: members, driver: psycopg}, {bankers: 1, rate: 5/s, through: primary, driver: pg}]\n'
    expect(parseScenario('mine.yaml', about + groups + steps + expectations).clients).toEqual([
      {kind: 'writers', count: 2, perSecond: 10, through: 'primary', driver: 'pg-pool'},
      {kind: 'readers', count: 1, perSecond: 5, through: 'members', driver: 'psycopg'},
      {kind: 'bankers', count: 1, perSecond: 5, through: 'primary', driver: 'pg'},
    ])
  })

  test('may say how long its clients wait', () => {
    const groups =
      'clients: [{writers: 2, rate: 10/s, through: primary, timeouts: default}, {readers: 1, rate: 5/s, through: replicas, timeouts: {statement: 30s}}]\n'
    const {clients} = parseScenario('mine.yaml', about + groups + steps + expectations)
    expect(clients).toMatchObject([{timeouts: {connectMs: null, statementMs: null}}, {timeouts: {statementMs: 30_000}}])
    expect(clients.map(sayClients)).toEqual([
      "2 writers, 10/s, through the proxy's primary port, without any time-out",
      "1 readers, 5/s, through the proxy's replicas port, 30.00 s for an answer",
    ])
  })

  test('may have programs that know nothing of the lab', () => {
    const groups = `clients:
  - pgbench: 4
    rate: 20/s
    through: primary
  - client: {image: 'example/app:1', command: [./app, --once], environment: {MODE: fast}}
    through: primary
  - client: {image: example/other, name: other}
    rate: 5/s
    through: replicas
`
    expect(parseScenario('mine.yaml', about + groups + steps + expectations).clients).toEqual([
      pgbenchGroup(4, 20, 'primary'),
      {
        kind: 'program',
        name: 'client',
        image: 'example/app:1',
        command: ['./app', '--once'],
        environment: {MODE: 'fast'},
        perSecond: 200,
        through: 'primary',
      },
      {kind: 'program', name: 'other', image: 'example/other', command: [], perSecond: 5, through: 'replicas'},
    ])
  })

  test('may hit the hosts of an earlier step again', () => {
    const twice =
      'steps: [{inject: kill, what: host, on: leader, as: first}, {heal: first}, {inject: kill, what: host, on: first, as: again}]\n'
    const scenario = parseScenario('mine.yaml', about + clients + twice + expectations)
    expect(scenario.steps[2]).toMatchObject({on: 'first', as: 'again'})
  })

  test('waits for any check, which gets the `within` of the step unless it has its own', () => {
    const until = (step: string) =>
      parseScenario('mine.yaml', `${about + clients}steps: [${step}]\n${expectations}`).steps[0]
    expect(until('{until: rejoined, within: 30s}')).toMatchObject({within: 30_000, params: {within: '30s'}})
    expect(until('{until: {rejoined: {within: 5s}}, within: 30s}')).toMatchObject({params: {within: '5s'}})
    expect(until('{until: new-leader, within: budget}')).toMatchObject({within: 'budget', params: {}})
    expect(until('{until: failover, within: budget}')).toMatchObject({within: 'budget', params: {within: 'budget'}})
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
      /^2 mine\.yaml:3:30: `what` is one of host, /,
    ],
    [
      `${about + clients}steps: [{inject: kill, what: host}]\n${expectations}`,
      /^2 mine\.yaml:3:9: `on` is missing: it names whom, such as leader/,
    ],
    [
      `${about + clients}steps: [{inject: kill, what: host, on: [leader, replicsa]}]\n${expectations}`,
      /^2 mine\.yaml:3:\d+: `replicsa` names nobody, did you mean `replica`/,
    ],
    [`${about + clients}steps: [{inject: kill, what: host, on: []}]\n${expectations}`, /^2 mine\.yaml:3:\d+: /],
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
      `${about}clients: [{writers: 2, rate: 50/s, through: members}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:45: pg cannot look for the primary among several hosts.*say `driver: psycopg`/,
    ],
    [
      `${about}clients: [{writers: 2, rate: 50/s, through: members, driver: pg-pool}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:45: pg-pool cannot look for the primary/,
    ],
    [
      `${about}clients: [{writers: 2, rate: 50/s, through: primary, driver: psycpg}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:62: `driver` is one of pg, pg-pool, psycopg/,
    ],
    [
      `${about}clients: [{writers: 2, rate: 50/s, through: primary, timeouts: none}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:64: `timeouts` is `default`, for the driver's own, or says `connect`, `statement`, or both/,
    ],
    [
      `${about}clients: [{bankers: 2, rate: 50/s, through: primary, driver: psycopg}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:62: bankers have the `driver` pg or pg-pool/,
    ],
    [
      `${about}clients: [{bankers: 2, rate: 50/s, through: members}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:45: `through` is primary or replicas/,
    ],
    [
      `${about}clients: [{pgbench: 4, rate: 50/s}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:11: `through` \(primary or replicas\) is missing/,
    ],
    [
      `${about}clients: [{pgbench: 4, through: primary}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:11: a rate is missing/,
    ],
    [
      `${about}clients: [{pgbench: 4, rate: 5/s, through: primary}, {pgbench: 1, rate: 5/s, through: primary}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:55: there is a group of pgbench already/,
    ],
    [
      `${about}clients: [{client: {imgae: a/b}, through: primary}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:\d+: (`image` is missing|unknown key `imgae`, did you mean `image`\?)/,
    ],
    [
      `${about}clients: [{client: {image: a/b, command: ./app}, through: primary}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:42: `command` is a list/,
    ],
    [
      `${about}clients: [{client: {image: a/b, name: psycopg}, through: primary}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:39: `psycopg` is what clients of ours are called/,
    ],
    [
      `${about}clients: [{client: {image: a/b, name: dw1}, through: primary}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:39: `dw1` is what clients of ours are called/,
    ],
    [
      `${about}clients: [{client: {image: a/b}, through: primary}, {client: {image: c/d}, through: primary}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:\d+: another client is called `client` already; give this one a `name` of its own/,
    ],
    [
      `${about}clients: [{client: a/b, through: primary}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:20: `client` is a mapping with an `image`/,
    ],
    [
      `${about}clients: [{client: {image: a/b}, to: leader}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:34: unknown key `to`/,
    ],
    [
      `${about + clients}steps: [{until: new-leader, within: soon}]\n${expectations}`,
      /^2 mine\.yaml:3:37: "soon" is not a duration.*The word budget can stand there as well/,
    ],
    [`${about}suite: Fail Over\n${clients}${steps}${expectations}`, /^2 mine\.yaml:2:8: a name has small letters/],
    [`${about}needs: {postgres: 30}\n${clients}${steps}${expectations}`, /^2 mine\.yaml:2:19: at most 9 hosts/],
    [
      `${about}needs: {patroni: {tll: 30s}}\n${clients}${steps}${expectations}`,
      /^2 mine\.yaml:2:19: unknown key `tll`, did you mean `ttl`\?/,
    ],
    [
      `${about}needs: {patroni: {ttl: 30}}\n${clients}${steps}${expectations}`,
      /^2 mine\.yaml:2:24: 30 is not a duration, it has no unit: did you mean 30s\?/,
    ],
    [
      `${about}needs: {postgresql: {data_size: 512}}\n${clients}${steps}${expectations}`,
      /^2 mine\.yaml:2:33: 512 is not a size, it has no unit: did you mean 512MB\?/,
    ],
    [
      `${about + clients}steps: [{inject: kill, what: host, on: leadr}]\n${expectations}`,
      /^2 mine\.yaml:3:40: `leadr` names nobody, did you mean `leader`\?/,
    ],
    [
      `${about + clients}steps: [{inject: kill, what: host, on: leader, as: crash}, {inject: kill, what: host, on: crsah, as: b}]\n${expectations}`,
      /^2 mine\.yaml:3:91: `crsah` names nobody, did you mean `crash`\?/,
    ],
    [
      `${about + clients}steps: [{inject: kill, what: host, on: later}, {inject: kill, what: host, on: leader, as: later}]\n${expectations}`,
      /^2 mine\.yaml:3:40: `later` names nobody/,
    ],
    [
      `${about + clients}steps: [{inject: kill, what: host, on: node1}, {inject: kill, what: host, on: node2}]\n${expectations}`,
      /^2 mine\.yaml:3:\d+: an earlier step is called `kill` already; give this one a name of its own with `as`/,
    ],
    [
      `${about}clients: [{writers: 2, rate: 50/s}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:11: `through` \(primary or replicas\) or `to` \(such as leader\) is missing/,
    ],
    [
      `${about}clients: [{writers: 2, rate: 50/s, through: primary, to: leader}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:\d+: a group goes `through` the proxy or directly `to` a host, not both/,
    ],
    [
      `${about}clients: [{writers: 2, rate: 50/s, to: laeder}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:40: `laeder` names nobody, did you mean `leader`\?/,
    ],
    [
      `${about}clients: [{writers: 2, rate: 50/s, to: replica}]\n${steps}${expectations}`,
      /^2 mine\.yaml:2:40: a replica takes no writes/,
    ],
    [
      `${about + clients}steps: [{until: {rejoined: {wihtin: 2m}}, within: 1m}]\n${expectations}`,
      /^2 mine\.yaml:3:29: unknown key `wihtin`, did you mean `within`\?/,
    ],
    [`${about + clients}steps: [{until: rejoined}]\n${expectations}`, /^2 mine\.yaml:3:9: `within` is missing/],
    [`${about + clients}steps: [{until: rejoined, within: 2h}]\n${expectations}`, /^2 mine\.yaml:3:35: at most 30 min/],
    [`${about + clients + steps}expect: [constructor]\n`, /^2 mine\.yaml:4:10: there is no check `constructor`/],
    [
      `${about + clients}steps: [{inject: toString, on: leader}]\n${expectations}`,
      /^2 mine\.yaml:3:18: there is no fault `toString`/,
    ],
    [`${about + clients + steps}expect: [{failover: soon}]\n`, /^2 mine\.yaml:4:21: the parameters of `failover` are/],
    [
      `${about + clients}steps: [{inject: partition, on: leader, from: [etcd, repicas]}]\n${expectations}`,
      /^2 mine\.yaml:3:54: `repicas` names nobody, did you mean `replicas`\?/,
    ],
  ])('%j is refused at its place', (text, says) => {
    expect(complaint(text)).toMatch(says)
  })
})

test('the other mistakes of a step are told beside a fault that is mistyped', () => {
  const text = `${about}${clients}steps: [{inject: kil, what: hosst, on: leadr}]\n${expectations}`
  const said = complaint(text)
  expect(said).toContain('there is no fault `kil`, did you mean `kill`?')
  expect(said).toContain('`leadr` names nobody, did you mean `leader`?')
  expect(said).toMatch(/what|hosst/)
  expect(said.split('\n')).toHaveLength(3)
  // Of a fault that nobody can guess, nobody knows the parameters; whom it is to strike does not depend on it.
  expect(complaint(text.replace('kil,', 'elephants,')).split('\n')).toHaveLength(2)
})
