/** The steps of a scenario, with faults that are made up. */
import {describe, expect, test} from 'vitest'
import {Recorder} from '../../../lab/history/history.ts'
import type {Step} from '../../../lab/history/scenario-values.ts'
import {playSteps, type StepSite} from '../../../lab/run/steps.ts'
import {quickRun, topologyOf} from '../checks/history-builder.ts'

const steps: readonly Step[] = [
  {do: 'say', says: 'first'},
  {do: 'inject', fault: 'kill', on: 'leader', as: 'crash', params: {what: 'host'}},
  {do: 'heal', as: 'crash'},
]

function site(history: Recorder, more: Partial<StepSite> = {}): StepSite {
  return {
    ...{history, topology: topologyOf(quickRun), signal: new AbortController().signal},
    whole() {},
    injections: {
      inject: async steps => {
        history.record({kind: 'note', says: `broke ${steps.map(({as}) => as).join(' and ')}`})
        return steps.map(() => ({ok: true, says: 'the fault took hold'}))
      },
      async mend(which) {
        history.record({kind: 'note', says: `mended ${which?.('crash')}`})
      },
    },
    ...more,
  }
}

const told = (history: Recorder) =>
  history.events.map(event =>
    event.kind === 'note' ? event.says : event.kind === 'step-ended' ? `${event.index} ${event.ok}` : event.kind,
  )

test('each step begins when what is done before it is done, and none before its turn', async () => {
  using history = new Recorder()
  await playSteps(
    steps,
    site(history, {
      async before(step, index) {
        await new Promise(resolve => setTimeout(resolve, 5))
        history.record({kind: 'note', says: `before ${index} ${step.do}`})
      },
    }),
  )
  expect(told(history)).toEqual([
    ...['before 0 say', 'step-started', 'first', '0 true'],
    ...['before 1 inject', 'step-started', 'broke crash', '1 true'],
    ...['before 2 heal', 'step-started', 'mended true', '2 true'],
  ])
})

test('what fails before a step ends the steps, and the step never began', async () => {
  using history = new Recorder()
  const before = (_: Step, index: number) => {
    if (index === 1) throw new Error('the program is not up')
  }
  await expect(playSteps(steps, site(history, {before}))).rejects.toThrow('the program is not up')
  expect(told(history)).toEqual(['step-started', 'first', '0 true'])
})

test('a step that could not be done is the last', async () => {
  using history = new Recorder()
  const own = site(history)
  const inject = async () => [{ok: false, says: 'the fault did not take hold'}]
  await playSteps(steps, {...own, injections: {...own.injections, inject}})
  expect(told(history)).toEqual(['step-started', 'first', '0 true', 'step-started', '1 false'])
})

test('a hold ends when the clients are gone: it is not sat out, and does not count as held', async () => {
  using history = new Recorder()
  let looks = 0
  const whole = () => {
    if (++looks > 2) throw new Error('the clients ended unexpectedly')
  }
  await expect(playSteps([{do: 'hold', forMs: 1500}], site(history, {whole}))).rejects.toThrow('ended unexpectedly')
  expect(told(history)).toEqual(['step-started'])
})

test('a hold lasts as long as it should, and an interrupt ends it', async () => {
  using history = new Recorder()
  await playSteps([{do: 'hold', forMs: 350}], site(history))
  const [started, ended] = history.events
  expect(ended!.at - started!.at).toBeGreaterThanOrEqual(350_000)
  const interrupt = new AbortController()
  setTimeout(() => interrupt.abort(), 50)
  await expect(
    playSteps([{do: 'hold', forMs: 10 * 60_000}], site(history, {signal: interrupt.signal})),
  ).rejects.toMatchObject({name: 'AbortError'})
})

const lose = (history: Recorder) =>
  void history.record({kind: 'fault-lost', id: 'cut', host: 'node1', says: 'its table is gone'})

test.each<[string, Step]>([
  ['hold', {do: 'hold', forMs: 60_000}],
  ['until', {do: 'until', check: 'new-leader', params: {}, within: 60_000}],
])('a fault that is lost ends the %s at once, and the steps: the run proves nothing any more', async (_, waiting) => {
  using history = new Recorder()
  setTimeout(() => lose(history), 50)
  const begun = history.now()
  await playSteps([waiting, {do: 'say', says: 'never'}], site(history))
  expect(history.now() - begun).toBeLessThan(30_000_000)
  expect(told(history)).toEqual(['step-started', 'fault-lost', '0 false'])
  expect(history.events.at(-1)).toMatchObject({says: 'cut was lost: its table is gone'})
})

test('a fault that was lost before a step is what ends it: nothing more is broken', async () => {
  using history = new Recorder()
  lose(history)
  await playSteps(steps, site(history))
  expect(told(history)).toEqual(['fault-lost', 'step-started', '0 false'])
})

describe('faults that come together', () => {
  const more = {do: 'inject', fault: 'kill', on: 'replica', params: {what: 'host'}, together: true} as const
  const twice: readonly Step[] = [...steps.slice(0, 2), {...more, as: 'second'}, ...steps.slice(2)]

  test('are injected at once, each a step of its own, when whoever waits for a step has been heard for each', async () => {
    using history = new Recorder()
    const before = (_: Step, index: number) => void history.record({kind: 'note', says: `before ${index}`})
    await playSteps(twice, site(history, {before}))
    expect(told(history)).toEqual([
      ...['before 0', 'step-started', 'first', '0 true'],
      ...['before 1', 'before 2', 'step-started', 'step-started', 'broke crash and second', '1 true', '2 true'],
      ...['before 3', 'step-started', 'mended true', '3 true'],
    ])
  })

  test('end the steps when one of them did not take hold, and each says so for itself', async () => {
    using history = new Recorder()
    const own = site(history)
    const inject = async () => [
      {ok: false, says: 'the fault did not take hold'},
      {ok: true, says: 'the fault took hold'},
    ]
    await playSteps(twice, {...own, injections: {...own.injections, inject}})
    expect(told(history).slice(3)).toEqual(['step-started', 'step-started', '1 false', '2 true'])
  })
})
