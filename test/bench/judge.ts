/**
 * How long it takes to judge a recorded history of a million events, from the file to the report, by the expectations of kill-leader
 * and by every check there is:
 *
 *     node test/bench/judge.ts [events, 1000000] [rounds, 3]
 *
 * The history is that of `long-record.ts`; what a process of the command line takes for it, `judge-memory.ts` measures. The yardstick for a machine is how long it takes to parse the same lines and do nothing else.
 */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setFlagsFromString} from 'node:v8'
import {runInNewContext} from 'node:vm'
import {checks} from '../../lab/checks/index.ts'
import type {Event} from '../../lab/history/event.ts'
import type {History} from '../../lab/history/history.ts'
import {loadHistory} from '../../lab/history/read-events.ts'
import {judge} from '../../lab/judge/judge.ts'
import {loadScenario} from '../../lab/scenario/index.ts'
import {recordLong} from './long-record.ts'
import {spread} from './spread.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const targetSeconds = 1.5
const [events = 1_000_000, rounds = 3] = process.argv.slice(2).map(Number)

/** Every check once, with parameters where it cannot do without. */
const params: Readonly<Record<string, unknown>> = {
  'clients-reconnect': {within: '10s'},
  'no-lost-writes': {allow: 'async-tail'},
  rejoined: {within: '2m'},
  recovered: {within: '2m'},
  'nobody-promoted': {for: '10s'},
  promoted: {is: 'node2'},
  demoted: {within: '10s'},
  'stale-reads': {'at-most': '5s'},
  errors: {allow: {others: '60s'}},
  unavailability: {writes: {'at-most': '30s'}, reads: {'at-most': '30s'}},
}
const expectations = Object.keys(checks).map(check => ({check, params: params[check] ?? {}}))

const killLeader = loadScenario('kill-leader').expect

const folder = mkdtempSync(join(tmpdir(), 'pgha-judge-'))
const file = join(folder, 'events.ndjson')
try {
  console.log(`${recordLong(file, events)} events, ${expectations.length} checks`)
  const parsing: Taken[] = []
  const loading: Taken[] = []
  const every: Taken[] = []
  const owned: Taken[] = []
  const held: number[] = []
  for (let round = 0; round < rounds; round++) {
    parsing.push(await timed(parseOnly))
    every.push(await timed(async () => judge(await loadHistory(file), expectations)))
    if (round === 0) await oneByOne(await loadHistory(file))
    let history: History | undefined
    const before = heapMegabytes()
    loading.push(
      await timed(async () => {
        history = await loadHistory(file)
      }),
    )
    held.push(heapMegabytes() - before)
    const judging = await timed(() => judge(history!, killLeader))
    owned.push(sum(loading.at(-1)!, judging))
  }
  print('parsing its lines alone', parsing)
  print('loading the history', loading)
  print("from the file to the report, kill-leader's expectations", owned)
  print('from the file to the report, every check', every)
  console.log(`${'the history in memory, its index included'.padEnd(56)} ${spread(held, 'MB', 0)}`)
  console.log(
    `target ${targetSeconds} s for kill-leader's; in CPU time of parsing alone: ${inParsings(owned).toFixed(2)}`,
  )
  // A machine that is busy with something else stretches the wall's time, not the work.
  const best = Math.min(median(owned.map(one => one.wall)), median(owned.map(one => one.cpu)))
  process.exitCode = best <= targetSeconds ? 0 : 1

  function inParsings(taken: readonly Taken[]): number {
    return median(taken.map(one => one.cpu)) / median(parsing.map(one => one.cpu))
  }
} finally {
  rmSync(folder, {recursive: true})
}

/** Each on an index of its own: what a scenario with this check alone would take. */
async function oneByOne(history: History): Promise<void> {
  for (const one of expectations)
    console.log(`${one.check.padEnd(24)} ${say(await timed(() => judge({events: [...history.events]}, [one])))}`)
}

function print(what: string, taken: readonly Taken[]): void {
  const [wall, cpu] = [taken.map(one => one.wall), taken.map(one => one.cpu)]
  console.log(`${what.padEnd(56)} ${spread(wall, 's')}; CPU ${spread(cpu, 's')}`)
}

function parseOnly(): number {
  let last = 0
  for (const line of readFileSync(file, 'utf8').split('\n')) if (line !== '') last = (JSON.parse(line) as Event).at
  return last
}

function say({wall, cpu}: Taken): string {
  return `${wall.toFixed(2)} s, of which the CPU worked ${cpu.toFixed(2)} s`
}

function sum(a: Taken, b: Taken): Taken {
  return {wall: a.wall + b.wall, cpu: a.cpu + b.cpu}
}

interface Taken {
  readonly wall: number
  readonly cpu: number
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

function heapMegabytes(): number {
  collectGarbage()
  const {heapUsed, external} = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}

async function timed(work: () => unknown): Promise<Taken> {
  collectGarbage() // what an earlier round left is not this one's work
  const began = performance.now()
  const before = process.cpuUsage()
  await work()
  const {user, system} = process.cpuUsage(before)
  return {wall: (performance.now() - began) / 1000, cpu: (user + system) / 1e6}
}
