/**
 * The agent for psycopg as a process of its own, with a stub in place of the driver (psycopg-stub): what is tried here is its own
 * work, the schedule, the ids, the protocol. With the driver itself and a cluster it is tried in test/live/kill-leader.test.ts.
 */
import {type ChildProcessWithoutNullStreams, spawn} from 'node:child_process'
import {createInterface} from 'node:readline'
import {setTimeout as pause} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {afterEach, describe, expect, it} from 'vitest'
import {
  type AgentLine,
  decodeAgentLine,
  firstIds,
  type Load,
  type ScriptConfig,
} from '../../../lab/clients/agent/protocol.ts'

const main = fileURLToPath(new URL('../../../images/app/psycopg-agent.py', import.meta.url))
const stub = fileURLToPath(new URL('psycopg-stub', import.meta.url))

type LineOf<K extends AgentLine[0]> = Extract<AgentLine, [K, ...unknown[]]>

const running: ChildProcessWithoutNullStreams[] = []
afterEach(() => {
  for (const one of running.splice(0)) one.kill('SIGKILL')
})

function start(load: Partial<Load> = {}, change: Partial<ScriptConfig> = {}) {
  const child = spawn('python3', [main], {env: {...process.env, PYTHONPATH: stub, PYTHONDONTWRITEBYTECODE: '1'}})
  running.push(child)
  const lines: AgentLine[] = []
  let stderr = ''
  createInterface({input: child.stdout}).on('line', line => lines.push(decodeAgentLine(line)))
  child.stderr.on('data', chunk => (stderr += chunk))
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve)
    child.on('error', reject)
  })
  const say = (value: unknown) => child.stdin.write(`${JSON.stringify(value)}\n`)
  const of = <K extends AgentLine[0]>(kind: K) => lines.filter((line): line is LineOf<K> => line[0] === kind)
  async function until(holds: () => boolean) {
    const deadline = performance.now() + 8000
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`it never came to hold: ${JSON.stringify(lines)} ${stderr}`)
      await pause(10)
    }
  }
  say({
    groups: [
      {
        ...{op: 'write', clients: ['psycopg-w1', 'psycopg-w2'], perSecond: 40, driver: 'psycopg'},
        ...{hosts: ['answers'], port: 5000, findsPrimary: false},
        ...load,
      },
    ],
    ...{
      relays: [],
      firstIds: firstIds.python,
      user: 'app',
      password: 'secret',
      database: 'app',
      table: 'pgha_writes_1',
    },
    ...{statementTimeoutMs: 300, connectTimeoutMs: 300, reconnectPauseMs: 20, maxMs: 60_000},
    statements: {who: 'SELECT ...', write: 'INSERT INTO pgha_writes_1 ...', read: 'SELECT ... FROM pgha_writes_1'},
    ...change,
  })
  const codes = () => of('o').map(line => line[9])
  return {child, say, of, until, exit, lines, codes, stderr: () => stderr}
}

async function underLoad(load: Partial<Load> = {}, change: Partial<ScriptConfig> = {}) {
  const agent = start(load, change)
  agent.say({go: true})
  await agent.until(() => agent.of('o').length >= 4)
  return agent
}

describe('the agent for psycopg', () => {
  it('begins with another host for each client that is told several, and with the first where the primary is looked for', async () => {
    const {of, lines} = await underLoad({hosts: ['refuses', 'answers']})
    expect(of('d').every(([, client]) => client === 'psycopg-w1')).toBe(true)
    expect(lines.some(([kind, client]) => kind === 'c' && client === 'psycopg-w2')).toBe(true)
  })

  it('tells each attempt once, with ids of its own range that are dense, and rules nothing', async () => {
    const {of, until, say} = await underLoad()
    await until(() => of('o').length >= 10)
    say({stopWriters: true})
    await until(() => of('quiet').length === 1)
    const ids = of('o').map(line => line[2])
    expect(ids.toSorted((a, b) => a - b)).toEqual(ids.map((_, index) => firstIds.python.write + index))
    const [, client, , sentAt, at, ...rest] = of('o')[0]!
    expect([client, ...rest]).toEqual(['psycopg-w1', null, 'node1', '00000002', '0/3000060', null, null])
    expect(at).toBeGreaterThanOrEqual(sentAt)
    expect(of('hi')[0]!.slice(2)).toEqual([expect.stringMatching(/^Python 3\./), 'psycopg 0.0.0 with libpq 17.6'])
  })

  it('of a reader tells the highest id that it saw', async () => {
    const {of} = await underLoad({op: 'read', clients: ['psycopg-r1']})
    expect(of('o')[0]!.slice(10)).toEqual([null, 41])
    expect(of('o')[0]![2]).toBe(firstIds.python.read)
  })

  it('hangs up on a server that is silent, and takes another connection', async () => {
    const {of, codes} = await underLoad({hosts: ['silent']})
    expect(new Set(codes())).toEqual(new Set(['timeout']))
    const [, , , sentAt, at] = of('o')[0]!
    expect(at - sentAt).toBeGreaterThanOrEqual(295_000)
    expect(of('c').length).toBeGreaterThan(2)
    expect(of('d')[0]![3]).toBe('timeout')
  })

  it('waits as long as its group says: shorter, or for ever and until the run ends', async () => {
    const patient = {statementTimeoutMs: 60_000}
    const short = await underLoad({hosts: ['silent'], timeouts: {statementMs: 50}}, patient)
    expect(new Set(short.codes())).toEqual(new Set(['timeout']))
    const agent = start({hosts: ['silent'], timeouts: {connectMs: null, statementMs: null}})
    agent.say({go: true})
    await agent.until(() => agent.of('c').length === 2)
    await pause(1000)
    expect(agent.codes()).toEqual([])
    agent.say({stopWriters: true})
    await agent.until(() => agent.of('quiet').length === 1)
    expect(agent.codes()).toEqual(['timeout', 'timeout'])
  })

  it.each([
    ['read-only', '25006', true],
    ['terminates', '57P01', true],
    ['constraint', '23514', false],
    ['a text without a code, which promises nothing,', 'other', true, 'no-code'],
  ])('that is told %s reports %s; leaves the connection: %s', async (says, code, leaves, host = says) => {
    const {of, codes} = await underLoad({hosts: [host]})
    expect(codes()[0]).toBe(code)
    expect(of('c').length > 2).toBe(leaves)
  })

  it('tells a warning before the answer that it came with', async () => {
    const {of, lines} = await underLoad({hosts: ['warns']})
    const [, client, id, , code] = of('n')[0]!
    expect([client, code]).toEqual(['psycopg-w1', '01000'])
    const answer = lines.findIndex(line => line[0] === 'o' && line[2] === id)
    expect(answer).toBeGreaterThan(lines.indexOf(of('n')[0]!))
  })

  it.each([
    ['one host that refuses', {hosts: ['refuses']}, 'ECONNREFUSED'],
    ['one host that takes nobody yet', {hosts: ['starts']}, '57P03'],
    ['members that take no writes', {hosts: ['a', 'b'], findsPrimary: true}, 'read-only'],
  ])('with %s tells so at a bounded rate, and counts what is due', async (_, load, code) => {
    const {say, of, until} = start(load)
    say({go: true})
    await until(() => of('w').length >= 2)
    expect(of('o')).toEqual([])
    expect(new Set(of('d').map(line => line[3]))).toEqual(new Set([code]))
    expect(of('d').length).toBeLessThanOrEqual(2 * 3)
    expect(of('w').reduce((sum, line) => sum + line[3], 0)).toBeGreaterThan(60)
  })

  it('answers a ping with its clock', async () => {
    const {say, of, until} = start()
    say({ping: 7})
    await until(() => of('pong').length === 1)
    expect(of('pong')[0]![1]).toBe(7)
    expect(of('pong')[0]![2]).toBeGreaterThanOrEqual(of('hi')[0]![1])
  })

  it('ends with its stdin, when asked, and after its longest time', async () => {
    const first = await underLoad()
    first.child.stdin.end()
    expect(await first.exit).toBe(0)
    expect(first.lines.at(-1)).toEqual(['bye', 'stdin ended'])

    const second = await underLoad({hosts: ['silent']})
    second.say({stop: true})
    expect(await second.exit).toBe(0)
    expect(second.lines.at(-1)).toEqual(['bye', 'asked to stop'])

    const third = start({}, {maxMs: 200})
    expect(await third.exit).toBe(0)
    expect(third.lines.at(-1)).toEqual(['bye', 'its longest time is over'])
  })

  it.each([
    ['another driver', {driver: 'pg'}, {}, 'psycopg and nothing else'],
    ['bankers', {op: 'bank'}, {}, 'writers and readers only'],
    ['too many clients', {clients: Array.from({length: 201}, (_, index) => `psycopg-w${index}`)}, {}, '200 clients'],
    ['too much', {perSecond: 2001}, {}, '2000 operations'],
    ['too long', {}, {maxMs: 10_000_000}, 'maxMs'],
  ] satisfies [string, Partial<Load>, Partial<ScriptConfig>, string][])(
    'refuses %s with its reason',
    async (_, load, change, says) => {
      const {exit, stderr} = start(load, change)
      expect(await exit).toBe(2)
      expect(stderr()).toContain(says)
    },
  )
})
