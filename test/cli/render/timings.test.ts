import {join} from 'node:path'
import {expect, test} from 'vitest'
import {renderMedianTimings, renderTimings} from '../../../cli/render/timings.ts'
import {loadHistory} from '../../../lab/history/read-events.ts'
import {medianTimings, type Timings, timedParts, timingsOf} from '../../../lab/history/timings.ts'

const plain = {color: false, width: 80}
const folder = join(import.meta.dirname, '..', '..', 'histories')

test('a recorded run: each part, what it was made of, and a total', async () => {
  const history = await loadHistory(join(folder, 'kill-leader-imported.pass.ndjson.gz'))
  expect(renderTimings(timingsOf(history), plain)).toBe(
    [
      '   took    share  where the time went',
      ' 338 ms    0.8 %  set-up',
      ' 299 ms    0.7 %  leftovers of earlier runs',
      ' 1.72 s    3.9 %  healthy, clients ready',
      ' 567 ms    1.3 %  steady state',
      ' 1.45 s    3.3 %  before the break',
      ' 1.45 s             crash: kill host on leader',
      ' 230 ms    0.5 %  injection -> effect',
      ' 230 ms             crash: kill host on leader',
      '25.45 s   57.4 %  failover, inherent',
      '25.45 s             crash: kill host on leader: writes again 25.68 s after it',
      ' 4.92 s   11.1 %  waits',
      ' 104 ms             until new-leader',
      ' 4.82 s             until rejoined',
      ' 7.29 s   16.4 %  holds',
      ' 4.23 s             hold 2 s, 2 times',
      ' 3.07 s             hold 3 s',
      ' 951 ms    2.1 %  mending',
      ' 938 ms             heal crash',
      '  13 ms             whatever else was in force',
      ' 263 ms    0.6 %  recovery',
      ' 852 ms    1.9 %  final reads',
      '   1 ms    0.0 %  between the steps',
      '44.33 s  100.0 %  total',
      '',
    ].join('\n'),
  )
})

const all: Timings = {
  totalMicros: timedParts.length * 1e6,
  parts: timedParts.map(part => ({part, micros: 1e6, of: [{says: `of ${part} \u001b[31m`, micros: 1e6}]})),
}

test('several runs: a line a part, and that medians need not add up', () => {
  const lines = renderMedianTimings(medianTimings([all, all, all]), plain).split('\n')
  expect(lines[0]).toBe('   took    share  where the time went, median of 3 runs')
  expect(lines).toHaveLength(timedParts.length + 4)
  expect(lines.at(-3)).toBe('16.00 s  100.0 %  total')
  expect(lines.at(-2)).toBe('    each the median of its own: they need not add up to that of the whole')
})

test('every part has a name of its own, lines keep to the width, and words of others are printable', () => {
  const lines = renderTimings(all, {color: false, width: 40}).split('\n')
  expect(new Set(lines.filter(line => line.includes('%'))).size).toBe(timedParts.length + 1)
  expect(lines.every(line => line.length <= 40 && !line.includes('\u001b'))).toBe(true)
})
