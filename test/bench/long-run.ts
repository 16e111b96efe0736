/**
 * What a run keeps in memory for each event while it is played, in bytes:
 *
 *     node test/bench/long-run.ts [events, 100000] [rounds, 3]
 *
 * A clean kill-leader run drawn out, as `judge.ts` has it, is told to a recorder alone (the yardstick), to one that writes a file,
 * and to one that the live view follows, in turns. What the view adds beside the recorder is what is kept for the screen alone.
 */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {getHeapStatistics, setFlagsFromString} from 'node:v8'
import {runInNewContext} from 'node:vm'
import {emptyView, fold} from '../../cli/ui/view.ts'
import type {Event} from '../../lab/history/event.ts'
import {Recorder} from '../../lab/history/history.ts'
import {cleanRun, quickRun} from '../lab/checks/history-builder.ts'
import {spread} from './spread.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const [events = 100_000, rounds = 3] = process.argv.slice(2).map(Number)
const perSecond = 290
const shape = {...quickRun, writers: 8, writesPerSecond: 200, readsPerSecond: 40, bankPerSecond: 20}
const made: readonly Event[] = cleanRun({...shape, finalReads: events / perSecond})

const folder = mkdtempSync(join(tmpdir(), 'pgha-long-run-'))
const file = join(folder, 'events.ndjson')
const ways = {'a recorder': {}, 'with a file': {file}, 'with a file and the view': {file, follows: true}}
const kept = new Map<string, number[]>(Object.keys(ways).map(way => [way, []]))
try {
  for (let round = 0; round < rounds; round++)
    for (const [way, how] of Object.entries(ways)) kept.get(way)?.push(bytesPerEvent(how))
} finally {
  rmSync(folder, {recursive: true})
}
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const yardstick = median(kept.get('a recorder') ?? [])
for (const [way, bytes] of kept)
  console.log(
    `${way.padEnd(26)} ${spread(bytes, 'bytes an event', 0)}, ${(median(bytes) / yardstick).toFixed(2)} x a recorder's`,
  )
const tenHours = (yardstick * perSecond * 36_000) / 2 ** 20
const limit = getHeapStatistics().heap_size_limit / 2 ** 20
console.log(
  `ten hours at ${perSecond} events a second: ${tenHours.toFixed(0)} MB, of ${limit.toFixed(0)} that this process may have`,
)

function bytesPerEvent({file, follows}: {readonly file?: string; readonly follows?: boolean}): number {
  const before = heapBytes()
  const history = new Recorder(file)
  let view = emptyView
  if (follows)
    history.subscribe(event => {
      view = fold(view, event)
    })
  for (const {at, ...happening} of made) history.record(happening, at)
  history.flush()
  const bytes = (heapBytes() - before) / history.events.length
  history[Symbol.dispose]()
  // Read here, so that what is kept is there when it is measured.
  if (follows && view.run === null) throw new Error('the view has seen nothing')
  return bytes
}

function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
