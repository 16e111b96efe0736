/** Screen and report call a host the same at the same moment. */
import {describe, expect, test} from 'vitest'
import {lanesOf} from '../../../cli/render/lanes.ts'
import {roleOf} from '../../../cli/ui/shown-role.ts'
import {emptyView, fold} from '../../../cli/ui/view.ts'
import type {Event} from '../../../lab/history/event.ts'
import {recorded} from '../../units/samples.ts'
import {node1Leads} from '../strike-of.ts'

/** The report has the leader key in a row of its own, and no word for a host of which nothing answers yet. */
const inReport: Readonly<Record<string, string>> = {promoting: 'replica', starting: 'silent'}

/** After each answer of a PostgreSQL: what the screen and the report say of its host. */
function compared(events: readonly Event[]) {
  const lanes = new Map(lanesOf({events}).hosts.map(lane => [lane.host, lane.role]))
  const next = new Map<string, number>()
  let view = emptyView
  return events.flatMap(event => {
    view = fold(view, event)
    if (event.kind !== 'postgres') return []
    const intervals = lanes.get(event.host) ?? []
    let index = next.get(event.host) ?? 0
    while (index < intervals.length && intervals[index]!.to <= event.at) index++
    next.set(event.host, index)
    const report = intervals[index]
    const member = view.members.find(one => one.host === event.host)
    if (report === undefined || report.from > event.at || member === undefined) return []
    const screen = roleOf(view, member)
    return [{at: event.at, host: event.host, screen: inReport[screen] ?? screen, report: report.is.role}]
  })
}

test('in every recorded run, whenever a PostgreSQL has answered', () => {
  const all = recorded.flatMap(compared)
  expect(all.length).toBeGreaterThan(10_000)
  const different = Map.groupBy(
    all.filter(one => one.screen !== one.report),
    one => `${one.screen} on the screen, ${one.report} in the report`,
  )
  expect([...different].map(([says, ones]) => `${ones.length} times ${says}`)).toEqual([])
})

describe('where the two once differed', () => {
  const started: Event = {
    ...{at: 0, kind: 'run-started', run: 'r', lab: 'l', topology: node1Leads.topology, versions: {}},
    ...{startedAt: '2026-01-01T00:00:00.000000Z'},
    scenario: {name: 'x', about: 'X.', needs: {postgres: 3, etcd: 3}, clients: [], steps: [], expect: []},
  }
  const answers = (at: number, host: string, readOnly: boolean): Event => ({
    ...{at, kind: 'postgres', host, askedAt: at - 1, up: true, inRecovery: false, readOnly, timeline: 1, lsn: 1},
    ...{replayedLsn: null, error: null, receiver: null},
  })
  const key = (at: number, holder: string): Event => ({
    ...{at, kind: 'leader-key', scope: 'pgha', holder, revision: 1, lease: null, term: 1, told: 'node1'},
  })
  const end: Event = {at: 900, kind: 'run-ended', how: 'complete'}

  test('whoever takes writes leads, as long as no watch has told whose the key is', () => {
    const [before, after] = compared([
      started,
      answers(10, 'node1', false),
      key(20, 'node2'),
      answers(30, 'node1', false),
      end,
    ])
    expect(before).toMatchObject({screen: 'leader', report: 'leader'})
    expect(after).toMatchObject({screen: 'primary', report: 'primary'})
  })

  test('who has the key and refuses writes is read-only', () => {
    const [own, another] = compared([
      started,
      key(5, 'node1'),
      answers(10, 'node1', true),
      answers(20, 'node2', true),
      end,
    ])
    expect(own).toMatchObject({screen: 'read-only', report: 'read-only'})
    expect(another).toMatchObject({screen: 'read-only', report: 'read-only'})
  })

  test('what the engine calls by the name of no state changes none', () => {
    const odd: Event = {at: 15, kind: 'container', host: 'node1', action: 'constructor', exitCode: null}
    const [, after] = compared([
      started,
      key(5, 'node1'),
      answers(10, 'node1', false),
      odd,
      answers(20, 'node1', false),
      end,
    ])
    expect(after).toMatchObject({screen: 'leader', report: 'leader'})
  })
})
