/**
 * Every scenario's expectations can fail. Each has a recorded run that passes; a wrong expectation must fail on that very run,
 * and its own expectations must fail on the run of some other scenario, in which something else happened.
 */
import {describe, expect, test} from 'vitest'
import type {History} from '../../../lab/history/history.ts'
import {type Expected, judge} from '../../../lab/judge/judge.ts'
import {loadScenario, scenarioNames} from '../../../lab/scenario/index.ts'
import {recordedRun} from '../../recorded-runs.ts'

/** What did not happen in the recorded run, though somebody might expect it. */
const wrong: Readonly<Record<string, readonly [check: string, params: object]>> = {
  'add-host': ['no-failover', {}],
  'edit-config': ['no-failover', {}],
  'etcd-defrag': ['promoted', {not: 'old-leader'}],
  'etcd-replace-member': ['promoted', {not: 'old-leader'}],
  'minor-update': ['no-failover', {}],
  'pgbouncer-reload': ['promoted', {not: 'old-leader'}],
  'reinit-replica': ['promoted', {not: 'old-leader'}],
  'remove-host': ['promoted', {not: 'old-leader'}],
  'renew-certificates': ['promoted', {not: 'old-leader'}],
  'crash-postgres': ['promoted', {not: 'old-leader'}],
  'crash-postgres-failover': ['no-failover', {}],
  'disk-full': ['logs-clean', {}],
  'diverged-leader': ['no-lost-writes', {allow: 'none'}],
  'etcd-disk-stalls': ['no-failover', {}],
  'etcd-member-down': ['unavailability', {writes: {'at-least': '5s'}}],
  'etcd-out-of-space': ['unavailability', {writes: {'at-most': '30s'}}],
  'etcd-quorum-lost': ['quorum-kept', {}],
  'etcd-rolling-restart': ['promoted', {not: 'old-leader'}],
  'etcd-quorum-lost-failsafe': ['demoted', {within: '10s'}],
  'flapping-etcd': ['promoted', {not: 'old-leader'}],
  'freeze-patroni': ['one-writable-primary', {}],
  'freeze-vip-holder': ['address-moves', {within: '1s'}],
  'isolate-vip-holder': ['address-moves', {within: '1s'}],
  'kill-backend': ['promoted', {not: 'old-leader'}],
  'kill-etcd-leader': ['promoted', {not: 'old-leader'}],
  'kill-haproxy': ['stale-reads', {'at-least': '5s'}],
  'kill-leader': ['no-failover', {}],
  'kill-cascade-source': ['streams-again', {within: '5s'}],
  'kill-vip-haproxy': ['address-moves', {within: '500ms'}],
  'kill-vip-holder': ['address-moves', {within: '1s'}],
  'kill-pgbouncer': ['unavailability', {writes: {'at-most': '2s'}}],
  'lag-replica': ['unavailability', {writes: {'at-most': '10s'}}],
  'leader-cannot-start': ['no-failover', {}],
  'leader-cut-from-etcd': ['demoted', {within: '1s'}],
  'leader-key-deleted': ['promoted', {not: 'old-leader'}],
  'leader-isolated': ['no-lost-writes', {allow: 'none'}],
  'lose-first-site': ['unavailability', {writes: {'at-most': '5s'}}],
  'lossy-leader': ['promoted', {not: 'old-leader'}],
  'maintenance-mode': ['unavailability', {writes: {'at-most': '10s'}}],
  'nofailover-tag': ['promoted', {is: 'tagged'}],
  'one-way-cut': ['promoted', {not: 'old-leader'}],
  'orphaned-primary': ['one-writable-primary', {}],
  'pause-leader': ['no-failover', {}],
  'pause-replay': ['nobody-promoted', {for: '10s'}],
  'pooler-login-retry': ['unavailability', {writes: {'at-most': '8s'}}],
  'pinned-sessions': ['no-failover', {}],
  'permanent-slots': ['no-failover', {}],
  'promoted-by-hand': ['one-writable-primary', {}],
  'replica-cannot-start': ['promoted', {not: 'old-leader'}],
  'replication-cut': ['promoted', {not: 'old-leader'}],
  'replica-startup-frozen': ['unavailability', {writes: {'at-most': '30s'}}],
  'restart-patroni': ['two-writable-primaries', {}],
  'rolling-restart': ['promoted', {not: 'old-leader'}],
  'slow-etcd-disk': ['promoted', {not: 'old-leader'}],
  'stale-replica': ['stale-reads', {'at-most': '5s'}],
  'stop-leader': ['rejoined', {within: '2m', how: 'pg_rewind'}],
  'strict-no-standby': ['unavailability', {writes: {'at-most': '5s'}}],
  switchover: ['errors', {allow: {'25006': '5s'}}],
  'sync-failover': ['promoted', {not: 'sync-standby'}],
  'two-hosts-die': ['quorum-kept', {}],
  'watchdog-resets': ['fenced', {margin: '60s'}],
}

const runs = new Map(scenarioNames().map(name => [name, recordedRun(`${name}.pass.ndjson.gz`)]))
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
