/** A limit of the user's own is judged whatever the model says; where the model knows that nobody takes over, that is the reason. */

import {describe, expect, test} from 'vitest'
import {clientsReconnect} from '../../../lab/checks/clients-reconnect.ts'
import {demoted} from '../../../lab/checks/demoted.ts'
import {failover} from '../../../lab/checks/failover.ts'
import {noFailover} from '../../../lab/checks/no-failover.ts'
import {unavailability} from '../../../lab/checks/unavailability.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {sayHint} from '../../../lab/words/next-step.ts'
import {strikeOf} from '../strike-of.ts'
import {calmRun} from './calm-run.ts'
import {altered, cleanRun, micros, proxy, type RunShape, sample} from './history-builder.ts'
import {renumbered} from './renumbered.ts'

const judge = (history: History, within: unknown) => failover.judge(history, failover.params.parse({within}))

/** The same run after another fault of node1. */
function struckBy(fault: string, params: Readonly<Record<string, unknown>>, events: readonly Event[]): Event[] {
  const strike = strikeOf(fault, params, ['node1'])
  return events.flatMap((event): Event[] => {
    if (event.kind === 'container') return []
    return [event.kind === 'fault-injecting' ? {...event, fault, what: `${fault} ${params.what ?? ''}`, strike} : event]
  })
}

/** Nobody takes over: node1 keeps its key, and goes on refreshing its lease to the end. */
function kept(events: readonly Event[]): History {
  const last = events.at(-1)!.at
  const told = {kind: 'status-key', scope: 'pgha', optime: 1, revision: 11, term: 2, told: 'node2'} as const
  const refreshed: Event[] = []
  for (let at = micros(1); at < last; at += 1_000_000) refreshed.push({at, ...told})
  return historyOf([
    ...events.filter(
      event =>
        !(event.kind === 'leader-key' && event.at > micros(0)) &&
        !(event.kind === 'proxy' && event.at > micros(0)) &&
        !(event.kind === 'postgres' && event.inRecovery === false && event.at > micros(0)) &&
        !(event.kind === 'op' && event.outcome === 'ok' && event.at > micros(0)),
    ),
    ...refreshed,
  ])
}

const onTopology = (events: readonly Event[], topology: (was: Topology) => Topology): Event[] =>
  events.map(event => (event.kind === 'run-started' ? {...event, topology: topology(event.topology)} : event))

/** As quick as when a start of PostgreSQL fails. */
const startFails: Partial<RunShape> = {
  ...{down: 1.4, keyGone: 2.6, newKey: 2.7, promoted: 2.8, up: 2.9, firstWrite: 2.98, mend: 6, rejoined: 12},
  finalReads: 20,
}

describe("a limit of the user's own", () => {
  const history = historyOf(struckBy('kill', {what: 'postgres'}, cleanRun(startFails)))

  test('is judged also where the model expects PostgreSQL to be started again in its place (cannot-start)', () => {
    expect(judge(history, '40s')).toMatchObject({
      verdict: 'pass',
      says: expect.stringMatching(
        /node2 took over from node1 on timeline 2; first .* 2\.98 s .* \(40\.00 s are allowed\)/,
      ),
    })
    expect(judge(history, '2s')).toMatchObject({verdict: 'fail'})
    expect(judge(history, 'budget')).toMatchObject({verdict: 'unknown'})
  })

  test('is judged with the uncertainty that the rate gives: 25 ms are nothing against 60 s (quorum-switchover)', () => {
    const seldom = historyOf(cleanRun({writesPerSecond: 40}))
    expect(judge(seldom, '60s').verdict).toBe('pass')
    expect(judge(seldom, '10s').verdict).toBe('fail')
    expect(judge(seldom, '22090ms').verdict).toBe('unknown')
  })
})

describe('where the model knows that nobody can take over, that is the verdict and the reason', () => {
  const quiet: Partial<RunShape> = {mend: 40, rejoined: 45, finalReads: 50}

  test('without a quorum of etcd (two-nodes)', () => {
    const two = (was: Topology): Topology => ({
      ...was,
      hosts: was.hosts.filter(host => host.name !== 'node3'),
    })
    const events = onTopology(cleanRun(quiet), two).filter(event => !('host' in event && event.host === 'node3'))
    for (const within of ['budget', '30s', '10m'])
      expect(judge(kept(events), within)).toMatchObject({
        verdict: 'fail',
        says: expect.stringMatching(/^node1 died: etcd has no quorum without .* nobody can be promoted\.$/),
      })
    // Whoever was not looking has not seen that nobody took over.
    const deaf = historyOf(kept(events).events.filter(event => event.kind !== 'watching' && event.kind !== 'postgres'))
    expect(judge(deaf, 'budget').verdict).toBe('unknown')
  })

  test.each([
    ['partition', {services: ['patroni']}, /a cut of patroni alone leaves the leader its key/],
    ['pause', {what: 'postgres'}, /postmaster/],
  ] as const)('where the leader keeps its key: %s %j (rest-blocked, hung-postmaster)', (fault, params, why) => {
    const history = kept(struckBy(fault, params, cleanRun(quiet)))
    for (const within of ['budget', '30s']) {
      const {verdict, says, hint} = judge(history, within)
      expect(verdict).toBe('fail')
      expect(says).toMatch(why)
      expect(sayHint(hint!)).not.toMatch(/race|health checks/)
      expect(sayHint(hint!)).toMatch(/\npgha-lab predict --profile fast$/)
    }
  })

  test('and a replica that took over all the same is measured', () => {
    const history = historyOf(struckBy('pause', {what: 'postgres'}, cleanRun()))
    expect(judge(history, '30s').verdict).toBe('pass')
    expect(judge(history, 'budget').verdict).toBe('unknown')
  })
})

test('a leader that kept its key and refreshed it is told as that, and no replica is blamed', () => {
  const history = kept(struckBy('kill', {what: 'patroni'}, cleanRun({mend: 60, rejoined: 65, finalReads: 70})))
  const {verdict, says, hint} = judge(history, '20s')
  expect(verdict).toBe('fail')
  expect(says).toMatch(/the leader key of node1 never went away/)
  expect(hint).toMatch(/refreshed/)
  expect(hint).not.toMatch(/did not race/)
})

test('a proxy that marked the old leader down has done so, though that leads again before the mend (there-and-back)', () => {
  const back = proxy('node1', true)
  const history = altered(cleanRun(), event => event, [{at: micros(23), ...back} as Event])
  expect(judge(history, '30s')).toMatchObject({verdict: 'pass'})
  // One that never did is still told.
  const never = altered(cleanRun(), event =>
    event.kind === 'proxy' && event.server === 'node1' && !event.up ? null : event,
  )
  expect(judge(never, 'budget').says).toMatch(/proxy1 never marked the dead node1 down/)
})

describe('writers with `to:` are writers (pool-pinned)', () => {
  const pinned = (events: readonly Event[]) =>
    historyOf(
      events.flatMap((event): Event[] => {
        if (event.kind !== 'op' || event.op !== 'write') return [event]
        const client = `pg-pool-d${event.client}`
        if (event.at < micros(0.5)) return [{...event, client}]
        return [
          {
            ...{...event, client, outcome: 'fail', server: null, timeline: null, lsn: null, sqlstate: '25006'},
            error: 'cannot execute INSERT in a read-only transaction',
          },
        ]
      }),
    )

  test('they are judged where nobody else writes, and stay away', () => {
    const history = pinned(cleanRun())
    const finding = clientsReconnect.judge(history, clientsReconnect.params.parse({within: '5s', driver: 'pg-pool'}))
    expect(finding).toMatchObject({verdict: 'fail', measures: {writers: 4, back: 0}})
    expect(finding.says).toMatch(/never wrote again .* \(\d+ attempts failed, all with SQLSTATE 25006\)/)
    expect(finding.hint).toMatch(/read-only/)
    const gap = unavailability.judge(history, unavailability.params.parse({writes: {'at-most': '5s'}}))
    expect(gap.verdict).not.toBe('pass')
    expect(gap.says).not.toMatch(/nothing to lose/)
  })

  test('beside writers behind the proxy they are not: they show what an orphan takes', () => {
    const both = cleanRun().flatMap((event): Event[] =>
      event.kind === 'op' && event.at < micros(0)
        ? [event, {...event, client: `d${event.client}`, id: event.id + 1e6}]
        : [event],
    )
    const finding = clientsReconnect.judge(historyOf(both), clientsReconnect.params.parse({within: '10s'}))
    expect(finding).toMatchObject({verdict: 'pass', measures: {writers: 4}})
  })
})

test('silence is no demotion: who was frozen for 8 s and led again was not demoted (frozen-not-demoted)', () => {
  const frozen = calmRun({hosts: ['node1'], mend: 8}).map((event): Event => {
    if (event.kind === 'fault-injecting')
      return {...event, fault: 'pause', what: 'pause host', strike: strikeOf('pause', {what: 'host'}, ['node1'])}
    const silent = event.kind === 'postgres' && event.host === 'node1' && event.at > micros(0) && event.at < micros(8)
    const dumb = {up: false, inRecovery: null, readOnly: null, timeline: null, lsn: null, error: 'timeout'} as const
    return silent ? {...event, ...dumb} : event
  })
  const events = frozen.filter(event => !(event.kind === 'op' && event.at > micros(0) && event.at < micros(8.1)))
  const history = historyOf(renumbered(events))
  const found = demoted.judge(history, demoted.params.parse({within: '15s'}))
  expect(found).toMatchObject({verdict: 'fail', says: expect.stringMatching(/was silent after the fault, not demoted/)})
  expect(noFailover.judge(history, {}).verdict).toBe('pass')
  expect(of(history, 'postgres').some(one => one.error === 'timeout')).toBe(true)
  expect(sample('node1', 9, {inRecovery: false})).toMatchObject({host: 'node1'})
})
