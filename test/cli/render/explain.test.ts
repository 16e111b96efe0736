import {expect, test} from 'vitest'
import {explain} from '../../../cli/render/explain.ts'
import {sayEvidence} from '../../../cli/render/say-event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {sayLsn} from '../../../lab/words/lsn.ts'
import {cleanRun, quickRun, withRows} from '../../lab/checks/history-builder.ts'
import {recorded, recordedNames} from './recorded.ts'

const late = judge(
  historyOf(cleanRun({promoted: quickRun.newKey + 9, up: quickRun.newKey + 9, firstWrite: quickRun.newKey + 9.2})),
)
const lost = judge(historyOf(withRows(cleanRun(), rows => rows.delete(10))))
const reports = recordedNames.map(name => judge(recorded(name)))
const failed = (report: typeof late) => report.findings.find(finding => finding.verdict === 'fail')!

test('a failure says what was expected, what was seen, and what to try', () => {
  const {expected, seen, hint} = explain(failed(lost), lost)
  expect(expected).toMatch(/^no-lost-writes allow async-tail: No acknowledged write is lost/)
  expect(seen).toMatch(/1 lost/)
  expect(hint).toMatch(/events\.ndjson/)
})

test('at most three events prove it, in the order of time, and the rest is counted', () => {
  for (const report of [late, lost, ...reports])
    for (const finding of report.findings) {
      const {proof, more} = explain(finding, report)
      expect(proof.length).toBeLessThanOrEqual(3)
      expect(proof.length + more).toBe(finding.evidence?.length ?? 0)
      expect(proof.map(one => one.at)).toEqual(proof.map(one => one.at).toSorted((a, b) => a - b))
      expect(proof.every(one => one.says !== '')).toBe(true)
    }
})

test('the event of the phase that failed is among the three', () => {
  const finding = failed(late)
  const row = finding.phases!.find(phase => phase.verdict === 'fail' && phase.measured !== null)!
  const {proof} = explain(finding, late)
  expect(proof.map(one => one.at)).toContain(late.faults[0]!.at + row.measured!)
  expect(proof[0]!.at).toBe(late.faults[0]!.at)
})

test('what did not pass always says what to try', () => {
  for (const report of [late, lost, ...reports])
    for (const finding of report.findings)
      for (const verdict of ['fail', 'unknown'] as const)
        expect(explain({...finding, verdict}, report).hint).not.toBe('')
})

test('every event of every recorded run can be told in words on one line', () => {
  for (const name of recordedNames)
    expect(recorded(name).events.filter(event => !/^\S.*\S$/.test(sayEvidence(event)))).toEqual([])
})

test('a position in the WAL is written as PostgreSQL writes it', () => {
  expect(sayLsn(0x20ea3f8)).toBe('0/20EA3F8')
  expect(sayLsn(3 * 2 ** 32 + 0xabc)).toBe('3/ABC')
})
