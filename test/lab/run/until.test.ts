/** Waiting for a check asks it as the judge does. */
import {expect, test} from 'vitest'
import {z} from 'zod'
import type {Check} from '../../../lab/checks/check.ts'
import {checks} from '../../../lab/checks/index.ts'
import {Recorder} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {until} from '../../../lab/run/until.ts'
import {quickRun, topologyOf} from '../checks/history-builder.ts'

/** It crashes until the history has a note; on `ever`, always. */
const crashing: Check<{ever?: boolean | undefined}> = {
  about: 'a check with a bug',
  evidence: [],
  params: z.strictObject({ever: z.boolean().optional()}),
  judge({events}, {ever}) {
    if (ever || !events.some(event => event.kind === 'note')) throw new RangeError('Invalid array length')
    return {verdict: 'pass', says: 'there is a note'}
  },
}
Object.assign(checks, {crashing}) // in this file's own process

const step = {do: 'until', check: 'crashing', params: {}, within: 400} as const
const waiting = (history: Recorder, signal = new AbortController().signal) => ({
  ...{topology: topologyOf(quickRun), history, signal},
  whole() {},
})

test('a check that crashes is unknown to a wait and to the judge, in the same words', async () => {
  using history = new Recorder()
  const params = {ever: true}
  const ended = await until({...step, params}, waiting(history))
  const [found] = judge(history.sealed(), [{check: 'crashing', params}]).findings
  expect(found).toMatchObject({
    verdict: 'unknown',
    says: expect.stringMatching(/crashed \(RangeError: Invalid array length/),
  })
  expect(ended).toEqual({ok: false, says: `not within 0 s: ${found?.says}`, known: false})
})

test('one that crashed on a history too young is asked again', async () => {
  using history = new Recorder()
  const waited = until({...step, within: 10_000}, waiting(history))
  history.record({kind: 'note', says: 'now there is something to see'})
  expect(await waited).toEqual({ok: true, says: 'there is a note'})
})

test('a check that does not exist, or parameters that it does not take, end the wait as unknown too', async () => {
  using history = new Recorder()
  expect(await until({...step, check: 'no-such'}, waiting(history))).toMatchObject({
    ok: false,
    says: expect.stringContaining('no check no-such'),
  })
  const params = {ever: 'perhaps'}
  expect(await until({...step, params}, waiting(history))).toMatchObject({
    ok: false,
    says: expect.stringContaining('not valid'),
  })
})

test('lost evidence and an interruption end the wait by their own error', async () => {
  using history = new Recorder()
  const lost = new Error('an agent is gone')
  const whole = () => {
    throw lost
  }
  await expect(until(step, {...waiting(history), whole})).rejects.toBe(lost)
  const controller = new AbortController()
  const waited = until({...step, within: 10_000}, waiting(history, controller.signal))
  controller.abort(new Error('interrupted'))
  await expect(waited).rejects.toMatchObject({name: 'AbortError'})
})
