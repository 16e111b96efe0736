import {describe, expect, test} from 'vitest'
import {renderComparison} from '../../../cli/render/compare-text.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {compare} from '../../../lab/judge/compare.ts'
import {measureRun} from '../../../lab/judge/measure-run.ts'
import {cleanRun} from '../../lab/checks/history-builder.ts'
import {recorded} from './recorded.ts'

const runs = (...firstWrites: number[]) => firstWrites.map(firstWrite => measureRun(historyOf(cleanRun({firstWrite}))))
const [before, after] = [runs(22.1, 22.2, 22.3, 22.4), runs(23.1, 23.2, 23.3, 23.4)]
const plain = {color: false, width: 100}

describe('a comparison as text', () => {
  test('begins with the answer, and marks the metric that was judged', () => {
    const text = renderComparison(compare(before, after, {tolerance: 0.02, judged: []}), plain)
    expect(text).toMatch(/^SLOWER kill-leader: total: 1\.0\d s more \(worse\), 95 % interval \+/)
    expect(text).toMatch(
      /^\* +total +4\/4 +22\.2\d s +22\.4\d s +23\.2\d s +23\.4\d s +\+1\.0\d s +\+4\.\d %.* 0\.0286$/m,
    )
    expect(text).toMatch(/^ +election /m)
    expect(text).toContain('4 runs in the base, 4 in the head')
  })

  test('says of a phase that nobody measured the most that it took, as the report does', () => {
    const early = measureRun(recorded('there-and-back.pass'))
    const text = renderComparison(compare([early], [early], {tolerance: 0, judged: []}), plain)
    expect(text).toMatch(/^ +first-write +1\/1 +at most 388 ms +at most 388 ms +at most 388 ms +at most 388 ms$/m)
    expect(text).not.toMatch(/first-write .* 0 ms/)
  })

  test('has an answer of its own for too few runs and for no slowdown', () => {
    expect(renderComparison(compare(before.slice(2), after, {tolerance: 0, judged: []}), plain)).toMatch(
      /^TOO FEW RUNS kill-leader: total: 2 and 4 runs are too few to tell/,
    )
    expect(renderComparison(compare(before, before, {tolerance: 0, judged: []}), plain)).toMatch(/^NOT SLOWER /)
  })

  test('names every run that was left out, and why', () => {
    const [first, ...rest] = after
    const text = renderComparison(
      compare(before, [{...first!, unfit: 'the run ended early'}, ...rest], {tolerance: 0, judged: []}),
      plain,
    )
    expect(text).toContain('not counted in the head')
    expect(text).toContain('the run ended early')
    const late = {...first!, values: {...first!.values, total: null}, doubts: ['The machine was starved.']}
    expect(renderComparison(compare(before, [late, ...rest], {tolerance: 0, judged: []}), plain)).toMatch(
      /not counted in the head for total: .*The machine was starved\./,
    )
  })

  test('keeps its sentences within the width, its colours to a terminal, and to ASCII where asked', () => {
    const comparison = compare(before, after, {tolerance: 0.02, judged: []})
    const narrow = renderComparison(comparison, {...plain, width: 60})
    const [answer = '', , , notes = ''] = narrow.split('\n\n')
    for (const line of [...answer.split('\n'), ...notes.split('\n')]) expect(line.length).toBeLessThanOrEqual(60)
    expect(narrow).not.toContain('\u001b')
    expect(renderComparison(comparison, {color: true, width: 100, ascii: true})).toMatch(/^\u001b\[1;91mSLOWER/)
  })
})
