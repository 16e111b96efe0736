import {expect, test} from 'vitest'
import {listed, type Standing} from '../../../cli/suite/here.ts'
import type {Tried} from '../../../lab/engine/capabilities.ts'
import {loadScenario} from '../../../lab/scenario/index.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {sayHint} from '../../../lab/words/next-step.ts'

const abilities = [
  'nftables',
  'tbf',
  'delay',
  'freezer',
  'cpu-limit',
  'faketime',
  'ptrace',
  'network-disconnect',
] as const
const whole = abilities.map((capability): Tried => ({capability, present: true, says: 'it works', fix: ''}))
const without = (missing: string, says: string) =>
  whole.map(one => (one.capability === missing ? {...one, present: false, says} : one))
const place = (more: Partial<Standing> = {}, set: readonly string[] = []): Standing => ({
  topology: loadTopology({set}),
  tried: whole,
  learned: new Map(),
  ...more,
})
const here = (name: string, at = place()) => listed(loadScenario(name), at).here

test('what Patroni takes over for a run stands in no way, and what only a new lab has is told with the commands', () => {
  expect(here('sync-failover')).toEqual({can: true, why: null, next: null})
  const {can, why, next} = here('watchdog-resets')
  expect([can, why]).toEqual([false, 'only a new lab can have patroni.watchdog=required'])
  expect(sayHint(next!)).toBe(
    'pgha-lab up --profile default --set patroni.watchdog=required --name watchdog-resets\npgha-lab chaos watchdog-resets --name watchdog-resets',
  )
})

test('a lab that was raised with it can play it', () => {
  expect(here('watchdog-resets', place({}, ['patroni.watchdog=required'])).can).toBe(true)
  expect(here('disk-full', place({}, ['postgresql.data_size=512MB'])).can).toBe(true)
})

test('what the kernel cannot do is told with the reason, of those scenarios alone that need it', () => {
  const at = place({tried: without('nftables', 'the kernel takes no nftables')})
  expect(here('leader-isolated', at)).toMatchObject({can: false, why: 'the kernel takes no nftables'})
  expect(here('kill-leader', at).can).toBe(true)
})

test('without an engine nobody can tell of those that need something of it, and all else is told as ever', () => {
  const at = place({tried: 'no Docker engine answers'})
  expect(here('leader-isolated', at)).toEqual({can: null, why: 'no Docker engine answers', next: null})
  expect(here('kill-leader', at).can).toBe(true)
  expect(here('watchdog-resets', at).can).toBe(false)
})

test('a scenario whose timings do not go with those of the lab cannot be played, and nobody guesses how long it takes', () => {
  const slow = {postgres: 3, etcd: 3, patroni: {loop_wait: '20s'}}
  const other = listed(
    {...loadScenario('kill-leader'), needs: slow},
    place({topology: loadTopology({profile: 'fast'})}),
  )
  expect(other.here).toMatchObject({
    can: false,
    why: expect.stringContaining("does not go with this lab's own settings"),
  })
  expect(other.takes).toBeNull()
})

test('how long the last run took is better than the prediction', () => {
  const learned = new Map([['kill-leader', 41.5]])
  expect(listed(loadScenario('kill-leader'), place({learned})).takes).toEqual({seconds: 41.5, basis: 'played'})
  expect(listed(loadScenario('switchover'), place({learned})).takes?.basis).toBe('predicted')
})
