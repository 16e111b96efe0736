import {expect, test} from 'vitest'
import {prove} from '../../../lab/breaking/prove.ts'

/** A site whose clock goes on by a second with each look at it. */
function site(signal = new AbortController().signal) {
  const proofs: (readonly [boolean, string, number | undefined])[] = []
  let seconds = 0
  return {
    proofs,
    signal,
    now: () => ++seconds * 1_000_000,
    proof: (holds: boolean, says: string, at?: number) => void proofs.push([holds, says, at]),
  }
}

test('an effect is proven by the look that sees it, at the time of that look', async () => {
  const on = site()
  const looks = [false, false, true]
  await prove(on, async () => ({holds: looks.shift() ?? true, says: 'it is gone'}))
  expect(on.proofs).toEqual([[true, 'it is gone', 4_000_000]])
})

test('an effect that was there before the look has its own time', async () => {
  const on = site()
  await prove(on, async () => ({holds: true, says: 'it is gone', at: 1_500_000}))
  expect(on.proofs).toEqual([[true, 'it is gone', 1_500_000]])
})

test('an effect that never shows is told with what was seen instead', async () => {
  const on = site()
  await prove(on, async () => ({holds: false, says: 'it lives'}))
  expect(on.proofs).toEqual([[false, 'after 5 s still: it lives', 7_000_000]])
})

test('a run that is cut short has neither proof', async () => {
  const on = site(AbortSignal.abort())
  await prove(on, async () => ({holds: false, says: 'it lives'}))
  expect(on.proofs).toEqual([])
})
