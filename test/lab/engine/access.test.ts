import {expect, test} from 'vitest'
import {Access} from '../../../lab/engine/access.ts'
import type {Answer, Asking, Question} from '../../../lab/observer/ask.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {allocation} from '../../compose/a-lab.ts'

/** An etcd whose tokens are `t1`, `t2` ...: the last that it gave is good, until it forgets it. */
class Etcd {
  readonly asked: [path: string, question: Question][] = []
  good = ''
  given = 0
  givesNone = false

  async ask(_to: string, path: string, question: Question): Promise<Answer> {
    this.asked.push([path, question])
    if (path === '/v3/auth/authenticate') {
      if (this.givesNone) return {code: 400, body: '{"code":3}'}
      this.good = `t${++this.given}`
      return {code: 200, body: JSON.stringify({token: this.good})}
    }
    if (path === '/v3/maintenance/status') return {code: 200, body: 'status'}
    if (question.authorization === undefined) return {code: 400, body: '{"error":"etcdserver: user name is empty"}'}
    return question.authorization === this.good ? {code: 200, body: 'keys'} : {code: 401, body: '{"code":16}'}
  }
}

function access(...set: string[]) {
  const topology = loadTopology({topology: 'standby-cluster', set})
  const etcd = new Etcd()
  return {etcd, access: new Access(topology, allocation({}, topology), etcd as unknown as Asking)}
}

const range = {method: 'POST', body: {}, withinMs: 1000} as const
const at = (host: string, service: 'etcd' | 'patroni' = 'etcd') => ({host, service, to: `${host}:1`})

test('who is asked for no login sends none, and one that is asked for it logs in once', async () => {
  const {etcd, access: asks} = access('auth.etcd=simple')
  expect((await asks.ask(at('etcd1'), '/v3/maintenance/status', range)).code).toBe(200)
  expect(etcd.asked[0]![1]).not.toHaveProperty('authorization')
  const both = await Promise.all([1, 2].map(() => asks.ask(at('etcd1'), '/v3/kv/range', range)))
  expect(both.map(one => one.body)).toEqual(['keys', 'keys'])
  expect(etcd.given).toBe(1)
  expect(etcd.asked.find(([path]) => path.endsWith('authenticate'))![1].body).toEqual({
    name: 'root',
    password: 'root-pw',
  })
})

test('a token that has expired is got anew; each cluster has its own', async () => {
  const {etcd, access: asks} = access('auth.etcd=jwt')
  await asks.ask(at('etcd1'), '/v3/kv/range', range)
  etcd.good = 'expired'
  expect((await asks.ask(at('etcd1'), '/v3/kv/range', range)).code).toBe(200)
  expect(etcd.given).toBe(2)
  const before = etcd.asked.length
  await asks.ask(at('etcd2'), '/v3/kv/range', range)
  expect(etcd.asked[before]![1]).not.toHaveProperty('authorization')
})

test('where nobody gets a login, the answer of the question stands', async () => {
  const {etcd, access: asks} = access('auth.etcd=simple')
  etcd.givesNone = true
  expect(await asks.ask(at('etcd1'), '/v3/kv/range', range)).toMatchObject({code: 400})
})

test('the password of the REST API goes with what changes something, and with nothing else', async () => {
  const {etcd, access: asks} = access('auth.rest=on', 'tls.rest=on')
  await asks.ask(at('node1', 'patroni'), '/patroni', {withinMs: 1})
  await asks.ask(at('node1', 'patroni'), '/config', {...range, method: 'PATCH'})
  const [read, change] = etcd.asked.map(([, question]) => question)
  expect(read).not.toHaveProperty('authorization')
  expect(read!.identity?.ca).toContain('BEGIN CERTIFICATE')
  expect(change!.authorization).toBe(`Basic ${Buffer.from('patroni:rest-pw').toString('base64')}`)
})

test('a lab without any of it is asked as ever', async () => {
  const {etcd, access: asks} = access()
  expect((await asks.ask(at('etcd1'), '/v3/kv/range', range)).code).toBe(400)
  expect(etcd.asked).toEqual([['/v3/kv/range', range]])
})
