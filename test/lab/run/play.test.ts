/** What play does with a scenario, on a lab that behaves and by a clock that is let go on: steps, healing, interrupts, failures. */
import {describe, expect, test, vi} from 'vitest'
import {z} from 'zod'
import {checks} from '../../../lab/checks/index.ts'
import type {PhaseName} from '../../../lab/history/event.ts'
import {of} from '../../../lab/history/history.ts'
import type {Step} from '../../../lab/history/scenario-values.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {inForce} from '../../../lab/state/journal.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {breaks} from '../fake/breaks.ts'
import {after, before, expectHealed, frameOf, hold, kill, newLeader, playedOn, scenarioOf} from './played.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()
vi.setConfig({testTimeout: 60_000}) // minutes of virtual time, on a machine that may be busy

// In this file's own process.
Object.assign(checks, {
  crashing: {
    about: 'a check that crashes',
    params: z.looseObject({}),
    judge() {
      throw new TypeError('undefined is not a history')
    },
  },
})

test('the steps come one after the other, each ended before the next begins, within a frame that no scenario says', async () => {
  const faked = await healthyLab()
  const say: Step = {do: 'say', says: 'half of it'}
  const run = await playedOn(faked, scenarioOf([kill, newLeader, say, {do: 'heal', as: 'kill'}, hold]))
  expect(run.error).toBeUndefined()
  expect(frameOf(run.events)).toEqual([
    ...before,
    ...['step 0', 'fault-injecting', 'fault-injected', 'step 0 done', 'step 1', 'step 1 done', 'step 2', 'step 2 done'],
    ...['step 3', 'fault-mending', 'fault-mended', 'step 3 done', 'step 4', 'step 4 done'],
    ...after,
  ])
  await expectHealed(faked, run)
})

test('a run of a killed leader has it all in its record: who led, who leads now, the writes, and what each member has at the end', async () => {
  const faked = await healthyLab()
  const {events} = await playedOn(faked, scenarioOf([kill, newLeader, hold]))
  const history = {events}
  expect(of(history, 'leader-key').map(event => event.holder)).toEqual(['node1', null, 'node2'])
  expect(
    of(history, 'settings')
      .map(({host}) => host)
      .toSorted(),
  ).toEqual(['node1', 'node2', 'node3'])
  expect(of(history, 'final-rows').map(({host, caughtUp}) => [host, caughtUp])).toEqual([
    ...[['node1', true], ['node2', true], ['node3', true]], // biome-ignore format: one a line says no more
  ])
  const written = of(history, 'op').filter(event => event.outcome === 'ok').length
  expect(
    of(history, 'final-rows').map(({ranges}) => ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)),
  ).toEqual([written, written, written])
  expect(
    judge(history, [
      {check: 'new-leader', params: {}},
      {check: 'timeline-monotone', params: {}},
    ]).verdict,
  ).toBe('pass')
})

test('each member says whether it is the primary, how it acknowledges commits, and which rows are not as they were written', async () => {
  const faked = await healthyLab()
  const playing = playedOn(faked, scenarioOf([hold]))
  faked.world.cluster.altered.push(3, 4, 9)
  const {events} = await playing
  expect(
    of({events}, 'final-rows').map(({host, inRecovery, altered, synchronousCommit}) => [
      ...[host, inRecovery, altered, synchronousCommit?.setting],
    ]),
  ).toEqual(
    ['node1', 'node2', 'node3'].map(host => [
      host,
      host !== 'node1',
      [
        [3, 4],
        [9, 9],
      ],
      'on',
    ]),
  )
})

test('what an earlier run left is healed before anything begins, and said', async () => {
  const faked = await healthyLab()
  await breaks['end-load'](faked, 'node3')
  const {events, error} = await playedOn(faked, scenarioOf([hold]))
  expect(error).toBeUndefined()
  expect(of({events}, 'note').map(note => note.says)).toContain('left over from before: end the load on node3')
})

test('a step that fails is the last one, and what was injected before it is mended all the same', async () => {
  const faked = await healthyLab()
  const tooSoon: Step = {...newLeader, within: 1000}
  const run = await playedOn(faked, scenarioOf([kill, tooSoon, hold]))
  expect(run.error).toBeUndefined()
  expect(frameOf(run.events)).toEqual([
    ...before,
    ...['step 0', 'fault-injecting', 'fault-injected', 'step 0 done', 'step 1', 'step 1 failed'],
    ...['healing', 'fault-mending', 'fault-mended', ...after.slice(1)],
  ])
  const [ended] = of({events: run.events}, 'step-ended').filter(step => !step.ok)
  expect(ended?.says).toMatch(/^not within 1 s: /)
  await expectHealed(faked, run)
})

test('a fault that does not take hold ends the steps, and its mend is done', async () => {
  const faked = await healthyLab()
  faked.engine.kill = async () => {} // an engine that says it has
  const run = await playedOn(faked, scenarioOf([kill, hold]))
  expect(of({events: run.events}, 'fault-proof').map(proof => proof.holds)).toEqual([false])
  expect(of({events: run.events}, 'step-ended').map(({ok, says}) => [ok, says])).toEqual([
    [false, 'the fault did not take hold'],
  ])
  expect(judge({events: run.events}).verdict).toBe('unknown')
  await expectHealed(faked, run)
})

test('an engine that refuses the blow ends the run with its words, after the mend that was planned', async () => {
  const faked = await healthyLab()
  faked.engine.hinder = call => (call.startsWith('kill') ? new LabError('engine', 'it will not') : undefined)
  const run = await playedOn(faked, scenarioOf([kill, hold]))
  expect(run.error).toMatchObject({code: 'engine', message: 'it will not'})
  expect(run.events.at(-1)).toMatchObject({kind: 'run-ended', how: 'error', says: 'it will not'})
  expect(frameOf(run.events)).toContain('fault-mended')
  await expectHealed(faked, run)
})

describe('an interrupt', () => {
  const steps: Step[] = [kill, newLeader, {do: 'say', says: 'on'}, hold, {do: 'heal', as: 'kill'}, hold]

  test.each(steps.map((step, index) => [index, step.do] as const))(
    'in step %i (%s) ends the run there, healed',
    async index => {
      const faked = await healthyLab()
      const run = await playedOn(faked, scenarioOf(steps), (event, interrupt) => {
        if (event.kind === 'step-started' && event.index === index) interrupt()
      })
      expect(run.error).toMatchObject({code: 'interrupted'})
      expect(run.events.at(-1)).toMatchObject({kind: 'run-ended', how: 'interrupted'})
      expect(of({events: run.events}, 'step-started').length).toBeLessThanOrEqual(index + 2)
      expect(frameOf(run.events)).not.toContain('recovery')
      await expectHealed(faked, run)
    },
  )

  test('between the blow of a fault and its proof mends it', async () => {
    const faked = await healthyLab()
    const run = await playedOn(faked, scenarioOf(steps), (event, interrupt) => {
      if (event.kind === 'fault-injecting') interrupt()
    })
    expect(run.error).toMatchObject({code: 'interrupted'})
    expect(faked.engine.asked).toContain('kill node1')
    expect(faked.engine.asked).toContain('start node1')
    await expectHealed(faked, run)
  })

  test.each<[PhaseName, PhaseName]>([
    ['leftovers', 'healthy'],
    ['healthy', 'healthy'],
    ['steady', 'steady'],
    ['healing', 'healing'],
    ['recovery', 'recovery'],
  ])('at the beginning of the phase %s ends the run as interrupted in the phase %s, healed', async (phase, last) => {
    const faked = await healthyLab()
    const run = await playedOn(faked, scenarioOf([kill, newLeader]), (event, interrupt) => {
      if (event.kind === 'phase' && event.name === phase) interrupt()
    })
    expect(run.error).toMatchObject({code: 'interrupted'})
    expect(of({events: run.events}, 'phase').at(-1)?.name).toBe(last)
    expect(run.events.at(-1)).toMatchObject({kind: 'run-ended', how: 'interrupted'})
    await expectHealed(faked, run)
  })

  test('before anything ends the run without a probe or a client', async () => {
    const faked = await healthyLab()
    const run = await playedOn(faked, scenarioOf([kill]), (event, interrupt) => {
      if (event.kind === 'run-started') interrupt()
    })
    expect(run.error).toMatchObject({code: 'interrupted'})
    expect(faked.engine.agentConfigs).toEqual([])
    expect(of({events: run.events}, 'watching')).toEqual([])
    await expectHealed(faked, run)
  })
})

test('a check that crashes in `until` is as one that knows nothing: the run goes on to its end, and says so', async () => {
  const faked = await healthyLab()
  const run = await playedOn(faked, scenarioOf([kill, {do: 'until', check: 'crashing', params: {}, within: 1000}]))
  expect(run.error).toBeUndefined()
  expect(of({events: run.events}, 'step-ended').at(-1)).toMatchObject({
    ok: false,
    says: expect.stringMatching(
      /^not within 1 s: The check crashing crashed \(TypeError: undefined is not a history\)/,
    ),
  })
  expect(frameOf(run.events).slice(-3)).toEqual(['recovery', 'final-reads', 'complete'])
  await expectHealed(faked, run)
})

test('clients that end by themselves end the run with the step that they ended in, and what was injected is mended', async () => {
  const faked = await healthyLab()
  const run = await playedOn(faked, scenarioOf([kill, hold, hold]), event => {
    if (event.kind === 'fault-proof') void faked.engine.kill('id-app1')
  })
  expect(run.error).toMatchObject({
    code: 'not-ready',
    message: expect.stringContaining('the clients ended unexpectedly'),
  })
  expect(frameOf(run.events).slice(-4)).toEqual(['healing', 'fault-mending', 'fault-mended', 'error'])
  expect(faked.world.host('node1').state).toBe('running')
})

test('a lab that never gets healthy is given up after two minutes, with what is missing, before anything is written or broken', async () => {
  const faked = await healthyLab()
  faked.world.cluster.electsNobody = true
  faked.world.cluster.release('node1')
  const run = await playedOn(faked, scenarioOf([kill]))
  expect(run.error).toMatchObject({
    code: 'not-ready',
    message: 'waited 120 s for lab fake to be healthy; last seen: the cluster has no leader',
  })
  expect(frameOf(run.events)).toEqual(['leftovers', 'healthy', 'error'])
  expect(faked.world.cluster.table).toBeNull()
})

test('without a steady state nothing is broken', async () => {
  const faked = await healthyLab()
  faked.world.cluster.write = () => false
  const run = await playedOn(faked, scenarioOf([kill]))
  expect(run.error).toMatchObject({
    code: 'not-ready',
    message: expect.stringContaining('a steady state before the fault'),
  })
  expect(frameOf(run.events)).toEqual(['leftovers', 'healthy', 'steady', 'error'])
  await expectHealed(faked, run)
})

test("the engine's disk runs full in a step: the run ends there, healed, says what fills it, and has no verdict", async () => {
  const faked = await healthyLab()
  const run = await playedOn(faked, scenarioOf([kill, {do: 'hold', forMs: 60_000}]), event => {
    if (event.kind === 'fault-injected') faked.world.freeBytes = 1_200_000
  })
  expect(run.error).toMatchObject({
    code: 'disk-full',
    message: 'the disk of the Docker engine is full: 1.2 MB are free',
    hint: expect.stringContaining('docker system df'),
  })
  const injected = of(run, 'fault-injected')[0]!.at
  expect(of(run, 'run-ended')[0]!.at - injected).toBeLessThan(10_000_000)
  expect(judge(run, [{check: 'no-failover', params: {}}])).toMatchObject({verdict: 'unknown', exitCode: 4})
  await expectHealed(faked, run)
})

test('a log that the engine cannot read ends the run before anything is broken, and says how the lab gets another', async () => {
  const faked = await healthyLab()
  faked.engine.torn.add('node2')
  const run = await playedOn(faked, scenarioOf([kill]))
  expect(run.error).toMatchObject({
    code: 'engine',
    message:
      "the Docker engine cannot read the log of node2 any more (invalid character 'l' after object key:value pair), as after its disk was full",
    hint: expect.stringMatching(/down --name fake\s[\s\S]*up .*--name fake/),
  })
  expect(of(run, 'fault-injecting')).toEqual([])
})

test('a lab that does not recover is told, and the run goes on to its end', async () => {
  const faked = await healthyLab()
  const run = await playedOn(faked, scenarioOf([kill]), event => {
    if (event.kind !== 'phase' || event.name !== 'healing') return
    faked.world.cluster.electsNobody = true
    faked.world.cluster.release('node1')
  })
  expect(run.error).toBeUndefined()
  expect(of({events: run.events}, 'recovery')).toMatchObject([
    {recovered: false, says: expect.stringContaining('the cluster has no leader')},
  ])
  expect(frameOf(run.events).slice(-3)).toEqual(['recovery', 'final-reads', 'complete'])
})

test('a mend that fails at the end is the error of the run, and stays in the journal for the next one', async () => {
  const faked = await healthyLab()
  faked.engine.hinder = call => (call === 'start node1' ? new LabError('engine', 'no room') : undefined)
  const run = await playedOn(faked, scenarioOf([kill]))
  expect(run.error).toMatchObject({
    code: 'heal-failed',
    message: expect.stringContaining('start node1 again: no room'),
  })
  expect(run.events.at(-1)).toMatchObject({kind: 'run-ended', how: 'error'})
  expect(inForce('fake').map(entry => entry.mend)).toEqual([{do: 'start-host', host: 'node1'}])
})

test('an engine that falls silent in a step ends the run, which names what is still in force', async () => {
  const faked = await healthyLab()
  const run = await playedOn(faked, scenarioOf([kill, hold]), event => {
    if (event.kind === 'fault-injected') faked.engine.fallSilent()
  })
  expect(run.error).toMatchObject({code: 'heal-failed', message: expect.stringContaining('start node1 again')})
  expect(run.events.at(-1)).toMatchObject({kind: 'run-ended', how: 'error'})
  expect(inForce('fake')).toHaveLength(1)
})

test('settings of a scenario are in force while it runs, and the lab has its own again afterwards', async () => {
  const faked = await healthyLab()
  faked.world.cluster.patch({maximum_lag_on_failover: 1_048_576})
  let during: unknown
  const needs = {postgres: 3, etcd: 3, patroni: {maximum_lag_on_failover: '2MB'}}
  const run = await playedOn(faked, scenarioOf([hold], {needs}), event => {
    if (event.kind === 'step-started') during = faked.world.cluster.config.maximum_lag_on_failover
  })
  expect(run.error).toBeUndefined()
  expect(during).toBe(2_097_152)
  expect(faked.world.cluster.config.maximum_lag_on_failover).toBe(1_048_576)
  await expectHealed(faked, run)
})
