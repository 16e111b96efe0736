/**
 * What a long storm keeps in memory while it is played, and what recording it takes:
 *
 *     node test/bench/storm-memory.ts [events, 1000000] [rounds, 3] [another checkout]
 *
 * The events of a minute with a failover in it, again and again, are told to a recorder as `chaos` has it, with its file and the
 * screen's view, in a process of its own. Of another checkout, an older one, it tells the same, in turns. For ten hours give 10000000.
 */
import {execFileSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join, resolve} from 'node:path'
import {setFlagsFromString} from 'node:v8'
import {runInNewContext} from 'node:vm'
import type * as views from '../../cli/ui/view.ts'
import type {Event, Happening} from '../../lab/history/event.ts'
import type * as histories from '../../lab/history/history.ts'
import {cleanRun, quickRun} from '../lab/checks/history-builder.ts'
import {spread} from './spread.ts'

const here = resolve(import.meta.dirname, '../..')
/** As many as are looked at ten times. */
const looks = 10
const perSecond = 290
const shape = {...quickRun, writers: 8, writesPerSecond: 200, readsPerSecond: 40, bankPerSecond: 20}

interface Look {
  readonly events: number
  readonly rss: number
  readonly heap: number
  /** What is kept beside the heap: the columns. */
  readonly beside: number
  /** Seconds for a hundred thousand events. */
  readonly cpu: number
  /** Milliseconds that a step that waits takes to ask once. */
  readonly sealed: number
}

const [asked = '1000000', rounds = '3', other] = process.argv.slice(2)
if (asked === '--in') console.log(JSON.stringify(await played(resolve(rounds), Number(other))))
else compare()

function compare(): void {
  const checkouts = other === undefined ? [here] : [here, resolve(other)]
  const all = new Map<string, (readonly Look[])[]>(checkouts.map(root => [root, []]))
  for (let round = 0; round < Number(rounds); round++)
    for (const root of checkouts) {
      const told = execFileSync(process.execPath, [import.meta.filename, '--in', root, asked], {encoding: 'utf8'})
      all.get(root)?.push(JSON.parse(told) as readonly Look[])
    }
  for (const [root, runs] of all) {
    console.log(root)
    for (let nth = 0; nth < looks; nth++) {
      const of = (what: keyof Look) => runs.map(one => one[nth]![what])
      console.log(`${String(runs[0]![nth]!.events).padStart(9)} events`)
      console.log(`    rss             ${spread(of('rss'), 'MB', 0)}`)
      console.log(`    heap            ${spread(of('heap'), 'MB', 0)}`)
      console.log(`    beside the heap ${spread(of('beside'), 'MB', 0)}`)
      console.log(`    CPU per 100000  ${spread(of('cpu'), 's')}`)
      console.log(`    asked once      ${spread(of('sealed'), 'ms', 0)}`)
    }
  }
}

async function played(root: string, events: number): Promise<readonly Look[]> {
  const {Recorder} = (await import(join(root, 'lab/history/history.ts'))) as typeof histories
  const {emptyView, fold} = (await import(join(root, 'cli/ui/view.ts'))) as typeof views
  const folder = mkdtempSync(join(tmpdir(), 'pgha-storm-memory-'))
  const found: Look[] = []
  try {
    using history = new Recorder(join(folder, 'events.ndjson'), undefined, {asRows: true})
    let view = emptyView
    history.subscribe(event => {
      view = fold(view, event)
    })
    let cpu = process.cpuUsage()
    let spent = 0
    for (const second of storm()) {
      cpu = process.cpuUsage()
      for (const {at, ...happening} of second) history.record(happening as Happening, at)
      history.flush()
      const {user, system} = process.cpuUsage(cpu)
      spent += (user + system) / 1e6
      if (history.events.length < ((found.length + 1) * events) / looks) continue
      const count = history.events.length
      found.push({
        ...memory(),
        events: count,
        cpu: (spent / (count - (found.at(-1)?.events ?? 0))) * 100_000,
        sealed: 0,
      })
      spent = 0
      if (found.length === looks) break
    }
    if (view.run === null) throw new Error('the view has seen nothing')
    // Asked at the end only, as what it keeps is no part of what recording does.
    const sealed = (nth: number) => {
      history.record({kind: 'note', says: String(nth)})
      const from = performance.now()
      history.sealed()
      return performance.now() - from
    }
    sealed(0)
    const took = [1, 2, 3, 4, 5].map(sealed).toSorted((a, b) => a - b)[2]!
    return found.map((one, nth) => ({...one, sealed: nth === looks - 1 ? took : Number.NaN}))
  } finally {
    rmSync(folder, {recursive: true})
  }
}

/** Second by second, each event made anew from its line, as from an agent. */
function* storm(): Generator<readonly Event[]> {
  const minute = cleanRun({...shape, finalReads: 60}).toSorted((a, b) => a.at - b.at)
  const lines = minute.filter(one => !/^(run-ended|final-rows)$/.test(one.kind)).map(one => JSON.stringify(one))
  const long = minute.at(-1)!.at + 1_000_000
  for (let round = 0; ; round++)
    for (let from = 0; from < lines.length; from += perSecond)
      yield lines.slice(from, from + perSecond).flatMap(line => {
        const event = JSON.parse(line) as Event & {sentAt?: number; askedAt?: number; id?: unknown}
        if (event.kind === 'run-started' && round > 0) return []
        if (event.sentAt !== undefined) event.sentAt += round * long
        if (event.askedAt !== undefined) event.askedAt += round * long
        if (typeof event.id === 'number') event.id += round * lines.length
        return [{...event, at: event.at + round * long} as Event]
      })
}

function memory(): Pick<Look, 'rss' | 'heap' | 'beside'> {
  // As a run has it, before anything is collected for our sake.
  const rss = process.memoryUsage.rss() / 2 ** 20
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const {heapUsed, arrayBuffers} = process.memoryUsage()
  return {rss, heap: heapUsed / 2 ** 20, beside: arrayBuffers / 2 ** 20}
}
