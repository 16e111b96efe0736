/**
 * Every scenario's expectations can fail. Each has a recorded run that passes; a wrong expectation must fail on that very run,
 * and its own expectations must fail on the run of some other scenario, in which something else happened.
 */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import type {History} from '../../../lab/history/history.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {type Expected, judge} from '../../../lab/judge/judge.ts'
import {loadScenario, scenarioNames} from '../../../lab/scenario/index.ts'

/** What did not happen in the recorded run, though somebody might expect it. */
const wrong: Readonly<Record<string, readonly [check: string, params: object]>> = {
  'crash-postgres': ['promoted', {not: 'old-leader'}],
  'crash-postgres-failover': ['no-failover', {}],
  'disk-full': ['logs-clean', {}],
  'diverged-leader': ['no-lost-writes', {allow: 'none'}],
  'etcd-member-down': ['unavailability', {writes: {'at-least': '5s'}}],
  'etcd-quorum-lost': ['unavailability', {writes: {'at-most': '5s'}}],
  'etcd-quorum-lost-failsafe': ['demoted', {within: '10s'}],
  'freeze-patroni': ['one-writable-primary', {}],
  'kill-backend': ['promoted', {not: 'old-leader'}],
  'kill-etcd-leader': ['promoted', {not: 'old-leader'}],
  'kill-haproxy': ['unavailability', {writes: {'at-most': '2s'}}],
  'kill-leader': ['no-failover', {}],
  'lag-replica': ['unavailability', {writes: {'at-most': '10s'}}],
  'leader-cut-from-etcd': ['demoted', {within: '1s'}],
  'leader-isolated': ['no-lost-writes', {allow: 'none'}],
  'maintenance-mode': ['unavailability', {writes: {'at-most': '10s'}}],
  'nofailover-tag': ['promoted', {is: 'tagged'}],
  'one-way-cut': ['promoted', {not: 'old-leader'}],
  'orphaned-primary': ['one-writable-primary', {}],
  'pause-leader': ['no-failover', {}],
  'pause-replay': ['nobody-promoted', {for: '10s'}],
  'replication-cut': ['promoted', {not: 'old-leader'}],
  'restart-patroni': ['two-writable-primaries', {}],
  'rolling-restart': ['promoted', {not: 'old-leader'}],
  'stop-leader': ['rejoined', {within: '2m', how: 'pg_rewind'}],
  'strict-no-standby': ['unavailability', {writes: {'at-most': '5s'}}],
  switchover: ['promoted', {not: 'handover'}],
  'sync-failover': ['promoted', {not: 'sync-standby'}],
  'watchdog-resets': ['fenced', {margin: '60s'}],
}

function recorded(scenario: string): History {
  const file = join(import.meta.dirname, '..', '..', 'histories', `${scenario}.pass.ndjson.gz`)
  return parseHistory(gunzipSync(readFileSync(file)).toString())
}

const runs = new Map(scenarioNames().map(name => [name, recorded(name)]))
const verdict = (history: History, expectations: readonly Expected[]) => judge(history, expectations).verdict

describe.each(scenarioNames())('%s', name => {
  const own = loadScenario(name).expect

  test('passes on its recorded run, by its file as it is today', () => {
    const report = judge(runs.get(name)!, own)
    expect(report.findings.map(one => [one.expectation, one.verdict, one.says])).toEqual(
      report.findings.map(one => [one.expectation, 'pass', one.says]),
    )
    expect(report.verdict).toBe('pass')
  })

  test('a wrong expectation fails on the same run', () => {
    const [check, params] = wrong[name] ?? ['', {}]
    const report = judge(runs.get(name)!, [{check, params}])
    expect([report.verdict, report.headline]).toEqual(['fail', report.headline])
  })

  test('its expectations fail where something else happened', () => {
    const failing = [...runs].filter(([other, history]) => other !== name && verdict(history, own) === 'fail')
    expect(failing.length).toBeGreaterThan(0)
  })
})
