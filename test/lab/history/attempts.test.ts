import {expect, test} from 'vitest'
import {
  answeredUntil,
  attemptsOf,
  extraClientsOf,
  ownAnsweredWrites,
  ownAttempts,
  silentGroup,
  writesByClient,
} from '../../../lab/history/attempts.ts'
import {type ClientGroup, clientName, driverOf, namesOf, readersLookBelow} from '../../../lab/history/client-group.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf, of} from '../../../lab/history/history.ts'
import {proxiedWrites} from '../../../lab/history/reads.ts'
import {cleanRun} from '../checks/history-builder.ts'

const extra: readonly ClientGroup[] = [
  {kind: 'writers', count: 1, perSecond: 5, through: 'members', driver: 'psycopg'},
  {kind: 'program', name: 'pgbench', image: null, command: [], perSecond: 5, through: 'primary'},
]

/** w1 stays, w2 is psycopg to all members, w3 is pgbench, w4 goes to one host. */
const mixed = historyOf(
  cleanRun().map((event): Event => {
    if (event.kind === 'run-started') return {...event, scenario: {...event.scenario, extraClients: extra}}
    if (event.kind !== 'op') return event
    const client = {w2: 'psycopg-mw1', w4: 'dw4'}[event.client]
    if (client !== undefined) return {...event, client, id: event.id + (client === 'dw4' ? 0 : readersLookBelow)}
    if (event.client !== 'w3') return event
    const {id: _, lsn: __, seen: ___, ...rest} = event
    return {...rest, kind: 'transaction', client: 'pgbench-w1'} satisfies Of<'transaction'>
  }),
)

test('operations and transactions stand in one list, in the order of their answers', () => {
  const all = attemptsOf(mixed)
  expect(all.length).toBe(of(mixed, 'op').length + of(mixed, 'transaction').length)
  expect(all.map(one => one.at)).toEqual(all.map(one => one.at).toSorted((a, b) => a - b))
})

test('what an expectation about clients is judged on leaves out extra clients, and those past the proxy beside others', () => {
  expect(new Set(ownAttempts(mixed, 'write').map(one => one.client))).toEqual(new Set(['w1']))
  expect(new Set(ownAnsweredWrites(mixed).map(one => one.client))).toEqual(new Set(['w1']))
  // Where nobody goes through it, those that go to one host are the writers.
  const alone = historyOf(mixed.events.filter(event => !(event.kind === 'op' && event.client === 'w1')))
  expect(new Set(ownAttempts(alone, 'write').map(one => one.client))).toEqual(new Set(['dw4']))
  const isExtra = extraClientsOf(mixed)
  expect(['psycopg-mw1', 'psycopg-mw12', 'pgbench-w1'].every(isExtra)).toBe(true)
  expect(['w1', 'dw4', 'psycopg-w1', 'psycopg-mr1', 'pgbench-two-w1'].some(isExtra)).toBe(false)
})

test('rows of the second agent are none that a reader could have missed', () => {
  expect(proxiedWrites(mixed).every(one => one.client === 'w1')).toBe(true)
  const behindProxy = historyOf(
    mixed.events.map(event =>
      event.kind === 'op' && event.client === 'psycopg-mw1' ? {...event, client: 'psycopg-w1'} : event,
    ),
  )
  expect(proxiedWrites(behindProxy).every(one => one.client === 'w1')).toBe(true)
})

test('clients are numbered by driver and job, over all groups', () => {
  const writers = {kind: 'writers', perSecond: 5} as const
  expect(
    namesOf([
      {...writers, count: 2, through: 'primary'},
      {...writers, count: 1, through: {to: 'leader'}},
      {...writers, count: 1, through: 'members', driver: 'psycopg'},
      {kind: 'program', name: 'a-b', image: null, command: [], perSecond: 5, through: 'replicas'},
    ]),
  ).toEqual([['w1', 'w2'], ['dw3'], ['psycopg-mw1'], ['a-b-r1']])
  expect(driverOf(clientName('a-b', 'proxy', 'w', 1))).toBe('a-b')
})

test('what each client wrote is told apart by its outcome, and can be had until a moment', () => {
  const clients = writesByClient(mixed)
  expect([...clients.keys()].sort()).toEqual(['dw4', 'pgbench-w1', 'psycopg-mw1', 'w1'])
  const all = attemptsOf(mixed).filter(one => one.op === 'write')
  for (const [client, writes] of clients) {
    const own = all.filter(one => one.client === client)
    expect(writes.acknowledged).toEqual(own.filter(one => one.outcome === 'ok'))
    expect(writes.others).toEqual(own.filter(one => one.outcome !== 'ok'))
    const middle = own[Math.floor(own.length / 2)]!.at
    for (const end of [-1, middle - 1, middle, Number.POSITIVE_INFINITY])
      expect(answeredUntil(own, end)).toEqual(own.filter(one => one.at <= end))
  }
  expect(answeredUntil([], 5)).toEqual([])
})

test('a group that nobody has answered is told, however many answers the others get; a program is not asked about here', () => {
  const writers = {kind: 'writers', perSecond: 5, through: 'primary'} as const
  const groups: ClientGroup[] = [
    {...writers, count: 1, perSecond: 200},
    {...writers, count: 2, driver: 'psycopg'},
    {kind: 'program', name: 'mine', image: null, command: [], perSecond: 5, through: 'primary'},
  ]
  expect(silentGroup(mixed, groups)).toBe('nothing that psycopg-w1, psycopg-w2 asked for has been answered yet')
  const failed = historyOf(
    mixed.events.map(event =>
      event.kind === 'op' && event.client === 'w1' ? {...event, client: 'psycopg-w2', outcome: 'fail'} : event,
    ),
  )
  expect(silentGroup(failed, groups.slice(1))).toContain('psycopg-w1')
  const answered = historyOf(
    mixed.events.map(event =>
      event.kind === 'op' && event.client === 'w1' ? {...event, client: 'psycopg-w2'} : event,
    ),
  )
  expect(silentGroup(answered, groups.slice(1))).toBeNull()
})
