/** A cluster that follows another has a configuration of its own, which a scenario's settings are not given to. */
import {expect, test} from 'vitest'
import {changesInAll} from '../../../lab/history/changes.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {recorded} from '../../cli/render/recorded.ts'

const {events} = recorded('lose-first-site.pass')
const isOwn = (event: Event): event is Of<'config-key'> => event.kind === 'config-key' && event.scope === 'pgha'

/** As a scenario has it that needs failsafe mode: set in the first cluster, and asked for in the topology of the run. */
const withFailsafe = events.map((event): Event => {
  if (event.kind === 'run-started') {
    const {topology} = event
    return {...event, topology: {...topology, patroni: {...topology.patroni, failsafeMode: true}}}
  }
  return isOwn(event) ? {...event, config: {...event.config, failsafe_mode: true}} : event
})

test('that the second cluster has not what the scenario needs is no change by anybody', () => {
  expect(changesInAll(historyOf(events))).toEqual([])
  expect(changesInAll(historyOf(withFailsafe))).toEqual([])
})

test('that the first one has it not, or the second one changes in the run, is', () => {
  const unset = withFailsafe.map(event =>
    isOwn(event) ? {...event, config: {...event.config, failsafe_mode: false}} : event,
  )
  expect(changesInAll(historyOf(unset))).toMatchObject([{what: 'failsafe_mode', when: null}])
  const theirs = withFailsafe.findLast(
    (event): event is Of<'config-key'> => event.kind === 'config-key' && !isOwn(event),
  )!
  const later = {...theirs, at: theirs.at + 1_000_000, config: {...theirs.config, ttl: 77}}
  const all = [...withFailsafe, later].toSorted((a, b) => a.at - b.at)
  expect(changesInAll(historyOf(all)).map(({what, to}) => [what, to])).toContainEqual(['ttl', '77'])
})
