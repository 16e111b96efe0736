import {expect, test} from 'vitest'
import {renderRepetition, repetitionOnScreen} from '../../../cli/render/repeat-text.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {measureRun} from '../../../lab/judge/measure-run.ts'
import {type Summary, spreadOver, summarise} from '../../../lab/run/repeat.ts'
import {withAskedLimit} from '../../../lab/scenario/asked-limit.ts'
import {mayTakeEtcdLeader} from '../../../lab/scenario/foreseen.ts'
import {loadScenario} from '../../../lab/scenario/index.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {toJson} from '../../../lab/words/spelled-json.ts'
import {cleanRun} from '../checks/history-builder.ts'

const one = measureRun(historyOf(cleanRun()))
const runs = [22.1, 22.3, 23].map((firstWrite, index) => ({
  ...measureRun(historyOf(cleanRun({firstWrite}))),
  folder: `runs/${index + 1}`,
}))
const of = {scenario: 'kill-leader', lab: 'lab', asked: 3, phase: 'random', seed: null} as const

test('the summary has the spread of each phase and of the lease at the fault', () => {
  const {verdict, exitCode, says, metrics, leaseAgeMicros} = summarise(runs, of)
  expect([verdict, exitCode, says]).toEqual(['pass', 0, '3 of 3 runs passed'])
  expect(metrics.total).toMatchObject({n: 3})
  expect(metrics.total!.min / 1e6).toBeCloseTo(22.1, 1)
  expect(metrics.total!.p50 / 1e6).toBeCloseTo(22.3, 1)
  expect(metrics.total!.max / 1e6).toBeCloseTo(23, 1)
  expect(leaseAgeMicros?.p50).toBeCloseTo(400_000, -5)
})

test('one failed run fails the repetition, one inconclusive run makes it inconclusive', () => {
  const with1 = (change: Partial<Summary['runs'][number]>) =>
    summarise([...runs.slice(1), {...runs[0]!, ...change}], of)
  expect(with1({verdict: 'fail', headline: 'two were writable'})).toMatchObject({
    verdict: 'fail',
    exitCode: 1,
    says: '2 of 3 runs passed, 1 failed; first runs/1: two were writable',
  })
  expect(with1({verdict: 'unknown'})).toMatchObject({verdict: 'unknown', exitCode: 4})
})

test('a limit that was asked for is judged in each run and told of all: the longest, and what the worst moment takes', () => {
  const scenario = withAskedLimit(loadScenario('kill-leader'), 22_200)
  const limited = [22.1, 22.3, 22.15].map((firstWrite, index) => {
    const history = historyOf(
      cleanRun({firstWrite, refresh: -0.02}).map(event =>
        event.kind === 'run-started' ? {...event, scenario} : event,
      ),
    )
    return {...measureRun(history), folder: `runs/${index + 1}`, limit: judge(history).limit}
  })
  expect(limited.map(run => [run.verdict === 'fail', run.limit?.from])).toEqual([
    [false, 'asked'],
    [true, 'asked'],
    [false, 'asked'],
  ])
  const summary = summarise(limited, {...of, phase: 'worst'})
  expect([summary.verdict, summary.exitCode]).toEqual(['fail', 1])
  expect(summary.says).toMatch(
    /^\d of 3 runs passed, 1 failed.*; longest 22\.30 of 22\.20 s without writes; the worst moment takes up to .* by the model; first runs\/2: /,
  )
  const text = renderRepetition(summary, {color: false, width: 400})
  expect(text).toContain('longest 22.30 of 22.20 s without writes')
  expect(text).toMatch(/^runs\/2 +FAILED /m)
})

test('runs that were asked for and not played are no pass', () => {
  expect(summarise(runs, {...of, asked: 5})).toMatchObject({
    verdict: 'unknown',
    says: '3 of 5 runs passed, 2 not played',
  })
  expect(summarise([], of).verdict).toBe('unknown')
})

test('what never happened is written as a word, not as the null of what nobody knows', () => {
  const never = {...one, values: {...one.values, total: Number.POSITIVE_INFINITY, election: null}}
  const read = JSON.parse(toJson(summarise([{...never, folder: 'runs/1'}], {...of, asked: 1}))) as Summary
  expect(read.runs[0]?.values).toMatchObject({total: 'Infinity', election: null})
  expect(read.metrics.total?.max).toBe('Infinity')
})

test('on a screen: the verdict is the last line, once, below what to go on with', () => {
  const next = ['evidence: runs', 'pgha-lab report runs/3', 'pgha-lab replay runs/3']
  const lines = repetitionOnScreen(summarise(runs, of), {color: false, width: 100}, next).trimEnd().split('\n')
  expect(lines.slice(-4)).toEqual([...next, 'PASSED kill-leader: 3 of 3 runs passed'])
  expect(lines.filter(line => line.startsWith('PASSED'))).toHaveLength(1)
})

test('as text: the verdict, the phases, and one line a run', () => {
  const text = renderRepetition(summarise(runs, of), {color: false, width: 100})
  expect(text).toMatch(/^PASSED kill-leader: 3 of 3 runs passed\n/)
  expect(text).toContain('at a random moment')
  expect(text).toMatch(/^phase +min +p50 +p95 +max +runs$/m)
  expect(text).toMatch(/^total +22\.1\d s +22\.3\d s +23\.0\d s +23\.0\d s +3$/m)
  expect(text).toMatch(/^lease age at the fault +400 ms/m)
  expect(text).toMatch(/^runs\/3 +passed +\d+ ms +23\.0\d s +0$/m)
  const long = {...runs[0]!, verdict: 'fail' as const, headline: 'a'.repeat(60)}
  expect(renderRepetition(summarise([long], {...of, asked: 1}), {color: true, width: 60, ascii: true})).toMatch(
    /^\u001b\[1;91mFAILED kill-leader\u001b\[0m/,
  )
})

test.each([1, 2, 3, 6, 30])(
  '%i runs have a part of the loop each, by any seed, and by one seed the same moments again',
  times => {
    for (const seed of [1, 2, 3, 77]) {
      const moments = spreadOver(times, seed, false)
      const parts = moments.map(({inLoop}) => Math.floor(inLoop * times)).toSorted((a, b) => a - b)
      expect(parts).toEqual(Array.from({length: times}, (_, part) => part))
      expect(spreadOver(times, seed, false)).toEqual(moments)
      expect(moments.every(one => one.etcdLeader === undefined)).toBe(true)
    }
    expect(spreadOver(30, 1, false)).not.toEqual(spreadOver(30, 2, false))
  },
)

test("where etcd's leader may end with Patroni's it does in every second part of the loop, by the seed in which", () => {
  for (const seed of [1, 2, 3, 77]) {
    const beside = spreadOver(7, seed, true).map(({inLoop, etcdLeader}) => [Math.floor(inLoop * 7), etcdLeader])
    const inOrder = beside.toSorted((a, b) => Number(a[0]) - Number(b[0])).map(([, place]) => place)
    expect(inOrder.every((place, index) => place === inOrder[index % 2])).toBe(true)
    expect(new Set(inOrder)).toEqual(new Set(['beside', 'elsewhere']))
  }
  expect(spreadOver(1, 1, true)[0]).not.toHaveProperty('etcdLeader')
})

test.each([
  ['kill-leader', 'colocated', true],
  ['pause-leader', 'colocated', true],
  ['crash-postgres-failover', 'colocated', false],
  ['switchover', 'colocated', false],
  ['kill-leader', 'single-etcd', false],
  ['kill-leader', 'dedicated-etcd', false],
] as const)("%s on %s may take etcd's leader with Patroni's: %s", (scenario, topology, may) => {
  expect(mayTakeEtcdLeader(loadScenario(scenario), loadTopology({topology}))).toBe(may)
})

test('the runs in which etcd lost its leader too are told apart', () => {
  const died = measureRun(
    historyOf(
      cleanRun({
        etcdLeader: 'node1',
        newTerm: 1.4,
        keyGone: 22.6,
        newKey: 24.5,
        promoted: 24.6,
        up: 24.8,
        firstWrite: 24.9,
        mend: 26,
        rejoined: 31,
        finalReads: 35,
      }),
    ),
  )
  const {withEtcdLeader} = summarise([...runs, {...died, folder: 'runs/4'}], {...of, asked: 4})
  expect(withEtcdLeader).toMatchObject({runs: 1, total: {n: 1}, others: {n: 3}})
  expect(withEtcdLeader.total!.min / 1e6).toBeCloseTo(24.9, 1)
})
