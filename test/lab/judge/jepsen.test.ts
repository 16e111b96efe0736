import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Event, Of} from '../../../lab/history/event.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {jepsenHistory} from '../../../lab/judge/jepsen.ts'
import {recordedFiles, recordedRun} from '../../recorded-runs.ts'
import {cleanRun} from '../checks/history-builder.ts'
import {type Edn, readEdn} from './edn-reader.ts'

type Op = Map<Edn, Edn>
const opsOf = (history: History): Op[] => jepsenHistory(history).map(line => readEdn(line) as Op)

describe.each(recordedFiles)('%s', file => {
  const history = recordedRun(file)
  const ops = opsOf(history)

  test('becomes EDN maps with the keys that Jepsen demands, in the order of time', () => {
    expect(ops.length).toBeGreaterThan(100)
    const demanded = [':type', ':process', ':f', ':value', ':time', ':index']
    expect(ops.filter(op => !demanded.every(key => op.has(key)))).toEqual([])
    expect(ops.filter(op => ![':invoke', ':ok', ':fail', ':info'].includes(String(op.get(':type'))))).toEqual([])
    expect(ops.map(op => op.get(':index'))).toEqual(ops.map((_, index) => index))
    const times = ops.map(op => op.get(':time') as number)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  test('keeps the rules of processes', () => expect(brokenRules(ops)).toEqual([]))

  test('loses no operation and no outcome', () => {
    const told = of(history, 'op')
    const ends = ops.filter(
      op => op.get(':process') !== ':nemesis' && op.get(':type') !== ':invoke' && op.get(':f') !== ':read',
    )
    expect(tally(ends.map(op => `${String(op.get(':f'))} ${String(op.get(':type'))}`))).toEqual(
      tally(
        told.map(
          op => `${op.op === 'write' ? ':add' : ':newest'} ${{ok: ':ok', fail: ':fail', unknown: ':info'}[op.outcome]}`,
        ),
      ),
    )
  })
})

test("jepsen.checker/set's own arithmetic finds in it what our check finds: nothing lost, nothing unexpected", () => {
  const ops = opsOf(historyOf(cleanRun()))
  expect(setChecker(ops)).toEqual({lost: [], unexpected: []})
})

test('a read says the newest row that it saw', () => {
  const history = historyOf(cleanRun({readsPerSecond: 20}))
  const answers = opsOf(history).filter(op => op.get(':f') === ':newest' && op.get(':type') === ':ok')
  const seen = of(history, 'op').flatMap(op => (op.op === 'read' && op.outcome === 'ok' ? (op.seen ?? null) : []))
  expect(answers.map(op => op.get(':value'))).toEqual(seen)
  expect(seen.some(value => value !== null)).toBe(true)
})

test('a write that is lost here is lost there', () => {
  const events = cleanRun()
  const lost = (events.find(event => event.kind === 'op' && event.outcome === 'ok') as Of<'op'>).id
  const without = events.map(event =>
    event.kind === 'final-rows'
      ? {
          ...event,
          ranges: event.ranges.flatMap(([from, to]): [number, number][] =>
            lost < from || lost > to
              ? [[from, to]]
              : [
                  ...(lost > from ? [[from, lost - 1] as [number, number]] : []),
                  ...(lost < to ? [[lost + 1, to] as [number, number]] : []),
                ],
          ),
        }
      : event,
  )
  expect(setChecker(opsOf(historyOf(without)))).toEqual({lost: [lost], unexpected: []})
})

test('a fault and its mend are nemesis operations, each begun and completed as :info', () => {
  const nemesis = opsOf(historyOf(cleanRun())).filter(op => op.get(':process') === ':nemesis')
  expect(nemesis.map(op => [op.get(':type'), op.get(':f')])).toEqual([
    [':info', ':start'],
    [':info', ':start'],
    [':info', ':stop'],
    [':info', ':stop'],
  ])
})

test('a row that is there twice is read twice', () => {
  const final: Event = {at: 9, kind: 'final-rows', host: 'node1', timeline: 2, ranges: [[1, 3]], duplicates: [2]}
  const [, read] = opsOf(historyOf([final]))
  expect(read?.get(':value')).toEqual([1, 2, 3, 2])
})

test('whatever servers say, it stays well-formed and says the same', () => {
  fc.assert(
    fc.property(fc.string({unit: 'binary'}), error => {
      const event: Event = {...op('w1', 1, 0, 5, 'fail'), sqlstate: 'XX000', error}
      const end = opsOf(historyOf([event])).at(-1)!
      const [, said] = end.get(':error') as [Edn, {string: string}]
      expect(said.string).toBe(error.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, ' '))
    }),
  )
})

test('any operations at all, also overlapping ones of one client, keep the rules of processes', () => {
  const operation = fc.record({
    client: fc.constantFrom('w1', 'w2', 'r1'),
    sentAt: fc.integer({min: 0, max: 40}),
    took: fc.integer({min: 0, max: 10}),
    outcome: fc.constantFrom('ok' as const, 'fail' as const, 'unknown' as const),
  })
  fc.assert(
    fc.property(fc.array(operation, {maxLength: 40}), operations => {
      const events = operations.map(({client, sentAt, took, outcome}, id) =>
        op(client, id, sentAt, sentAt + took, outcome),
      )
      const ops = opsOf(historyOf(events))
      expect(ops).toHaveLength(events.length * 2)
      expect(brokenRules(ops)).toEqual([])
    }),
    {numRuns: 500},
  )
})

test('the reader of these tests refuses what is no EDN', () => {
  for (const bad of ['{:a}', '{:a 1', '[1 2', '"a\\x"', '{:a 1} 2', '{:a 1, :a 2}', '01', 'undefined', '"a\nb"'])
    expect(() => readEdn(bad), bad).toThrow(SyntaxError)
})

function op(client: string, id: number, sentAt: number, at: number, outcome: Of<'op'>['outcome']): Of<'op'> & Event {
  return {
    ...{at, kind: 'op', client, op: client.startsWith('w') ? 'write' : 'read', id, sentAt, outcome},
    ...{server: null, timeline: null, lsn: null, sqlstate: null, error: null},
  }
}

/** jepsen.history's README: single-threaded processes; whoever ended in :info never invokes again; clients have integers. */
function brokenRules(ops: readonly Op[]): string[] {
  const open = new Map<Edn, Op>()
  const crashed = new Set<Edn>()
  const broken: string[] = []
  for (const op of ops) {
    const process = op.get(':process')!
    if (process === ':nemesis') continue
    const index = String(op.get(':index'))
    if (typeof process !== 'number') broken.push(`${index}: a client has no integer`)
    if (op.get(':type') === ':invoke') {
      if (open.has(process)) broken.push(`${index}: process ${String(process)} does two things at once`)
      if (crashed.has(process)) broken.push(`${index}: process ${String(process)} has crashed`)
      open.set(process, op)
      continue
    }
    const begun = open.get(process)
    if (begun === undefined) broken.push(`${index}: completes what nobody invoked`)
    if (begun?.get(':f') !== op.get(':f')) broken.push(`${index}: completes something else`)
    if (op.get(':f') === ':add' && begun?.get(':value') !== op.get(':value')) broken.push(`${index}: another value`)
    open.delete(process)
    if (op.get(':type') === ':info') crashed.add(process)
  }
  return broken
}

/** The definitions of jepsen.checker/set: the last read that was answered, against what was added and attempted. */
function setChecker(ops: readonly Op[]) {
  const values = (type: string) =>
    ops.filter(op => op.get(':f') === ':add' && op.get(':type') === type).map(op => op.get(':value') as number)
  const read = ops.findLast(op => op.get(':f') === ':read' && op.get(':type') === ':ok')!.get(':value') as number[]
  const [rows, attempts] = [new Set(read), new Set(values(':invoke'))]
  return {
    lost: values(':ok').filter(id => !rows.has(id)),
    unexpected: [...rows].filter(id => !attempts.has(id)),
  }
}

function tally(words: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(words, word => word)]
      .map(([word, all]) => [word, all.length] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}
