/** The runner's side, against an agent that the tests play line by line. */

import {createInterface} from 'node:readline'
import {PassThrough} from 'node:stream'
import {afterEach, expect, it} from 'vitest'
import {type AgentConfig, type AgentLine, firstIds, type ScriptConfig} from '../../../lab/clients/agent/protocol.ts'
import {startClients} from '../../../lab/clients/clients.ts'
import {agentFile, psycopgAgentFile} from '../../../lab/clients/waiting-agents.ts'
import type {ContainerState, Running} from '../../../lab/engine/docker.ts'
import {Lab} from '../../../lab/engine/lab.ts'
import type {ClientGroup} from '../../../lab/history/client-group.ts'
import {Recorder} from '../../../lab/history/history.ts'
import {type Allocation, profiles, type Topology} from '../../../lab/topology/topology.ts'
import {FakeEngine} from '../fake/engine.ts'
import {fakePostgres} from './fake-postgres.ts'

/** The agent's clock is so far ahead of the run's. */
const aheadMicros = 5_000_000

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const one of cleanUp.splice(0)) one()
})

/** An agent that does what its part in the protocol is, and says what a test wants. */
class Played {
  readonly stdin = new PassThrough()
  readonly stdout = new PassThrough()
  readonly done = Promise.withResolvers<number | null>()
  readonly heard: unknown[] = []
  readonly argv: readonly string[]
  stderr = ''

  constructor(argv: readonly string[], now: () => number, hi: boolean) {
    this.argv = argv
    createInterface({input: this.stdin}).on('line', text => {
      const value = JSON.parse(text)
      this.heard.push(value)
      if ('groups' in value && hi) this.say(['hi', 0, 'Node 20.19.2', 'pg 8.23.1'])
      if ('ping' in value) this.say(['pong', value.ping, now() + aheadMicros])
      if ('stopWriters' in value) this.say(['quiet'])
      if ('stop' in value) this.end(0)
    })
  }

  say(line: AgentLine): void {
    this.stdout.write(`${JSON.stringify(line)}\n`)
  }

  end(code: number, complaint = ''): void {
    this.stderr = complaint
    this.done.resolve(code)
    this.stdout.end()
  }

  get running(): Running {
    const {stdin, stdout} = this
    return {
      stdin,
      stdout,
      lines: createInterface({input: stdout}),
      done: this.done.promise,
      stderr: () => this.stderr,
      lost: undefined,
      async [Symbol.asyncDispose]() {
        stdout.end()
      },
    }
  }
}

const ordinary: readonly ClientGroup[] = [
  {kind: 'writers', count: 8, perSecond: 200, through: 'primary'},
  {kind: 'readers', count: 4, perSecond: 40, through: 'replicas'},
]

/** @param answers.hasPsycopg what `test -e` of the agent's file in app1 says. */
async function start(answers: {hi?: boolean; hasPsycopg?: boolean; groups?: readonly ClientGroup[]} = {}) {
  const server = await fakePostgres()
  cleanUp.push(() => server.server.close())
  const recorder = new Recorder()
  const agents: Played[] = []
  const docker = new (class extends FakeEngine {
    override async container(lab: string, host: string): Promise<ContainerState> {
      return {...{id: 'c1', name: host, host, lab, state: 'running'}, image: 'a'}
    }
    override async run() {
      return {code: answers.hasPsycopg === false ? 1 : 0, out: '', err: ''}
    }
    override async exec(_: string, argv: readonly string[]): Promise<Running> {
      const agent = new Played(argv, () => recorder.now(), answers.hi !== false)
      agents.push(agent)
      return agent.running
    }
  })()
  const topology: Topology = {
    profile: 'fast',
    release: 'trixie',
    ...profiles.fast,
    hosts: [
      {name: 'node1', services: ['patroni']},
      {name: 'node2', services: ['patroni']},
      {name: 'proxy1', services: ['haproxy']},
      {name: app, services: ['client']},
    ],
  }
  const allocation: Allocation = {
    lab: 'test',
    subnet: '10.0.0.0/24',
    addresses: {node1: '10.0.0.1', node2: '10.0.0.4', proxy1: '10.0.0.2', [app]: '10.0.0.3'},
    observer: '10.0.0.10',
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
  const starting = startClients(site, answers.groups ?? ordinary)
  const say = (line: AgentLine, agent = 0) => agents[agent]!.say(line)
  return {recorder, starting, say, agents, stop}
}

/** Whatever the host of the clients is called. */
const app = 'load-1'

const psycopgBeside: readonly ClientGroup[] = [
  ...ordinary,
  {kind: 'writers', count: 2, perSecond: 20, through: 'members', driver: 'psycopg'},
  {kind: 'writers', count: 1, perSecond: 20, through: 'primary', driver: 'psycopg'},
  {kind: 'writers', count: 2, perSecond: 20, through: 'primary', driver: 'pg-pool'},
]

it('the agent is told where to go inside the network, and gets the password on its stdin only', async () => {
  const {starting, agents} = await start()
  await using _clients = await starting
  expect(agents.map(agent => agent.argv)).toEqual([['node', agentFile]])
  expect(agents[0]!.heard[0]).toMatchObject({
    groups: [
      {op: 'write', perSecond: 200, hosts: ['10.0.0.2'], port: 5000, driver: 'pg'},
      {op: 'read', clients: ['r1', 'r2', 'r3', 'r4'], perSecond: 40, hosts: ['10.0.0.2'], port: 5001},
    ],
    password: 'secret',
  })
})

it('clients of psycopg have an agent of their own, with ids and texts of its own; nothing begins before both are there', async () => {
  const {starting, agents} = await start({groups: psycopgBeside})
  await using _clients = await starting
  expect(agents.map(agent => agent.argv)).toEqual([
    ['node', agentFile],
    ['python3', psycopgAgentFile],
  ])
  const [node, python] = agents.map(agent => agent.heard[0] as AgentConfig & Partial<ScriptConfig>)
  expect(node!.groups.map(group => group.clients.at(-1))).toEqual(['w8', 'r4', 'pg-pool-w2'])
  expect(python!.groups).toMatchObject([
    {clients: ['psycopg-mw1', 'psycopg-mw2'], hosts: ['10.0.0.1', '10.0.0.4'], port: 5432, findsPrimary: true},
    {clients: ['psycopg-w3'], hosts: ['10.0.0.2'], port: 5000, findsPrimary: false},
  ])
  expect(python!.statements!.write).toContain(`INSERT INTO ${node!.table} (client, id, content)`)
  expect([node!.firstIds.write, python!.firstIds.write]).toEqual([firstIds.node.write, firstIds.python.write])
  // 17 clients together knock at most 120 times a second.
  expect([node!.reconnectPauseMs, python!.reconnectPauseMs]).toEqual([17_000 / 120, 17_000 / 120])
  const lastPong = agents[1]!.heard.findLastIndex(one => 'ping' in (one as object))
  expect(agents[1]!.heard.slice(lastPong + 1)).toEqual([{go: true}])
})

it('what psycopg reports is ruled here, and both agents together are one observer', async () => {
  const {starting, say, recorder} = await start({groups: psycopgBeside})
  await using clients = await starting
  expect(recorder.events.filter(one => one.kind === 'clock')).toHaveLength(2)
  say(['w', 7_000_000, 200, 1, 300, 40_000])
  say(['w', 8_000_000, 200, 0, 500])
  say(['o', 'psycopg-mw1', 500_000_000, 6_000_100, 6_000_900, null, null, null, null, 'ECONNRESET', 'reset'], 1)
  say(['w', 8_000_100, 20, 2, 9000], 1)
  await clients.stopWriters()
  const told = recorder.events.filter(one => one.kind === 'op' || one.kind === 'watching')
  expect(told).toMatchObject([
    {kind: 'op', client: 'psycopg-mw1', op: 'write', outcome: 'unknown', sqlstate: 'ECONNRESET'},
    {kind: 'watching', who: 'clients', samples: 420, failures: 3, worstMicros: 9000, cpuWaitMicros: 40_000},
  ])
})

it('a lab that was raised without psycopg says what to do', async () => {
  const {starting} = await start({groups: psycopgBeside, hasPsycopg: false})
  await expect(starting).rejects.toMatchObject({code: 'not-ready', hint: expect.stringContaining('pgha-lab down')})
})

it('more than the limits allow is refused, all agents together', async () => {
  const {starting} = await start({
    groups: [
      {kind: 'writers', count: 150, perSecond: 100, through: 'primary'},
      {kind: 'writers', count: 51, perSecond: 100, through: 'members', driver: 'psycopg'},
    ],
  })
  await expect(starting).rejects.toThrow('at most 200 clients')
})

it("the agent's times are converted with the offset that is recorded, its servers are hosts", async () => {
  const {starting, say, recorder} = await start()
  await using clients = await starting
  const clock = recorder.events.find(one => one.kind === 'clock')!
  expect(clock).toMatchObject({who: 'clients', host: app})
  expect(Math.abs(clock.offsetMicros + aheadMicros)).toBeLessThanOrEqual(clock.uncertaintyMicros)

  say(['c', 'w1', 6_000_000, 900, 'node1'])
  say(['o', 'w1', 1, 6_000_100, 6_000_900, 'ok', 'node1', '0000000A', '1/00000010', null, null])
  say(['o', 'r2', 2, 6_000_100, 6_000_900, 'unknown', '10.9.9.9', null, null, 'timeout', 'no answer'])
  say(['o', 'r1', 3, 6_000_100, 6_000_900, 'ok', 'node1', '0000000A', '1/00000010', null, null, 41])
  say(['b', 'b1', 'audit', 2, 6_000_100, 6_000_900, 'ok', 'node1', '0000000A', null, null, null, 8000])
  say(['w', 7_000_000, 2, 1, 300])
  await clients.stopWriters()

  const {offsetMicros} = clock
  const at = 6_000_900 + offsetMicros
  const sentAt = 6_000_100 + offsetMicros
  expect(recorder.events.filter(one => one.kind !== 'clock' && one.kind !== 'note')).toEqual([
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
  const {starting, agents, recorder} = await start()
  const clients = await starting
  expect(clients.failure).toBeUndefined()
  agents[0]!.end(137, 'warning\nout of memory\n')
  await new Promise(resolve => agents[0]!.stdout.once('close', resolve))
  await expect(clients.stopWriters()).rejects.toThrow('exit code 137; the last thing they said: out of memory')
  expect(clients.failure?.code).toBe('not-ready')
  expect(recorder.events.at(-1)).toMatchObject({kind: 'note', says: expect.stringContaining('ended unexpectedly')})
  await clients.stop()
})

it('an agent that says what is not in its protocol is a failure too', async () => {
  const {starting, agents} = await start()
  const clients = await starting
  agents[0]!.stdout.write('Segmentation fault\n')
  await expect(clients.stopWriters()).rejects.toThrow('Segmentation fault')
  await clients.stop()
})

it('an agent that does not start is an error with its last words', async () => {
  const {starting, agents} = await start({hi: false})
  setTimeout(() => agents[0]!.end(2, "the agent's configuration is refused"), 100)
  await expect(starting).rejects.toThrow("exit code 2; the last thing they said: the agent's configuration is refused")
})

it('an agent that was asked to stop has not failed; the signal of the run asks it', async () => {
  const {starting, stop, agents} = await start()
  const clients = await starting
  stop.abort()
  await clients.stop()
  expect(agents[0]!.heard.filter(one => typeof one === 'object' && one !== null && 'stop' in one)).toEqual([
    {stop: true},
  ])
  expect(clients.failure).toBeUndefined()
})
