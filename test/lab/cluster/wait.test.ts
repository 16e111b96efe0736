import {expect, test} from 'vitest'
import {waitFor} from '../../../lab/cluster/wait.ts'

test('an interrupt ends the waiting although a look has no answer yet', async () => {
  const interrupt = new AbortController()
  const asked = Promise.withResolvers<void>()
  const waiting = waitFor(
    'an engine',
    () => {
      asked.resolve()
      return new Promise<object>(() => {})
    },
    {withinMs: 60_000, signal: interrupt.signal},
  )
  await asked.promise
  interrupt.abort()
  await expect(waiting).rejects.toMatchObject({code: 'interrupted', message: 'stopped while waiting for an engine'})
})
