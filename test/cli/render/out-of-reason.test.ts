/** What a stranger's run may cost: drawing is bounded by the width of the drawing, reading by the length of the text. */
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {bucketsOf} from '../../../cli/render/buckets.ts'
import {Scale, zooms} from '../../../cli/render/html/scale.ts'
import {lanesOf} from '../../../cli/render/lanes.ts'
import {align, wrap} from '../../../cli/render/layout.ts'
import {masked} from '../../../cli/render/log-lines.ts'
import {answered, noThroughput} from '../../../cli/ui/throughput.ts'
import {emptyView, fold} from '../../../cli/ui/view.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {jepsenHistory} from '../../../lab/judge/jepsen.ts'
import {suggestion} from '../../../lab/words/did-you-mean.ts'
import {inert, paintedLines, printable, printableLines} from '../../../lab/words/printable.ts'
import {toJson} from '../../../lab/words/spelled-json.ts'
import {cleanRun} from '../../lab/checks/history-builder.ts'

describe('times and ranges out of reason', () => {
  const op = cleanRun().find(event => event.kind === 'op')!

  test.each([1e12, 1e15, 1e300, -1e300])('an answer at %d leaves the throughput as long as it may be', at => {
    const so = answered(answered(noThroughput, op), {...op, at})
    expect(so.buckets.length).toBeLessThanOrEqual(300)
  })

  test('a step with a number out of reason is no step', () => {
    const step = {kind: 'step-started', at: 1, index: 1e9, says: 'x'} as unknown as Event
    expect(fold(emptyView, step).steps).toEqual([])
  })

  test.each([
    [0, 1e15],
    [-1e300, 1e300],
    [1e18, 1e18 + 1e6],
  ])('a timeline from %d to %d has as many ticks and slices as its width has room for', (from, to) => {
    for (const zero of [0, from, to, -1e17])
      for (const zoom of zooms) expect(new Scale(from, to).ticks(zero, zoom).length).toBeLessThan(900)
    const events = cleanRun().map(event => ({...event}))
    expect(bucketsOf(historyOf(events), from, to).buckets.length).toBeLessThanOrEqual(401)
    expect(lanesOf(historyOf([...events, {kind: 'note', at: to, says: 'x'}])).hosts).not.toEqual([])
  })

  test('an export refuses to write out a set of thousands of millions of rows', () => {
    const rows = {
      kind: 'final-rows',
      at: 1,
      host: 'node1',
      timeline: 1,
      ranges: [[1, 4e9]],
      duplicates: [],
    } as unknown as Of<'final-rows'>
    expect(() => jepsenHistory(historyOf([rows]))).toThrow(/node1 holds 4000000000 rows/)
  })

  test('a table of more rows than a call has arguments is laid out', () => {
    expect(
      align(
        Array.from({length: 300_000}, (_, nth) => [String(nth)]),
        [0],
      ).at(-1),
    ).toBe('299999')
  })
})

test('numbers in a line are masked as the pattern says that goes back and forth', () => {
  const slow = (says: string) => says.replace(/[0-9a-f]*\d[0-9a-f]*/gi, '#')
  const words = fc
    .array(fc.constantFrom('a', 'F', '0', '9', 'g', ' ', 'é', '-'), {maxLength: 40})
    .map(all => all.join(''))
  fc.assert(
    fc.property(words, says => masked(says) === slow(says)),
    {numRuns: 2000},
  )
})

/** Milliseconds, the least of seven: what a run costs beyond that is the business of a machine that has others to serve. */
function cost(work: () => void): number {
  const runs = Array.from({length: 7}, () => {
    const began = performance.now()
    work()
    return performance.now() - began
  })
  return Math.min(...runs)
}

describe('what is done with a text grows with its length, and not with its square', () => {
  const texts: Readonly<Record<string, (length: number) => string>> = {
    'hex letters': length => 'a'.repeat(length),
    blanks: length => ' '.repeat(length),
    'beginnings of escape sequences': length => '\u001b['.repeat(length / 2),
    'an escape sequence that never ends': length => `\u001b[${'0;'.repeat(length / 2)}`,
    'beginnings of operating system commands': length => '\u001b]'.repeat(length / 2),
    'blanks with control characters': length => ' \t\u0001'.repeat(length / 3),
    'marks of CI systems': length => '##[section_start:'.repeat(length / 17),
    colons: length => ' :'.repeat(length / 2),
  }
  const works: Readonly<Record<string, (text: string) => unknown>> = {
    masked,
    inert,
    printable,
    printableLines,
    paintedLines,
    toJson,
    wrap: text => wrap(text, 80),
    suggestion: text => suggestion(text, ['replica', text.slice(1)]),
  }
  for (const [work, run] of Object.entries(works))
    test.each(Object.keys(texts))(`${work}: %s`, kind => {
      const [short, long] = [15_000, 240_000].map(length => texts[kind]!(length))
      run(short!)
      // Sixteen times as long: linear is 16, a square 256. What takes no time at all has no ratio worth the name.
      const ratio =
        cost(() => run(long!)) /
        Math.max(
          0.3,
          cost(() => run(short!)),
        )
      expect(ratio).toBeLessThan(100)
    })
})
