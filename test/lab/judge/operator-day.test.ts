/** The scenarios of an operator's day can fail: each recorded run passes, and what an operator must not see, put into it, is found. */
import {expect, test} from 'vitest'
import type {Event, Of} from '../../../lab/history/event.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {recordedRun} from '../../recorded-runs.ts'

const recorded = (name: string) => recordedRun(`${name}.pass.ndjson.gz`)

const second = 1_000_000
type Edit = (history: History) => readonly Event[]

const faultCalled = (history: History, id: string) => of(history, 'fault-injecting').find(one => one.id === id)!

/** Another member of etcd than the one that is away is away as well, for seconds. */
const twoAway =
  (id: string): Edit =>
  history => {
    const {at, hosts} = faultCalled(history, id)
    const {host, leader, term} = of(history, 'etcd-member').findLast(one => !hosts.includes(one.host) && one.up)!
    const other = of(history, 'etcd-member').filter(one => one.host === host && one.at > at && one.at < at + 8 * second)
    const gone = {up: false, leader: null, term: null}
    const said = (after: number, state: object): Event => ({
      ...{at: at + after * second, kind: 'etcd-member', host, up: true, leader, term},
      ...state,
    })
    // Changed and not taken away: a line that is missing would be told as such.
    const changed = history.events.map(one => (other.includes(one as Of<'etcd-member'>) ? {...one, ...gone} : one))
    return [...(changed as readonly Event[]), said(0.6, gone), said(8, {})]
  }

/** The key goes to somebody else a second after the fault, and nobody asked for that. */
const failsOver =
  (id: string): Edit =>
  history => {
    const {at} = faultCalled(history, id)
    const last = of(history, 'leader-key').findLast(one => one.at < at)!
    const other = of(history, 'postgres').find(one => one.host !== last.holder)!
    const key = (after: number, holder: string | null): Event => ({...last, at: at + after * second, holder})
    const promoted: Event = {
      ...{...other, at: at + 1.3 * second, askedAt: at + 1.29 * second, up: true, inRecovery: false, readOnly: false},
      ...{timeline: 9, receiver: null},
    }
    return [...history.events, key(1, null), key(1.1, other.host), promoted]
  }

const changedLast = <K extends Event['kind']>(kind: K, change: (one: Of<K>) => Partial<Of<K>>): Edit => {
  return history => {
    const last = of(history, kind).at(-1)!
    return history.events.map(one => (one === (last as Event) ? ({...one, ...change(last)} as Event) : one))
  }
}

/** It goes on saying that it waits. */
const waitsOn: Edit = history => {
  const flagged = of(history, 'patroni').find(one => one.pendingRestart === true)!
  return history.events.map(one =>
    one.kind === 'patroni' && one.host === flagged.host && one.at >= flagged.at ? {...one, pendingRestart: true} : one,
  )
}

/** One client is told so right after the step. */
const toldOf =
  (id: string, sqlstate: string): Edit =>
  history => {
    const {at} = faultCalled(history, id)
    const write = of(history, 'op').find(one => one.op === 'write' && one.at > at)!
    return history.events.map(one =>
      one === (write as Event) ? ({...write, outcome: 'fail', sqlstate, error: 'refused'} as Event) : one,
    )
  }

/** It was handed to somebody else than the one that took it. */
const anotherLeads: Edit = history => {
  const {hosts} = faultCalled(history, 'handover')
  const other = of(history, 'postgres').find(one => !hosts.includes(one.host))!.host
  return history.events.map(one =>
    (one.kind === 'fault-injecting' && one.id === 'handover') ||
    (one.kind === 'target' && one.hosts.includes(hosts[0]!))
      ? ({...one, hosts: [other]} as Event)
      : one,
  )
}

test.each<[string, string, Edit]>([
  ['etcd-replace-member', 'quorum-kept', twoAway('lost')],
  ['etcd-replace-member', 'no-failover', failsOver('lost')],
  ['etcd-defrag', 'quorum-kept', twoAwayFor('leader-last')],
  ['etcd-defrag', 'no-failover', failsOver('leader-last')],
  ['edit-config', 'no-pending-restart', waitsOn],
  ['edit-config', 'promoted', anotherLeads],
  ['minor-update', 'quorum-kept', twoAway('old-leader-last')],
  ['reinit-replica', 'replicas-identical', changedLast('final-rows', () => ({checksum: '1 1'}))],
  ['reinit-replica', 'no-failover', failsOver('anew')],
  ['pgbouncer-reload', 'errors', toldOf('reconnected', '08P01')],
  ['renew-certificates', 'errors', toldOf('renewed', '08P01')],
  ['renew-certificates', 'no-failover', failsOver('renewed')],
  ['remove-host', 'no-failover', failsOver('removed')],
  ['add-host', 'promoted', anotherLeads],
  ['add-host', 'replicas-identical', changedLast('final-rows', () => ({checksum: '1 1'}))],
])('%s passes, and fails %s where that is broken', (name, check, edit) => {
  const history = recorded(name)
  expect(judge(history).verdict).toBe('pass')
  const {verdict, findings} = judge(historyOf(edit(history)))
  expect([verdict, findings.find(one => one.expectation.startsWith(check))?.verdict]).toEqual(['fail', 'fail'])
})

/** Of a fault that takes no member away: two of the others. */
function twoAwayFor(id: string): Edit {
  return history => {
    const once = twoAway(id)(history)
    const gone = once.find((one): one is Of<'etcd-member'> => one.kind === 'etcd-member' && !one.up)!
    const others = of(history, 'etcd-member').filter(one => one.up && one.host !== gone.host)
    const host = others.find(one => one.host !== gone.host)!.host
    const kept = once.filter(one => !(one.kind === 'etcd-member' && one.host === host && one.at > gone.at))
    return [
      ...kept,
      {...gone, host},
      ...kept.flatMap(one => (one.kind === 'etcd-member' && one.at > gone.at ? [{...one, host}] : [])),
    ]
  }
}
