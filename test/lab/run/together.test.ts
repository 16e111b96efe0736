/** Faults of a scenario that come at one moment, on a lab that behaves and by a clock that is let go on. */
import {expect, test, vi} from 'vitest'
import {of} from '../../../lab/history/history.ts'
import type {Step} from '../../../lab/history/scenario-values.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {after, before, expectHealed, frameOf, hold, kill, playedOn, scenarioOf} from './played.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()
vi.setConfig({testTimeout: 60_000}) // minutes of virtual time, on a machine that may be busy

const second: Step = {...kill, on: 'replica', as: 'second', together: true}

test('are two steps that begin and end together, with a proof and a mend each', async () => {
  const faked = await healthyLab()
  const run = await playedOn(faked, scenarioOf([kill, second, {do: 'heal', as: 'kill'}, {do: 'heal', as: 'second'}]))
  expect(run.error).toBeUndefined()
  expect(frameOf(run.events).slice(before.length, -after.length)).toEqual([
    ...['step 0', 'step 1', 'fault-injecting', 'fault-injecting', 'fault-injected', 'fault-injected'],
    ...['step 0 done', 'step 1 done', 'step 2', 'fault-mending', 'fault-mended', 'step 2 done'],
    ...['step 3', 'fault-mending', 'fault-mended', 'step 3 done'],
  ])
  expect(of(run, 'fault-injecting').map(({hosts, what}) => [what, ...hosts])).toEqual([
    ['kill host on leader', 'node1'],
    ['second: kill host on replica', 'node2'],
  ])
  expect(of(run, 'fault-proof').map(({id, holds}) => [id, holds])).toEqual([
    ['kill', true],
    ['second', true],
  ])
  await expectHealed(faked, run)
})

test('where one did not take hold, the report says so of that one, and of no step that was played that it was not', async () => {
  const faked = await healthyLab()
  const kills = faked.engine.kill.bind(faked.engine)
  faked.engine.kill = async id => (id === 'id-node1' ? undefined : kills(id))
  const run = await playedOn(faked, scenarioOf([kill, second, hold]))
  const {headline, verdict} = judge(run)
  expect(verdict).toBe('unknown')
  const steps = of(run, 'step-ended').map(({ok}) => ok)
  expect(steps).toEqual([false, true])
  expect(headline).toContain('kill')
  await expectHealed(faked, run)
})

test.each(['fault-injecting', 'step-started'] as const)(
  'an interrupt at the first %s leaves nothing of either',
  async kind => {
    const faked = await healthyLab()
    const run = await playedOn(faked, scenarioOf([kill, second, hold]), (event, interrupt) => {
      if (event.kind === kind) interrupt()
    })
    expect(run.error).toMatchObject({code: 'interrupted'})
    if (kind === 'step-started') expect(of(run, 'fault-injecting')).toEqual([])
    await expectHealed(faked, run)
  },
)

test('a blow that the engine refuses to one of them ends the run when the other one is over, and both are mended', async () => {
  const faked = await healthyLab()
  faked.engine.hinder = call => (call === 'kill node2' ? new LabError('engine', 'it will not') : undefined)
  const run = await playedOn(faked, scenarioOf([kill, second, hold]))
  expect(run.error).toMatchObject({code: 'engine', message: 'it will not'})
  expect(of(run, 'fault-proof').map(({id}) => id)).toEqual(['kill'])
  await expectHealed(faked, run)
})
