/** The agent as a process of its own, against a server that answers as each test wants. */
import {type ChildProcessWithoutNullStreams, spawn} from 'node:child_process'
import {createInterface} from 'node:readline'
import {setTimeout as pause} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {afterEach, describe, expect, it} from 'vitest'
import {
  type AgentConfig,
  type AgentLine,
  type Command,
  decodeAgentLine,
  firstIds,
  type Job,
  type Load,
} from '../../../lab/clients/agent/protocol.ts'
import {type FakePostgres, fakePostgres} from './fake-postgres.ts'

const main = fileURLToPath(new URL('../../../lab/clients/agent/main.ts', import.meta.url))

type LineOf<K extends AgentLine[0]> = Extract<AgentLine, [K, ...unknown[]]>

class Agent {
  readonly process: ChildProcessWithoutNullStreams = spawn(process.execPath, [main])
  readonly lines: AgentLine[] = []
  readonly exit: Promise<number | null>
  stderr = ''

  constructor() {
    createInterface({input: this.process.stdout}).on('line', line => this.lines.push(decodeAgentLine(line)))
    this.process.stderr.on('data', chunk => (this.stderr += chunk))
    this.exit = new Promise(resolve => this.process.on('close', resolve))
  }

  say(value: AgentConfig | Command): void {
    this.process.stdin.write(`${JSON.stringify(value)}\n`)
  }

  of<K extends AgentLine[0]>(kind: K): LineOf<K>[] {
    return this.lines.filter((line): line is LineOf<K> => line[0] === kind)
  }

  /** Outcome and code of each attempt so far. */
  get outcomes(): string[] {
    return this.of('o').map(line => [line[5], line[9]].filter(part => part !== null).join(' '))
  }

  async until(holds: () => boolean): Promise<void> {
    const deadline = performance.now() + 8000
    while (!holds()) {
      if (performance.now() > deadline)
        throw new Error(`it never came to hold; the agent said ${JSON.stringify(this.lines)} ${this.stderr}`)
      await pause(10)
    }
  }
}

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const one of cleanUp.splice(0)) one()
})

async function start(
  change: Partial<AgentConfig> = {},
  op: Job = 'write',
  driver: Load['driver'] = 'pg',
): Promise<{agent: Agent; server: FakePostgres}> {
  const server = await fakePostgres()
  const agent = new Agent()
  cleanUp.push(() => {
    agent.process.kill('SIGKILL')
    server.server.close()
  })
  agent.say({
    groups: [
      {
        ...{op, clients: [`${op[0]}1`, `${op[0]}2`], perSecond: 40, driver},
        ...{hosts: ['127.0.0.1'], port: server.port, findsPrimary: false},
      },
    ],
    relays: [],
    firstIds: firstIds.node,
    user: 'app',
    password: 'secret',
    database: 'app',
    table: 'pgha_writes_1',
    statementTimeoutMs: 300,
    connectTimeoutMs: 300,
    reconnectPauseMs: 20,
    maxMs: 60_000,
    ...change,
  })
  return {agent, server}
}

async function underLoad(change: Partial<AgentConfig> = {}, driver: Load['driver'] = 'pg') {
  const both = await start(change, 'write', driver)
  both.agent.say({go: true})
  await both.agent.until(() => both.agent.outcomes.length >= 4)
  return both
}

it('each client that is told several hosts begins with another one, and goes on to the next where it gets no connection', async () => {
  const {agent, server} = await start()
  // The server listens at one of the two addresses only.
  const group = (hosts: readonly string[]): Load => ({
    ...{op: 'write', clients: ['w1', 'w2', 'w3'], perSecond: 60, driver: 'pg'},
    ...{hosts, port: server.port, findsPrimary: false},
  })
  const {agent: other} = await start({groups: [group(['127.0.0.2', '127.0.0.1'])]})
  agent.process.kill('SIGKILL')
  other.say({go: true})
  await other.until(() => new Set(other.of('o').map(line => line[1])).size === 3)
  const refused = new Set(other.of('d').map(line => line[1]))
  expect([...refused].toSorted()).toEqual(['w1', 'w3'])
  expect(other.of('d').every(line => line[3] === 'ECONNREFUSED')).toBe(true)
  // Who has a connection stays with it.
  expect(other.of('c')).toHaveLength(3)
})

describe.each(['pg', 'pg-pool'] as const)('an attempt with %s', driver => {
  it('that is answered is ok, with the server, its timeline and LSN; its id is used once', async () => {
    const {agent} = await underLoad({}, driver)
    await agent.until(() => agent.of('o').some(line => line[1] === 'w1'))
    const [, client, , sentAt, at, outcome, server, timeline, lsn] = agent.of('o').find(line => line[1] === 'w1')!
    expect([client, outcome, server, timeline, lsn]).toEqual(['w1', 'ok', 'node1', '00000002', '0/3000060'])
    expect(at).toBeGreaterThanOrEqual(sentAt)
    const ids = agent.of('o').map(line => line[2])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('refused by a read-only server is a fail, and the client looks for another server', async () => {
    const {agent, server} = await underLoad({}, driver)
    const before = server.connections
    server.answer = {do: 'error', severity: 'ERROR', code: '25006'}
    await agent.until(() => agent.outcomes.includes('fail 25006') && server.connections > before)
    // The agent says so by itself, and not necessarily before the new connection is there.
    await agent.until(() => agent.of('d').some(line => line[3] === '25006'))
  })

  it('refused with an ordinary error is a fail, and the connection is kept', async () => {
    const {agent, server} = await underLoad({}, driver)
    server.answer = {do: 'error', severity: 'ERROR', code: '23514'}
    await agent.until(() => agent.outcomes.filter(one => one === 'fail 23514').length >= 4)
    expect(server.connections).toBe(2)
  })

  it.each([
    ['the session is terminated', {do: 'error', severity: 'FATAL', code: '57P01'}, 'unknown 57P01'],
    ['the connection ends', {do: 'hang-up'}, 'unknown closed'],
    ['the server falls silent', {do: 'nothing'}, 'unknown timeout'],
  ] as const)('is unknown when %s before its answer', async (_, answer, outcome) => {
    const {agent, server} = await underLoad({}, driver)
    server.answer = answer
    await agent.until(() => agent.outcomes.includes(outcome))
    server.answer = {do: 'row'}
    await agent.until(() => agent.outcomes.at(-1) === 'ok')
    expect(agent.of('d').length).toBeGreaterThan(0)
    expect(new Set(agent.outcomes)).toEqual(new Set(['ok', outcome]))
  })

  it('acknowledged with the warning that no standby may have it is unknown, and the warning is told', async () => {
    const {agent, server} = await underLoad({}, driver)
    const message = 'canceling wait for synchronous replication due to user request'
    server.answer = {do: 'row', warning: {code: '01000', message}}
    await agent.until(() => agent.outcomes.includes('unknown 01000'))
    const [, , id, , code, says] = agent.of('n')[0]!
    expect([code, says]).toEqual(['01000', message])
    expect(agent.of('o').find(line => line[2] === id)?.[5]).toBe('unknown')
  })
})

it('a reader tells the highest id that it saw, and null of an empty table', async () => {
  const {agent, server} = await start()
  server.answer = {do: 'row', value: '41'}
  agent.say({go: true})
  await agent.until(() => agent.outcomes.length >= 2)
  expect(agent.of('o')[0]).toHaveLength(11) // writers read nothing

  const reader = await start({}, 'read')
  reader.server.answer = {do: 'row', value: '41'}
  reader.agent.say({go: true})
  await reader.agent.until(() => reader.agent.outcomes.length >= 2)
  reader.server.answer = {do: 'row'}
  await reader.agent.until(() => reader.agent.of('o').at(-1)![11] === null)
  const [, client, , , , outcome, , , , , , seen] = reader.agent.of('o')[0]!
  expect([client, outcome, seen]).toEqual(['r1', 'ok', 41])
})

it('bankers transfer and audit by turns, and stop with the writers', async () => {
  const {agent, server} = await start({}, 'bank')
  server.answer = {do: 'row', value: '8000'}
  agent.say({go: true})
  await agent.until(() => agent.of('b').length >= 6)
  agent.say({stopWriters: true})
  await agent.until(() => agent.of('quiet').length === 1)
  const told = agent.of('b').toSorted((a, b) => a[3] - b[3])
  // Whose turn it is is the schedule's matter: on a busy machine one of the two may come twice.
  expect(told.slice(0, 4).map(line => [line[2], line[6], line[12]])).toEqual([
    ['transfer', 'ok', null],
    ['audit', 'ok', 8000],
    ['transfer', 'ok', null],
    ['audit', 'ok', 8000],
  ])
  expect(new Set(told.map(line => line[1]))).toEqual(new Set(['b1', 'b2']))
  expect(agent.of('o')).toEqual([])
})

it('attempts that no connection was free for are counted, and failures to connect are told at a bounded rate', async () => {
  const {agent, server} = await underLoad()
  await new Promise<void>(resolve => {
    server.server.close(() => resolve())
    server.answer = {do: 'hang-up'}
  })
  await pause(200) // the agent hands its lines over in portions
  const sentBefore = agent.of('o').length
  await pause(2500)
  expect(agent.of('o').length - sentBefore).toBeLessThanOrEqual(2)
  const unsent = agent.of('w').reduce((sum, line) => sum + line[3], 0)
  expect(unsent).toBeGreaterThan(40)
  const refused = agent.of('d').filter(line => line[3] === 'ECONNREFUSED')
  expect(refused.length).toBeGreaterThanOrEqual(2)
  expect(refused.length).toBeLessThanOrEqual(2 * 4)
})

it('the rate is that of the schedule, not of the answers', async () => {
  const {agent} = await underLoad()
  await agent.until(() => agent.of('w').length === 3)
  const sent = agent
    .of('w')
    .slice(1)
    .reduce((sum, line) => sum + line[2], 0)
  expect(sent).toBeGreaterThan(60)
  expect(sent).toBeLessThanOrEqual(84)
})

describe.each(['pg', 'pg-pool'] as const)('a group with %s', driver => {
  const waiting = (timeouts: Load['timeouts'], port: number): Load[] => [
    {
      ...{op: 'write', clients: ['w1'], perSecond: 40, driver, timeouts: timeouts!},
      ...{hosts: ['127.0.0.1'], port, findsPrimary: false},
    },
  ]

  it('may wait shorter than the others for an answer', async () => {
    const {server} = await start()
    server.answer = {do: 'nothing'}
    const {agent} = await start({groups: waiting({statementMs: 50}, server.port), statementTimeoutMs: 60_000})
    agent.say({go: true})
    await agent.until(() => agent.outcomes.includes('unknown timeout'))
  })

  it('that has the time-outs of its driver waits for ever, until the run ends and nobody knows the outcome', async () => {
    const {server} = await start()
    server.answer = {do: 'nothing'}
    const {agent} = await start({groups: waiting({connectMs: null, statementMs: null}, server.port)})
    agent.say({go: true})
    await agent.until(() => server.statements > 0)
    await pause(1000)
    expect(agent.outcomes).toEqual([])
    agent.say({stopWriters: true})
    await agent.until(() => agent.of('quiet').length === 1)
    expect(agent.outcomes).toEqual([expect.stringMatching(/^unknown /)])
  })
})

it('stopping the writers waits for their answers; nothing is sent after it', async () => {
  const {agent, server} = await underLoad()
  server.answer = {do: 'nothing'}
  const before = server.statements
  await agent.until(() => server.statements > before)
  agent.say({stopWriters: true})
  await agent.until(() => agent.of('quiet').length === 1)
  expect(agent.lines.at(-1)).toEqual(['quiet'])
  expect(agent.outcomes).toContain('unknown timeout')
  expect(agent.of('o').length).toBe(server.statements)
  await pause(200)
  expect(agent.of('o').length).toBe(server.statements)
})

it('the first word tells what it runs on, and with which driver', async () => {
  const {agent} = await start()
  await agent.until(() => agent.of('hi').length === 1)
  expect(agent.of('hi')[0]!.slice(2)).toEqual([
    `Node ${process.versions.node}`,
    expect.stringMatching(/^pg 8\.\d+\.\d+$/),
  ])
})

it('a ping is answered with its clock', async () => {
  const {agent} = await start()
  await agent.until(() => agent.of('hi').length === 1)
  agent.say({ping: 7})
  await agent.until(() => agent.of('pong').length === 1)
  const [, ping, clock] = agent.of('pong')[0]!
  expect(ping).toBe(7)
  expect(clock).toBeGreaterThanOrEqual(agent.of('hi')[0]![1])
})

describe('a pool', () => {
  it('tells a new connection for the client that caused it, and opens no more than there are clients', async () => {
    const {agent, server} = await underLoad({}, 'pg-pool')
    await agent.until(() => agent.outcomes.length >= 20)
    expect(server.connections).toBeLessThanOrEqual(2)
    const connected = agent.of('c')
    expect(connected.length).toBeGreaterThanOrEqual(server.connections)
    expect(connected[0]!.slice(1, 2).concat(connected[0]![4])).toEqual(['w1', 'node1'])
  })

  it('tells the loss of a connection that nobody uses, and the client has another one for its next statement', async () => {
    const {agent, server} = await underLoad({}, 'pg-pool')
    server.hangUp()
    await agent.until(() => agent.of('d').length > 0)
    const lost = agent.of('d')[0]!
    await agent.until(() => agent.of('c').some(line => line[1] === lost[1] && line[2] > lost[2]))
    expect(agent.outcomes.filter(one => one !== 'ok').every(one => one === 'unknown closed')).toBe(true)
    await agent.until(() => agent.outcomes.at(-1) === 'ok')
  })

  it('is not asked for a connection more often than the pause allows, and then sends what it owes', async () => {
    const {agent, server} = await underLoad({reconnectPauseMs: 200}, 'pg-pool')
    server.answer = {do: 'error', severity: 'ERROR', code: '25006'}
    await agent.until(() => agent.outcomes.includes('fail 25006'))
    const before = server.connections
    await pause(1500)
    expect(server.connections - before).toBeGreaterThanOrEqual(4)
    expect(server.connections - before).toBeLessThanOrEqual(2 * 16)
    server.answer = {do: 'row'}
    await agent.until(() => agent.outcomes.at(-1) === 'ok')
  })
})

describe('the agent ends', () => {
  it('with its stdin', async () => {
    const {agent} = await underLoad()
    agent.process.stdin.end()
    expect(await agent.exit).toBe(0)
    expect(agent.lines.at(-1)).toEqual(['bye', 'stdin ended'])
  })

  it.each(['pg', 'pg-pool'] as const)('when asked, also while %s connects in vain', async driver => {
    const {agent, server} = await start({connectTimeoutMs: 60_000}, 'write', driver)
    server.server.removeAllListeners('connection') // accepts, and says nothing
    agent.say({go: true})
    await pause(200)
    agent.say({stop: true})
    expect(await agent.exit).toBe(0)
  })

  it('after its longest time', async () => {
    const {agent} = await start({maxMs: 300})
    expect(await agent.exit).toBe(0)
    expect(agent.lines.at(-1)).toEqual(['bye', 'its longest time is over'])
  })

  it('at once when it is asked for a driver that it does not have', async () => {
    const {agent} = await start({}, 'write', 'psycopg')
    expect(await agent.exit).toBe(2)
    expect(agent.stderr).toContain('not psycopg')
  })

  it('at once when it is asked for more than it may do', async () => {
    const {agent} = await start({maxMs: 10_000_000})
    expect(await agent.exit).toBe(2)
    expect(agent.stderr).toContain('maxMs')
  })
})
