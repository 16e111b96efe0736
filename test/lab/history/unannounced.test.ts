import {expect, test} from 'vitest'
import type {Event, Of} from '../../../lab/history/event.ts'
import {isUnannounced, unannounced} from '../../../lab/history/unannounced.ts'
import {nothingRead, readOn} from '../../../lab/history/unfolding.ts'
import {storyUntil, topology} from '../../cli/ui/story.ts'
import {strikeOf} from '../strike-of.ts'

const s = (seconds: number) => seconds * 1e6
const healthy = storyUntil(6.5)
const reading = (...more: readonly Event[]) => [...healthy, ...more].reduce(readOn, nothingRead)
const container = (action: string, exitCode: number | null = null, host = 'node1'): Event => ({
  ...{at: s(7), kind: 'container', host, action, exitCode},
})
const key = (holder: string | null): Event => ({
  ...{at: s(7), kind: 'leader-key', scope: 'pgha', holder, revision: 99, lease: null, term: 2, told: 'node2'},
})
const kill = (host: string, at = s(6.8)): Of<'fault-injecting'> => ({
  ...{at, kind: 'fault-injecting', id: 'kill', fault: 'kill', what: 'kill host on leader', hosts: [host]},
  strike: strikeOf('kill', {what: 'host'}, [host]),
})

test.each([
  ['die', 137, 'host-killed', 'the container of node1 died'],
  ['pause', null, 'host-paused', 'the container of node1 was paused'],
] as const)("a leader's container that nobody said would %s is the model's %s", (action, code, fault, what) => {
  const told = unannounced(reading(), container(action, code))
  expect(told).toMatchObject({what, hosts: ['node1'], needsMend: false, strike: {struck: [{host: 'node1', fault}]}})
  expect(told!.at).toBeLessThan(s(7))
  expect(isUnannounced(told!)).toBe(true)
  expect(isUnannounced(kill('node1'))).toBe(false)
})

test('a key that its holder is without is followed, with no word about why', () => {
  for (const holder of [null, 'node2']) {
    const told = unannounced(reading(), key(holder))
    expect(told).toMatchObject({hosts: ['node1'], strike: {struck: []}})
    const after = [told!, key(holder)].reduce(readOn, reading())
    expect(after.followed.at(-1)).toMatchObject({leader: 'node1', keyGone: {at: s(7)}})
  }
})

test('what somebody has said is what it is about: nothing is made up beside it', () => {
  const announced = reading(kill('node1'))
  expect(unannounced(announced, container('die', 137))).toBeNull()
  expect(unannounced(announced, key(null))).toBeNull()
  // And the key that goes after a container died is about that death.
  const died = unannounced(reading(), container('die', 137))!
  expect(unannounced([died, container('die', 137)].reduce(readOn, reading()), {...key(null), at: s(27)})).toBeNull()
})

test('a fault of long ago, or of another host, is not why a leader dies now', () => {
  const old = reading(kill('node3', s(6)))
  expect(unannounced(old, container('die', 137))).toMatchObject({what: 'the container of node1 died'})
  const crash = {...kill('node1'), needsMend: false, strike: strikeOf('kill', {what: 'postgres'}, ['node1'])}
  const later = {...container('die', 137), at: s(900)}
  expect(unannounced(reading(crash), later)).toMatchObject({what: 'the container of node1 died'})
})

test('nothing is said of a replica, of an orderly stop, or of a key that stays where it is', () => {
  for (const event of [container('die', 137, 'node2'), container('die', 0), container('stop'), key('node1')])
    expect(unannounced(reading(), event)).toBeNull()
  expect(topology.hosts[0]!.name).toBe('node1')
})
