import {expect, test} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {sayStrain, strainOf} from '../../../lab/history/strain.ts'

const fsync = (host: string, at: number, worstMicros: number): Event => ({
  at,
  kind: 'fsync',
  host,
  count: 3,
  worstMicros,
})
const late = (who: 'runner' | 'clients' | 'etcd', at: number, worstMicros: number): Event => ({
  ...{at, kind: 'watching', who, samples: 9, failures: 0, worstMicros},
})

test('the strain of a run is its latest timer or its slowest write, whichever is nearer to starving', () => {
  const timers = [late('runner', 1e6, 20_000), late('clients', 2e6, 125_000), late('etcd', 2e6, 900_000)]
  expect(strainOf(historyOf([...timers, fsync('node1', 3e6, 64_000)]))).toEqual({
    timer: 125_000,
    disk: 64_000,
    share: 0.5,
  })
  expect(strainOf(historyOf([...timers, fsync('node1', 3e6, 1_024_000)]))?.share).toBe(2)
})

test('a disk that a fault has slowed strains nobody', () => {
  const slowed: readonly Event[] = [
    {
      ...{at: 1e6, kind: 'fault-injecting', id: 'slow', fault: 'slow-disk', what: 'slow-disk', hosts: ['node2']},
      strike: {struck: [], slowDisk: ['node2']},
    },
    {at: 9e6, kind: 'fault-mended', id: 'slow', mend: {do: 'unslow-disk', host: 'node2'}, ok: true},
  ]
  const history = historyOf(
    [...slowed, fsync('node2', 5e6, 2_048_000), fsync('node1', 5e6, 8000)].toSorted((a, b) => a.at - b.at),
  )
  expect(strainOf(history)).toEqual({timer: 0, disk: 8000, share: 8000 / 512_000})
})

test('a record that says neither tells nothing', () => {
  expect(strainOf(historyOf([]))).toBeNull()
})

test('it is said in one clause', () => {
  expect(sayStrain({timer: 310_000, disk: 64_000, share: 1.24})).toBe(
    "a timer ran 310 ms late, and a write of etcd's log took 64 ms",
  )
})
