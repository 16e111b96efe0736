import {execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {describe, expect, test} from 'vitest'
import {find, findScript, parseStates, statesScript} from '../../../lab/breaking/processes.ts'
import type {Shell} from '../../../lab/cluster/shell.ts'

const shellThatPrints = (printed: string): Shell => ({run: async () => printed, [Symbol.asyncDispose]: async () => {}})

test('a host without that process is no target, and it says why', async () => {
  await expect(find(shellThatPrints(''), 'node1', 'walreceiver')).rejects.toMatchObject({
    code: 'no-target',
    message: 'node1 has no process `walreceiver` right now: only a replica that streams has one',
  })
  await expect(find(shellThatPrints('42\n'), 'node1', 'walreceiver')).resolves.toBe(42)
})

describe('processes of PostgreSQL are known by the titles they give themselves', () => {
  const pattern = (name: Parameters<typeof findScript>[0]) => new RegExp(/-f '([^']+)'/.exec(findScript(name))![1]!)

  test.each([
    ['walreceiver', 'postgres: pgha: walreceiver streaming 0/200CF10', true],
    ['walreceiver', 'postgres: pgha: walsender replicator 10.213.3.11(44034) streaming 0/200CF10', false],
    ['startup', 'postgres: pgha: startup recovering 000000010000000000000002', true],
    ['checkpointer', 'postgres: pgha: checkpointer ', true],
    ['checkpointer', 'postgres: another-scope: checkpointer ', true],
    ['checkpointer', 'postgres: checkpointer ', true],
    ['backend', 'postgres: pgha: app app 10.213.3.21(4242) idle', true],
    ['backend', 'postgres: pgha: postgres postgres [local] idle', false],
    ['backend', 'postgres: pgha: postgres app 10.213.3.1(4242) idle', false],
  ] as const)('%s, %j: %s', (name, title, is) => expect(pattern(name).test(title)).toBe(is))
})

test('states are read by pid; what is gone is not there', () => {
  expect(parseStates('17 T\n18 S\n')).toEqual(
    new Map([
      [17, 'T'],
      [18, 'S'],
    ]),
  )
  expect(parseStates('')).toEqual(new Map())
})

test.runIf(process.platform === 'linux')(
  'the script tells a stopped process from one that lives and one that is gone',
  async () => {
    const child = spawn('sleep', ['60'])
    const states = () =>
      parseStates(execFileSync('sh', ['-c', statesScript([child.pid!, 4_194_304])], {encoding: 'utf8'}))
    try {
      await once(child, 'spawn')
      await expect.poll(states).toEqual(new Map([[child.pid, 'S']]))
      child.kill('SIGSTOP')
      await expect.poll(states).toEqual(new Map([[child.pid, 'T']]))
    } finally {
      child.kill('SIGKILL')
    }
    await once(child, 'exit')
    expect(states()).toEqual(new Map())
  },
)
