import {expect, test} from 'vitest'
import {run} from '../../../lab/setup/command.ts'
import {LabError} from '../../../lab/words/errors.ts'

/** As docker and its plugin: what it has started holds its output open. */
const withChild = ['sh', '-c', 'sleep 60 & echo begun; wait'] as const

test('a program that takes too long is ended, though what it has started would hold its output open', async () => {
  const ran = await run(withChild, {withinMs: 300})
  expect(ran).toMatchObject({code: null, timedOut: true, wentSilent: false, lines: ['begun']})
})

test('a program that says nothing for too long is ended, and one that goes on saying something is not', async () => {
  expect(await run(withChild, {withinMs: 20_000, silentMs: 300})).toMatchObject({code: null, wentSilent: true})
  const talks = ['sh', '-c', 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done'] as const
  expect(await run(talks, {withinMs: 20_000, silentMs: 1000})).toMatchObject({code: 0, wentSilent: false})
})

test('a program is ended by its signal, whose own reason is told', async () => {
  const interrupt = new AbortController()
  const interrupted = run(withChild, {withinMs: 20_000, signal: interrupt.signal, onLine: () => interrupt.abort()})
  await expect(interrupted).rejects.toMatchObject({code: 'interrupted'})
  const silence = new AbortController()
  const reason = new LabError('timeout', 'the Docker engine did not answer')
  const ended = run(withChild, {withinMs: 20_000, signal: silence.signal, onLine: () => silence.abort(reason)})
  await expect(ended).rejects.toBe(reason)
})
