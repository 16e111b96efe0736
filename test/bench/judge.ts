/**
 * How long it takes to judge a history of a million events with every check there is:
 *
 *     node test/bench/judge.ts [events, 1000000] [rounds, 3]
 *
 * The history is a clean kill-leader run by hand, drawn out: 200 writes/s and 40 reads/s for as long as it takes, every server
 * asked ten times a second, and a bank. Each round judges a copy of it, so that nothing is left over
 * from the round before. Fails when the median is above the target.
 */
import {checks} from '../../lab/checks/index.ts'
import {historyOf} from '../../lab/history.ts'
import {judge} from '../../lab/judge.ts'
import {cleanRun, quickRun} from '../lab/checks/history-builder.ts'
import {spread} from './spread.ts'

const targetSeconds = 3
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
  unavailability: {writes: {'at-most': '30s'}, reads: {'at-most': '30s'}},
}
const expectations = Object.keys(checks).map(check => ({check, params: params[check] ?? {}}))

/** What 200 writes, 40 reads and 20 transfers and audits a second make, with the samples of all probes: as many events a second. */
const perSecond = 290
const shape = {...quickRun, writers: 8, writesPerSecond: 200, readsPerSecond: 40, bankPerSecond: 20}

const made = cleanRun({...shape, finalReads: events / perSecond})
console.log(`${made.length} events, ${expectations.length} checks`)

const whole: Taken[] = []
for (let round = 0; round < rounds; round++) {
  const history = historyOf([...made])
  whole.push(timed(() => judge(history, expectations)))
}
// One by one, each on an index of its own: what a scenario with this check alone would take.
const alone = expectations.map(one => {
  const history = historyOf([...made])
  return {check: one.check, ...timed(() => judge(history, [one]))}
})
for (const {check, wall, cpu} of alone.toSorted((a, b) => b.cpu - a.cpu))
  console.log(`${check.padEnd(24)} ${wall.toFixed(2)} s, of which the CPU worked ${cpu.toFixed(2)} s`)
const walls = whole.map(one => one.wall)
const cpus = whole.map(one => one.cpu)
console.log(`all checks and the story: ${spread(walls, 's')}; CPU ${spread(cpus, 's')}; target ${targetSeconds} s`)
// A machine that is busy with something else stretches the wall's time, not the work.
process.exitCode = Math.min(median(walls), median(cpus)) <= targetSeconds ? 0 : 1

interface Taken {
  readonly wall: number
  readonly cpu: number
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

function timed(work: () => unknown): Taken {
  const began = performance.now()
  const before = process.cpuUsage()
  work()
  const {user, system} = process.cpuUsage(before)
  return {wall: (performance.now() - began) / 1000, cpu: (user + system) / 1e6}
}
