import {PassThrough} from 'node:stream'
import {expect, test} from 'vitest'
import {goOnByLines, mustHaveKeys, StepPause} from '../../cli/step-pause.ts'
import {LabError} from '../../lab/words/errors.ts'

const step = {do: 'hold', forMs: 1000} as const

test('it waits before each step until it is let go on, and says what it waits before', async () => {
  const pause = new StepPause(() => 'hold 1 s', new AbortController().signal)
  let begun = 0
  const playing = (async () => {
    for (const index of [0, 1]) {
      await pause.before(step, index)
      begun++
    }
  })()
  expect([pause.says, begun]).toEqual(['step 1: hold 1 s', 0])
  pause.goOn()
  await new Promise(setImmediate)
  expect([pause.says, begun]).toEqual(['step 2: hold 1 s', 1])
  pause.goOn()
  await playing
  expect([pause.says, begun]).toEqual([null, 2])
})

test('an interrupt ends the waiting, also one that came before it', async () => {
  const stop = new AbortController()
  const pause = new StepPause(() => 'x', stop.signal)
  const waiting = pause.before(step, 0)
  stop.abort(new LabError('interrupted', 'interrupted'))
  await expect(waiting).rejects.toMatchObject({code: 'interrupted'})
  await expect(pause.before(step, 1)).rejects.toMatchObject({code: 'interrupted'})
  expect(pause.says).toBeNull()
})

test('without a screen each line lets it go on', async () => {
  const pause = new StepPause(() => 'hold 1 s', new AbortController().signal)
  const input = new PassThrough()
  const told: string[] = []
  await goOnByLines(pause, input, line => told.push(line))
  const waiting = pause.before(step, 0)
  expect(told).toEqual(['paused before step 1: hold 1 s; enter goes on\n'])
  input.write('\n')
  await waiting
})

test('where nobody can press a key it is refused', () => {
  expect(() => mustHaveKeys({})).toThrow(LabError)
  mustHaveKeys({isTTY: true})
})
