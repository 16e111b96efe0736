import {expect, test} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {starvedFor} from '../../../lab/history/lateness.ts'

const fsync = (at: number, worstMicros: number): Event => ({at, kind: 'fsync', host: 'node2', count: 3, worstMicros})

test('a write of etcd that took longer than a verdict can bear is told with its host', () => {
  const history = historyOf([fsync(5_000_000, 64_000), fsync(6_000_000, 2_048_000)])
  expect(starvedFor(history, 4_000_000, 9_000_000).says).toMatch(/etcd on node2 waited up to 2\.05 s/)
})

test('one that was over before, or began after, makes no doubt', () => {
  const history = historyOf([fsync(1_000_000, 1_024_000), fsync(20_000_000, 1_024_000)])
  expect(starvedFor(history, 4_000_000, 9_000_000)).toEqual({micros: 0, says: ''})
})

test('one that ended after but began before does', () => {
  // Longer than etcd's election timeout: what comes of it has no bound.
  expect(starvedFor(historyOf([fsync(12_000_000, 4_096_000)]), 4_000_000, 9_000_000).micros).toBe(
    Number.POSITIVE_INFINITY,
  )
})

test('a quick disk, and a run in which nobody asked, make no doubt', () => {
  expect(starvedFor(historyOf([fsync(5_000_000, 512_000)]), 0, 9_000_000).micros).toBe(0)
  expect(starvedFor(historyOf([]), 0, 9_000_000).micros).toBe(0)
})
