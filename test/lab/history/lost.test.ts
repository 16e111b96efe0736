/** A fault that somebody else ended, shown by the record alone: recorded runs, edited as if somebody had. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf, of} from '../../../lab/history/history.ts'
import {lostOf} from '../../../lab/history/lost.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {judge} from '../../../lab/judge/judge.ts'

const folder = join(import.meta.dirname, '..', '..', 'histories')

function recorded(name: string) {
  const history = parseHistory(gunzipSync(readFileSync(join(folder, `${name}.ndjson.gz`))).toString())
  const [fault] = of(history, 'fault-injecting')
  return {history, fault: fault!, host: fault!.hosts[0]!}
}

function edited(name: string, edit: (fault: Of<'fault-injecting'>, host: string) => readonly Event[]) {
  const {history, fault, host} = recorded(name)
  return historyOf([...history.events, ...edit(fault, host)])
}

const started = (action: string) => (fault: Of<'fault-injecting'>, host: string) => [
  {at: fault.at + 1_000_000, kind: 'container' as const, host, action, exitCode: null},
]

test.each([
  [
    'kill-leader.pass',
    'start',
    /^crash was lost 1\.00 s after it came, before its mend: node1 was started, and not by a/,
  ],
  ['kill-leader-never-marked-down.fail', 'start', /^crash was lost .*: node3 was started, and not by a mend/],
  [
    'pause-leader.pass',
    'unpause',
    /^freeze was lost 1\.00 s after it came, before its mend: node1 was unpaused, and not/,
  ],
  ['stop-leader.pass', 'start', /^shutdown was lost .*: node1 was started/],
])('%s, and somebody did `docker %s` a second after: inconclusive, nobody is blamed', (name, action, says) => {
  const offset = name.startsWith('stop') ? 4_500_000 : 1_000_000
  const history = edited(name, (fault, host) => started(action)({...fault, at: fault.at + offset - 1_000_000}, host))
  const {verdict, reasons, headline, findings} = judge(history)
  expect(verdict).toBe('unknown')
  expect(reasons[0]).toMatch(says)
  expect(headline).toBe(reasons[0])
  expect(findings.filter(one => one.verdict === 'fail')).toEqual([])
})

describe('what only its end brings about', () => {
  test('writes acknowledged by a host that is cut off from everybody', () => {
    const history = edited('leader-isolated.pass', (fault, host) => {
      const [last] = of(recorded('leader-isolated.pass').history, 'op').filter(
        one => one.outcome === 'ok' && one.op === 'write',
      )
      const at = fault.at + 3_000_000
      return [{...last!, at: at + 5000, sentAt: at, server: host, id: 1_000_000}]
    })
    expect(lostOf(history)).toMatchObject([
      {id: 'island', host: 'node1', says: expect.stringMatching(/cut off, answered a write/)},
    ])
    expect(judge(history).verdict).not.toBe('pass')
  })

  test('Patroni answers on a host where it is held down', () => {
    const history = edited('orphaned-primary.pass', (fault, host) => {
      const [one] = of(recorded('orphaned-primary.pass').history, 'patroni').filter(
        each => each.host === host && each.code !== null,
      )
      return [{...one!, at: fault.at + 10_000_000}]
    })
    expect(lostOf(history)).toMatchObject([
      {id: 'orphan', says: expect.stringMatching(/^Patroni of node\d answered again$/)},
    ])
    expect(judge(history).verdict).toBe('unknown')
  })

  test('PostgreSQL answers on a host that is dead', () => {
    const history = edited('kill-leader.pass', (fault, host) => {
      const one = of(recorded('kill-leader.pass').history, 'postgres').find(each => each.host === host && each.up)!
      return [{...one, askedAt: fault.at + 5_000_000, at: fault.at + 5_001_000}]
    })
    expect(lostOf(history)).toMatchObject([{says: 'PostgreSQL of node1 answered again'}])
  })

  test('a host where a service was held down was restarted, by no watchdog of its', () => {
    const {history, fault, host} = recorded('watchdog-resets.pass')
    expect(lostOf(history)).toEqual([])
    const withoutWatchdog = historyOf(history.events.filter(one => one.kind !== 'watchdog'))
    expect(lostOf(withoutWatchdog)).toMatchObject([
      {id: fault.id, host, says: expect.stringContaining('was restarted')},
    ])
  })
})

test('a fault that is put in force again after a restart is not lost', () => {
  const {history, fault, host} = recorded('kill-etcd-leader.pass')
  const boot = fault.at + 3_000_000
  const restarted = [...history.events, {at: boot, kind: 'container', host, action: 'start', exitCode: null} as const]
  expect(lostOf(historyOf(restarted))).toMatchObject([{id: fault.id}])
  const again = {at: boot + 900_000, kind: 'fault-again', id: fault.id, host} as const
  expect(lostOf(historyOf([...restarted, again]))).toEqual([])
})

test('what the cluster did by itself stands: two primaries are not hidden by a fault that was lost', () => {
  const history = edited('replica-isolated-promoted-by-hand.fail', fault => [
    {at: fault.at + 1_600_000, kind: 'fault-lost', id: fault.id, host: 'node2', says: 'its cut is gone'},
  ])
  const {verdict, findings} = judge(history)
  expect(verdict).toBe('fail')
  expect(findings.filter(one => one.verdict === 'fail').map(one => one.check)).toContain('one-writable-primary')
})

/** Played on a real lab, and ended by hand: a table deleted, a host started, a service let go. */
test.each([
  [
    'cut-ended-by-hand',
    /^cut was lost 3\.21 s after it came, before its mend: the cut on node3 is gone: its nftables table/,
  ],
  [
    'kill-leader-started-by-hand',
    /^crash was lost 1\.89 s after it came, before its mend: node3 was started, and not by a mend$/,
  ],
  ['held-down-let-go-by-hand', /^orphan was lost 2\.48 s after it came, .*: Patroni of node3 is no longer held down$/],
])('%s: inconclusive from that moment, and also where nobody had looked for it', (name, says) => {
  const {history} = recorded(`${name}.unknown`)
  const report = judge(history)
  expect(report).toMatchObject({verdict: 'unknown', headline: expect.stringMatching(says)})
  expect(report.findings.filter(one => one.verdict === 'fail')).toEqual([])
  const unlooked = judge({...history, events: history.events.filter(one => one.kind !== 'fault-lost')})
  expect(unlooked).toMatchObject({
    verdict: 'unknown',
    headline: expect.stringMatching(/ was lost .* before its mend: /),
  })
})
