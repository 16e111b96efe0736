import {expect, test} from 'vitest'
import {renderSummary} from '../../../cli/render/summary.ts'
import {recordedFiles, recordedReport} from '../../recorded-runs.ts'

const next = ['pgha-lab report latest', 'pgha-lab replay latest']
const plain = {color: false, width: 80}

test.each(recordedFiles)('%s: what remains on a terminal of 80x24 answers', name => {
  const one = recordedReport(name)
  const lines = renderSummary(one, plain, next).trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(23)
  expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80)
  const verdict = lines.findLastIndex(line => /^(PASSED|FAILED|INCONCLUSIVE) /.test(line))
  expect(lines.length - verdict).toBeLessThanOrEqual(4)
  expect(lines.slice(0, verdict).slice(-2)).toEqual(next)
  if (one.limit !== null) expect(lines[verdict]).toContain(one.limit.says.slice(0, 12))
})

test('what did not pass stands there with its reason, and the phases with what they took', () => {
  const text = renderSummary(recordedReport('kill-leader-never-marked-down.fail.ndjson.gz'), plain, next)
  expect(text).toMatch(/^✘ FAILED +HAProxy: old server down/m)
  expect(text).toMatch(/^✘ FAILED {2}failover/m)
  expect(text).toMatch(/^\d+ of \d+ expectations passed$/m)
})

test('a phase that lies near another is told in full, for which the model goes where both do not fit', () => {
  const text = renderSummary(recordedReport('kill-leader.pass.ndjson.gz'), plain, next)
  expect(text).toMatch(/first acknowledged write .*at most \d+ ms apart$/m)
  expect(text).not.toContain('...\n')
})

test('what somebody else did in the run stands there as far as there is room', () => {
  const text = renderSummary(recordedReport('nothing-happens-key-deleted.unknown.ndjson.gz'), plain, next)
  expect(text).toMatch(/somebody deleted the leader key of node2 at 9\.06 s/)
})
