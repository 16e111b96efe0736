/**
 * What the screen of `watch` costs that somebody leaves open: memory, and the share of a core that its fold and its drawing take.
 *
 *     node test/bench/watch-hour.ts [minutes, 60] [events a second, 10]
 *
 * The screen itself, as the program has it, on a terminal of 100 x 30 that takes what is drawn and keeps nothing. Its timers are on a
 * virtual clock, so an hour takes a minute or two. Every ten minutes a leader dies and another takes over. Then as long a time in which
 * nothing happens, for what it costs to be looked at. What the probes cost is not in it.
 */
import {execFileSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {PassThrough, Writable} from 'node:stream'
import {mock} from 'node:test'
import {getHeapStatistics, setFlagsFromString} from 'node:v8'
import {runInNewContext} from 'node:vm'
import {HostLogs} from '../../cli/ui/host-log.ts'
import {lookOf} from '../../cli/ui/look.ts'
import type * as screens from '../../cli/ui/screen.tsx'
import {fold, view, withoutWriters} from '../../cli/ui/view.ts'
import type {WatchFacts} from '../../cli/ui/watch-screen.tsx'
import type {Event} from '../../lab/history/event.ts'
import {op, patroni, postgres, storyUntil} from '../cli/ui/story.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const [minutes = 60, perSecond = 10] = process.argv.slice(2).map(Number)
const framesPerSecond = 4

// Node reads no JSX: the screen is built as the program is.
const folder = mkdtempSync(join(import.meta.dirname, '../../dist/watch-hour-'))
process.on('exit', () => rmSync(folder, {recursive: true, force: true}))
const input = join(import.meta.dirname, '../../cli/ui/screen.tsx')
const bundler = join(import.meta.dirname, '../../node_modules/.bin/rolldown')
// In a process of its own: what that takes is none of the screen's.
const flags = ['--external', 'react-devtools-core', '--platform', 'node', '--format', 'esm']
execFileSync(bundler, [input, '--dir', folder, '--entryFileNames', 'screen.js', ...flags], {stdio: 'ignore'})
const {newAsked, showWatch} = (await import(join(folder, 'screen.js'))) as typeof screens

let drawn = 0
const stdout = Object.assign(
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      drawn += chunk.length
      done()
    },
  }),
  {columns: 100, rows: 30, isTTY: true},
) as unknown as NodeJS.WriteStream
const stdin = Object.assign(new PassThrough(), {
  isTTY: true,
  setRawMode: () => stdin,
  ref: () => stdin,
  unref: () => stdin,
}) as unknown as NodeJS.ReadStream

const [first, ...failover] = storyUntil(35).filter(({kind}) => !/^(op|phase|postgres|patroni|step-.*)$/.test(kind))
let now = 0
let seen = view([first!])
let load: WatchFacts['load'] = {state: 'on', says: null, lost: 0}
const logs = new HostLogs()
const facts = (): WatchFacts => ({
  ...{view: seen, now: now * 1e6, quorum: {led: 3, silent: 0, members: 3, needed: 2, isLost: false, alarms: []}, load},
  ...{other: {holder: null, view: null, now: 0}, logOf: host => logs.of(host), entries: [], doing: null, notice: null},
})

mock.timers.enable({apis: ['setTimeout', 'setInterval', 'Date'], now: Date.now()})
// Ink's animation goes by it.
performance.now = () => now * 1000
const shown = showWatch(newAsked(), {read: facts, onAct() {}, onInterrupt() {}}, {stdin, stdout, look: lookOf(false)})

/** What is seen within one second. */
function happens(second: number): readonly Event[] {
  const round = Math.floor(second / 600)
  const inRound = second % 600
  const story = failover.flatMap(event => {
    if (Math.floor(event.at / 1e6) !== inRound) return []
    return [{...event, at: event.at + round * 600e6, ...('id' in event ? {id: `${event.id}-${round}`} : {})} as Event]
  })
  const steady = Array.from({length: perSecond}, (_, nth): Event => {
    const at = second + nth / perSecond
    const host = `node${(nth % 3) + 1}`
    if (nth % 5 === 3) return {...postgres(inRound, host), at: at * 1e6}
    if (nth % 5 === 4) return {...patroni(inRound, host), at: at * 1e6}
    return op(at, nth % 2 === 0 ? 'write' : 'read', 'ok', 'node1')
  })
  return [...story, ...steady]
}

async function aSecond(events: readonly Event[]): Promise<void> {
  for (const event of events) {
    seen = fold(seen, event)
    logs.hear('node1', event.at, `a line of the log at ${event.at}`)
  }
  for (let frame = 0; frame < framesPerSecond; frame++) {
    now += 1 / framesPerSecond
    mock.timers.tick(1000 / framesPerSecond)
    await new Promise(resolve => setImmediate(resolve))
  }
}

async function play(title: string, seconds: number, eventsAt: (second: number) => readonly Event[]): Promise<void> {
  console.log(title)
  let [cpu, from, drawnFrom] = [process.cpuUsage(), now, drawn]
  for (let second = 0; second < seconds; second++) {
    await aSecond(eventsAt(second))
    if ((second + 1) % Math.min(600, seconds) !== 0) continue
    const {user, system} = process.cpuUsage(cpu)
    const share = (100 * (user + system)) / 1e6 / (now - from)
    collectGarbage()
    const heap = getHeapStatistics().used_heap_size / 2 ** 20
    const rss = process.memoryUsage.rss() / 2 ** 20
    const kb = (drawn - drawnFrom) / (now - from) / 1000
    console.log(
      `${String(Math.round((second + 1) / 60)).padStart(4)} min  heap ${heap.toFixed(1)} MiB  rss ${rss.toFixed(0)} MiB  ${share.toFixed(2)} % of a core  ${kb.toFixed(1)} kB/s drawn`,
    )
    ;[cpu, from, drawnFrom] = [process.cpuUsage(), now, drawn]
  }
}

await play(`${perSecond} events a second:`, minutes * 60, happens)
// Clients that write nothing are an outage, which is counted in tenths of a second.
load = null
seen = withoutWriters(seen, now * 1e6)
await play('nothing happens:', 600, () => [])
await shown.done()
process.exit()
