/** The runner's side, against an agent that the tests play line by line. */

import {createInterface} from 'node:readline'
import {PassThrough} from 'node:stream'
import {afterEach, expect, it} from 'vitest'
import {agentFile, startClients} from '../../../lab/clients/clients.ts'
import type {AgentLine} from '../../../lab/clients/protocol.ts'
import type {Docker, Running} from '../../../lab/docker.ts'
import {Recorder} from '../../../lab/history.ts'
import {Lab} from '../../../lab/lab.ts'
import {type Allocation, profiles, type Topology} from '../../../lab/topology.ts'
import {fakePostgres} from './fake-postgres.ts'

/** The agent's clock is so far ahead of the run's. */
const aheadMicros = 5_000_000

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const one of cleanUp.splice(0)) one()
})

async function start(answers: {hi?: boolean} = {}) {
  const server = await fakePostgres()
  cleanUp.push(() => server.server.close())
  const recorder = new Recorder()
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const done = Promise.withResolvers<number | null>()
  const heard: unknown[] = []
  let stderr = ''
  const say = (line: AgentLine) => stdout.write(`${JSON.stringify(line)}\n`)
  const end = (code: number, complaint = '') => {
    stderr = complaint
    done.resolve(code)
    stdout.end()
  }
  createInterface({input: stdin}).on('line', text => {
    const value = JSON.parse(text)
    heard.push(value)
    if ('groups' in value && answers.hi !== false) say(['hi', 0, 'v20'])
    if ('ping' in value) say(['pong', value.ping, recorder.now() + aheadMicros])
    if ('stopWriters' in value) say(['quiet'])
    if ('stop' in value) end(0)
  })
  const running: Running = {
    stdin,
    lines: createInterface({input: stdout}),
    done: done.promise,
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      stdout.end()
    },
  }
  const started: unknown[] = []
  const docker = {
    containers: async () => [],
    container: async () => ({id: 'c1'}),
    exec: async (...call: unknown[]) => {
      started.push(call)
      return running
    },
  } as unknown as Docker
  const topology: Topology = {
    profile: 'fast',
    ...profiles.fast,
    hosts: [
      {name: 'node1', services: ['patroni']},
      {name: 'proxy1', services: ['haproxy']},
      {name: 'app1', services: ['client']},
    ],
  }
  const allocation: Allocation = {
    lab: 'test',
    subnet: '10.0.0.0/24',
    addresses: {node1: '10.0.0.1', proxy1: '10.0.0.2', app1: '10.0.0.3'},
    ports: {node1: {postgres: server.port}, proxy1: {primary: server.port}},
    passwords: {superuser: 's', replication: 'r', rewind: 'w', app: 'secret'},
    images: {host: 'h', app: 'a'},
  }
  const stop = new AbortController()
  const site = {
    lab: new Lab(docker, topology, allocation),
    record: recorder.record.bind(recorder),
    now: () => recorder.now(),
    signal: stop.signal,
  }
  const starting = startClients(site, [
    {kind: 'writers', count: 8, perSecond: 200, through: 'primary'},
    {kind: 'readers', count: 4, perSecond: 40, through: 'replicas'},
  ])
  return {recorder, starting, say, end, heard, started, stop, stdout}
}

it('the agent is told where to go inside the network, and gets the password on its stdin only', async () => {
  const {starting, heard, started} = await start()
  await using _clients = await starting
  expect(started).toEqual([['c1', ['node', agentFile]]])
  expect(heard[0]).toMatchObject({
    groups: [
      {op: 'write', clients: 8, perSecond: 200, host: '10.0.0.2', port: 5000},
      {op: 'read', clients: 4, perSecond: 40, host: '10.0.0.2', port: 5001},
    ],
    password: 'secret',
  })
})

it("the agent's times are converted with the offset that is recorded, its addresses to hosts", async () => {
  const {starting, say, recorder} = await start()
  await using clients = await starting
  const clock = recorder.events.find(one => one.kind === 'clock')!
  expect(clock).toMatchObject({who: 'app1'})
  expect(Math.abs(clock.offsetMicros + aheadMicros)).toBeLessThanOrEqual(clock.uncertaintyMicros)

  say(['c', 'w1', 6_000_000, 900, '10.0.0.1'])
  say(['o', 'w1', 1, 6_000_100, 6_000_900, 'ok', '10.0.0.1', '0000000A', '1/00000010', null, null])
  say(['o', 'r2', 2, 6_000_100, 6_000_900, 'unknown', '10.9.9.9', null, null, 'timeout', 'no answer'])
  say(['o', 'r1', 3, 6_000_100, 6_000_900, 'ok', '10.0.0.1', '0000000A', '1/00000010', null, null, 41])
  say(['b', 'b1', 'audit', 2, 6_000_100, 6_000_900, 'ok', '10.0.0.1', '0000000A', null, null, null, 8000])
  say(['w', 7_000_000, 2, 1, 300])
  await clients.stopWriters()

  const {offsetMicros} = clock
  const at = 6_000_900 + offsetMicros
  const sentAt = 6_000_100 + offsetMicros
  expect(recorder.events.filter(one => one.kind !== 'clock')).toEqual([
    {
      at: 6_000_000 + offsetMicros,
      kind: 'client-connected',
      client: 'w1',
      op: 'write',
      server: 'node1',
      tookMicros: 900,
    },
    {
      at,
      kind: 'op',
      client: 'w1',
      op: 'write',
      id: 1,
      sentAt,
      outcome: 'ok',
      server: 'node1',
      timeline: 10,
      lsn: 2 ** 32 + 16,
      sqlstate: null,
      error: null,
    },
    {
      at,
      kind: 'op',
      client: 'r2',
      op: 'read',
      id: 2,
      sentAt,
      outcome: 'unknown',
      server: null,
      timeline: null,
      lsn: null,
      sqlstate: 'timeout',
      error: 'no answer',
    },
    {
      ...{at, kind: 'op', client: 'r1', op: 'read', id: 3, sentAt, outcome: 'ok', server: 'node1'},
      ...{timeline: 10, lsn: 2 ** 32 + 16, sqlstate: null, error: null, seen: 41},
    },
    {
      ...{at, kind: 'bank', client: 'b1', op: 'audit', id: 2, sentAt, outcome: 'ok', server: 'node1'},
      ...{timeline: 10, lsn: null, sqlstate: null, error: null, total: 8000},
    },
    {at: 7_000_000 + offsetMicros, kind: 'watching', who: 'clients', samples: 2, failures: 1, worstMicros: 300},
  ])
})

it('an agent that dies is a failure with its last words, and whoever waits for it is told', async () => {
  const {starting, end, recorder, stdout} = await start()
  const clients = await starting
  expect(clients.failure).toBeUndefined()
  end(137, 'warning\nout of memory\n')
  await new Promise(resolve => stdout.once('close', resolve))
  await expect(clients.stopWriters()).rejects.toThrow('exit code 137; the last thing they said: out of memory')
  expect(clients.failure?.code).toBe('not-ready')
  expect(recorder.events.at(-1)).toMatchObject({kind: 'note', says: expect.stringContaining('ended unexpectedly')})
  await clients.stop()
})

it('an agent that says what is not in its protocol is a failure too', async () => {
  const {starting, stdout} = await start()
  const clients = await starting
  stdout.write('Segmentation fault\n')
  await expect(clients.stopWriters()).rejects.toThrow('Segmentation fault')
  await clients.stop()
})

it('an agent that does not start is an error with its last words', async () => {
  const {starting, end} = await start({hi: false})
  setTimeout(() => end(2, "the agent's configuration is refused"), 100)
  await expect(starting).rejects.toThrow("exit code 2; the last thing they said: the agent's configuration is refused")
})

it('an agent that was asked to stop has not failed; the signal of the run asks it', async () => {
  const {starting, stop, heard} = await start()
  const clients = await starting
  stop.abort()
  await clients.stop()
  expect(heard.filter(one => typeof one === 'object' && one !== null && 'stop' in one)).toEqual([{stop: true}])
  expect(clients.failure).toBeUndefined()
})
