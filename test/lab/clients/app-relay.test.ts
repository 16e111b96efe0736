/** A port for an app outside the lab: what it asks is recorded while somebody listens, and only then. */
import pg from 'pg'
import {afterEach, expect, test} from 'vitest'
import {AppRelay, type AppRelayOptions} from '../../../lab/clients/app-relay.ts'
import type {Lab} from '../../../lab/engine/lab.ts'
import {Recorder} from '../../../lab/history/history.ts'
import {fakeTopology} from '../fake/lab.ts'
import {type FakePostgres, fakePostgres} from './fake-postgres.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

function labWith({port}: FakePostgres): Lab {
  return {
    topology: fakeTopology,
    allocation: {passwords: {app: 'se cret/:@'}},
    server: () => ({host: '127.0.0.1', port}),
    hostNamed: (said: string) => (said === 'node1' ? said : null),
  } as unknown as Lab
}

async function open(postgres: FakePostgres, options: AppRelayOptions = {}, others: readonly AppRelay[] = []) {
  const relay = await AppRelay.open(labWith(postgres), options, others, () => {})
  opened.push(relay)
  return relay
}

async function rig(): Promise<{postgres: FakePostgres; relay: AppRelay; client: pg.Client; history: Recorder}> {
  const postgres = await fakePostgres()
  opened.push({[Symbol.asyncDispose]: async () => void postgres.server.close()})
  const relay = await open(postgres)
  const client = new pg.Client({connectionString: relay.uri})
  client.on('error', () => {})
  await client.connect()
  opened.push({[Symbol.asyncDispose]: () => client.end()})
  return {postgres, relay, client, history: new Recorder()}
}
const siteOf = (history: Recorder) => ({
  record: history.record.bind(history) as never,
  now: () => history.now(),
})

test('an app that connected before a run is recorded in it from then on, with its outcome, and not after it', async () => {
  const {relay, client, history} = await rig()
  await client.query('INSERT INTO orders DEFAULT VALUES')
  expect(history.events).toEqual([])
  expect(relay.unheard(history)).toBe('the app behind the relay app has had no transaction answered yet')
  relay.tellTo(siteOf(history))
  await client.query('INSERT INTO orders DEFAULT VALUES')
  await expect.poll(() => history.events.length).toBe(1)
  expect(history.events[0]).toMatchObject({kind: 'transaction', client: 'app-w1', outcome: 'ok'})
  expect(relay.unheard(history)).toBeNull()
  relay.leave()
  await client.query('INSERT INTO orders DEFAULT VALUES')
  expect(history.events).toHaveLength(1)
})

test('what a server never answers is told when its connection goes', async () => {
  const {postgres, relay, client, history} = await rig()
  relay.tellTo(siteOf(history))
  postgres.answer = {do: 'nothing'}
  const query = client.query('INSERT INTO orders VALUES ($1)', [1]).catch(() => {})
  await expect.poll(() => postgres.statements).toBeGreaterThan(0)
  postgres.hangUp()
  await query
  await expect.poll(() => history.events.map(one => one.kind)).toContain('transaction')
  expect(history.events.find(one => one.kind === 'transaction')).toMatchObject({outcome: 'unknown'})
})

test('nobody but this machine gets in, and an app that has not connected is not waited for', async () => {
  const postgres = await fakePostgres()
  opened.push({[Symbol.asyncDispose]: async () => void postgres.server.close()})
  const relay = await open(postgres, {name: 'shop'})
  expect(new URL(relay.uri)).toMatchObject({hostname: '127.0.0.1', password: 'se%20cret%2F%3A%40'})
  expect(relay.unheard(new Recorder())).toBeNull()
  expect(relay.group).toMatchObject({kind: 'program', name: 'shop', outside: true, through: 'primary'})
})

test.each([
  ['pg-pool', /plain lower-case word/],
  ['pg', /pg is a driver's name/],
  ['pgbench', /pgbench is a driver's name/],
  ['Shop', /plain lower-case word/],
  ['', /plain lower-case word/],
  ['app', /there is a relay app already/],
])('no relay is called %j beside app', async (name, says) => {
  const {postgres, relay} = await rig()
  await expect(open(postgres, {name}, [relay])).rejects.toThrow(says)
})
