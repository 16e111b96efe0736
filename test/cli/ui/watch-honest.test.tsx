/** What the screen of `watch` must not claim: a quorum, a lease, a failover or an outage that there is not. */
import {expect, test} from 'vitest'
import {signsExplained} from '../../../cli/ui/glossary.ts'
import {lookOf} from '../../../cli/ui/look.ts'
import {fold, view} from '../../../cli/ui/view.ts'
import type {Event} from '../../../lab/history/event.ts'
import {unannounced} from '../../../lab/history/unannounced.ts'
import {nothingRead, type Reading, readOn} from '../../../lab/history/unfolding.ts'
import {strikeOf} from '../../lab/strike-of.ts'
import {loaded, on, shoot, watched, watchedEvents} from './watch-shots.tsx'

const hosts = ['node1', 'node2', 'node3']
const noEtcd = hosts.map((host): Event => ({at: 5.9e6, kind: 'etcd-member', host, up: false, leader: null, term: null}))
const died = hosts.map((host): Event => ({at: 5.8e6, kind: 'container', host, action: 'die', exitCode: 137}))
const quorum = {led: 3, silent: 0, members: 3, needed: 2, isLost: false, alarms: []}

test('a quorum that was asked before its members went down is not claimed any more', () => {
  for (const [columns, rows] of [
    [80, 24],
    [120, 40],
  ] as const) {
    const silent = shoot({columns, rows, at: 6, facts: {view: watched(5.9, noEtcd), quorum}})
    expect(silent).toMatch(/quorum +not known: 3 of 3 do not answer/)
    const dead = shoot({columns, rows, at: 6, facts: {view: watched(5.9, [...died, ...noEtcd]), quorum}})
    expect(dead).toMatch(/quorum +LOST 0 of 3, 2 needed/)
  }
})

test('a lease that no etcd counts is not counted down', () => {
  const shot = shoot({columns: 80, rows: 24, at: 6, facts: {view: watched(5.9, noEtcd), quorum}})
  expect(shot).toMatch(/node1 .*lease {2}\?/)
  expect(shot).not.toMatch(/lease +\d+s/)
  const kill: Event = {
    ...{at: 5.7e6, kind: 'fault-injecting', id: 'kill', fault: 'kill', what: 'kill host on node1', hosts: ['node1']},
    strike: strikeOf('kill', {what: 'host'}, ['node1']),
  }
  const struck = shoot({columns: 80, rows: 24, at: 6, facts: {view: watched(5.5, [kill, ...noEtcd]), quorum}})
  expect(struck).toContain('no lease runs out: etcd has no quorum that counts it')
  expect(struck).not.toMatch(/\d s left/)
})

test('where the leader keeps its key, no failover is waited for', () => {
  const cut: Event = {
    ...{at: 5.2e6, kind: 'fault-injecting', id: 'cut', fault: 'partition', what: 'partition', hosts: ['node1']},
    strike: strikeOf('partition', {from: 'replicas', services: ['replication']}, ['node1']),
  }
  const shot = shoot({columns: 80, rows: 24, at: 6, facts: {view: watched(5.1, [cut])}})
  expect(shot).toMatch(/no failover is expected: a cut of replication alone leaves/)
  expect(shot).not.toContain('must run out')
  expect(shot).not.toContain('Failover after')
})

test('the time between two loads is blank, and no second outage', () => {
  const at = 6.5
  const stopped = {load: {...on, state: 'waits' as const, says: 'chaos'}, view: loaded(at)}
  const graph = (view: typeof stopped.view) =>
    shoot({columns: 120, rows: 40, at: 26, ascii: true, facts: {...stopped, view}})
      .split('\n')
      .find(line => line.startsWith(' writes'))
  expect(graph(loaded(at))).toMatch(/_{10}/)
  expect(graph(loaded(at, [], {rests: [6.5, 25.9]}))).not.toMatch(/_{2}/)
})

test.each([false, true])('every sign that stands before a member is explained (ASCII %s)', ascii => {
  const {signs} = lookOf(ascii)
  for (const name of ['leader', 'replica', 'stopped', 'paused', 'pending', 'unknown'] as const)
    expect(
      signsExplained.map(({sign}) => sign),
      signs[name],
    ).toContain(name)
})

test('a failover that nobody announced is shown with the figures of the model where it is seen what happened, and without them else', () => {
  const seen = (more: readonly Event[]) => {
    const all = [...watchedEvents(6.5), ...more]
    return all.reduce<{events: Event[]; so: Reading}>(
      ({events, so}, event) => {
        const told = [unannounced(so, event) ?? [], event].flat()
        return {events: [...events, ...told], so: told.reduce(readOn, so)}
      },
      {events: [], so: nothingRead},
    ).events
  }
  const shot = (more: readonly Event[]) =>
    shoot({columns: 80, rows: 24, at: 8, facts: {view: seen(more).reduce(fold, view([]))}})
  const died = shot([{at: 7e6, kind: 'container', host: 'node1', action: 'die', exitCode: 137}])
  expect(died).toContain('Failover after the container of node1 died')
  expect(died).toMatch(/19-24 s\?/)
  expect(died).toMatch(/the lease of node1 must run out first/)
  expect(died).not.toContain('FAULT')
  const gone: Event = {
    ...{at: 7e6, kind: 'leader-key', scope: 'pgha', holder: null, revision: 99, lease: null, term: 2, told: 'node2'},
  }
  const lost = shot([gone])
  expect(lost).toContain('Failover after node1 lost the leader key: nobody said why, so the model')
  expect(lost).toMatch(/✔ lease over/)
  expect(lost).not.toMatch(/\d+-\d+ s\?/)
})
