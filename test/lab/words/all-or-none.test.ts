import {expect, test} from 'vitest'
import {allOrNone} from '../../../lab/words/all-or-none.ts'

const untilEnded = (told: string[]) => (ending: AbortSignal) =>
  new Promise<void>((_, reject) =>
    ending.addEventListener('abort', () => {
      told.push('ended')
      setTimeout(() => reject(new Error('interrupted')), 1)
    }),
  )

test('all begin at once, and all are awaited', async () => {
  const done: string[] = []
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const both = allOrNone(undefined, [() => first.promise, () => second.promise]).then(() => done.push('both'))
  second.resolve()
  await new Promise(setImmediate)
  expect(done).toEqual([])
  first.resolve()
  await both
  expect(done).toEqual(['both'])
})

test('the first failure ends the others, is thrown once they have ended, and is not theirs', async () => {
  const told: string[] = []
  await expect(
    allOrNone(undefined, [untilEnded(told), () => Promise.reject(new Error('no space left'))]),
  ).rejects.toThrow('no space left')
  expect(told).toEqual(['ended'])
})

test('who ends it from outside ends each of them', async () => {
  const told: string[] = []
  const caller = new AbortController()
  const both = allOrNone(caller.signal, [untilEnded(told), untilEnded(told)])
  caller.abort()
  await expect(both).rejects.toThrow('interrupted')
  expect(told).toEqual(['ended', 'ended'])
})
