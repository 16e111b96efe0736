/** What a lab that comes up can be waited for with, on an engine that behaves. */
import {beforeEach, expect, test, vi} from 'vitest'
import {type RaiseOptions, raise} from '../../../lab/run/raise.ts'
import {type Readiness, Wait} from '../../../lab/run/readiness.ts'
import {allocate} from '../../../lab/state/allocate.ts'
import {disposedOf, eachWithItsOwnState} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import {FakeCompose, freePorts} from '../fake/compose.ts'
import {FakeEngine} from '../fake/engine.ts'
import {images} from '../fake/images.ts'
import {fakeTopology} from '../fake/lab.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
vi.setConfig({testTimeout: 60_000}) // minutes of virtual time, on a machine that may be busy
eachWithItsOwnState()

let engine: FakeEngine
let compose: FakeCompose
const told: string[] = []
beforeEach(() => {
  engine = disposedOf(new FakeEngine())
  compose = new FakeCompose(engine, 'mine')
  told.splice(0)
})

const allocated: typeof allocate = async (...given) => {
  const allocation = await allocate(...given)
  return {...allocation, ports: await freePorts(allocation.ports)}
}

async function raised(until: Readiness, more: Partial<RaiseOptions> = {}) {
  const result = await passing(
    raise(
      engine,
      {
        ...{name: 'mine', topology: undefined, fallback: () => fakeTopology, signal: new AbortController().signal},
        progress: ({step, state, says}) => void told.push(`${step}: ${says ?? state}`),
        ...{until, ...more},
      },
      {ready: async () => images, allocate: allocated},
    ),
  )
  disposedOf(result.lab)
  return result
}

/** A cluster in which node3 never streams, so that it never gets healthy. */
function withoutNode3(): void {
  compose.made = ({cluster}) => {
    const {streams} = cluster
    cluster.streams = host => host !== 'node3' && streams.call(cluster, host)
  }
}

test.each([
  ['writes', Wait.forWrites()],
  ['one replica of two', Wait.forStreamingReplicas(1)],
])('%s are there while a replica is still missing', async (_, until) => {
  withoutNode3()
  const {how, writableMs, tookMs} = await raised(until)
  expect(how).toBe('created')
  expect(0 < writableMs && writableMs <= tookMs).toBe(true)
})

test('more replicas than stream are waited for until the time is up, and who is missing is said', async () => {
  withoutNode3()
  await expect(raised(Wait.forStreamingReplicas(2).withStartupTimeout(30_000))).rejects.toMatchObject({
    code: 'not-ready',
    message: 'waited 30 s for 2 replicas to stream; last seen: 1 replica streams; node3 not yet',
  })
  expect(told).toContain('wait until 2 replicas stream from the primary: 1 replica streams; node3 not yet')
})

test('writes that nobody takes are waited for until the time is up', async () => {
  compose.made = ({cluster}) => {
    cluster.electsNobody = true
  }
  await expect(raised(Wait.forWrites().withStartupTimeout(10_000))).rejects.toMatchObject({
    code: 'not-ready',
    message: expect.stringMatching(/^waited 10 s for a write through HAProxy; last seen: HAProxy does not route/),
  })
})

test('healthy for a while is so without a break', async () => {
  const {lab} = await raised(Wait.forHealthy())
  await lab[Symbol.asyncDispose]()
  const {tookMs} = await raised(Wait.forHealthy({forMs: 20_000}))
  expect(tookMs).toBeGreaterThanOrEqual(20_000)
})

test('a command is waited for until it ends with 0, and what it said last is told', async () => {
  let times = 0
  compose.made = world => {
    world.host('node1').refuses = script => (script === ':' && ++times < 4 ? `not yet\nno ${times}` : undefined)
  }
  await raised(Wait.forSuccessfulCommand('node1', [':']))
  expect(told).toContain('wait until : succeeds on node1: it ended with 1: no 3')
})

test('a command for more hosts than one is none', async () => {
  await expect(raised(Wait.forSuccessfulCommand('all', [':']))).rejects.toThrow('`all` means 3 hosts')
})

test('several are waited for one after the other, and each has its own time', async () => {
  withoutNode3()
  const both = Wait.forAll([Wait.forWrites(), Wait.forStreamingReplicas(2).withStartupTimeout(5000)])
  expect(both.says).toBe('the cluster takes writes, and 2 replicas stream from the primary')
  await expect(raised(both)).rejects.toThrow('waited 5 s for 2 replicas to stream')
})

test.each([
  [Wait.forStreamingReplicas(3), '3 streaming replicas are waited for, and the cluster has 2'],
  [Wait.forStreamingReplicas(-1), '-1 streaming replicas are waited for, and the cluster has 2'],
  [Wait.forSuccessfulCommand('leader', []), 'a command that is waited for has at least one word'],
  [
    Wait.forAll([Wait.forWrites(), Wait.forStreamingReplicas(9)]).withStartupTimeout(1000),
    '9 streaming replicas are waited for, and the cluster has 2',
  ],
])('what no such lab comes to is known before it is raised', (strategy, says) => {
  expect(strategy.mistakeIn(fakeTopology)).toBe(says)
  expect(Wait.forStreamingReplicas(2).mistakeIn(fakeTopology)).toBeUndefined()
})
