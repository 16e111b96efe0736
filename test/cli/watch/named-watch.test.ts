import {expect, test, vi} from 'vitest'
import {type Kept, NamedWatch} from '../../../cli/watch/named-watch.ts'
import type {Allocation, Lab, Watched, WatchListener} from '../../../lab/index.ts'
import {LabError} from '../../../lab/words/errors.ts'

/** A lab of this name that was raised with this password. */
const labOf = (password: string) =>
  ({
    name: 'mine',
    allocation: {lab: 'mine', subnet: '10.213.0.0/24', addresses: {}, ports: {}, passwords: {superuser: password}},
  }) as unknown as Lab

/** What is kept of labs, to be changed as `down` and `up` change it. */
function world() {
  const first = labOf('one')
  const state: {lab: Lab | null; saves: number; isUp: boolean} = {lab: first, saves: 1, isUp: true}
  const told: string[] = []
  const listeners: WatchListener[] = []
  const broken: Watched['broken'][number][] = []
  const disposed = vi.fn(async () => {})
  const kept: Kept = {
    stamp: () => (state.lab === null ? null : String(state.saves)),
    allocation: (): Allocation | null => state.lab?.allocation ?? null,
    open: () => state.lab!,
    async watch(_lab, listener) {
      if (!state.isUp) throw new LabError('not-ready', 'no host is there yet')
      listeners.push(listener)
      return {broken, [Symbol.asyncDispose]: disposed} as unknown as Watched
    },
  }
  const listener = {
    event: () => void told.push('event'),
    gone: () => void told.push('gone'),
    anew: () => void told.push('anew'),
  }
  return {state, told, listeners, broken, disposed, named: new NamedWatch(first, listener, {}, kept)}
}
const settle = () => new Promise<void>(resolve => setImmediate(resolve))

test('after down nothing is watched, and that is said once; after up the new lab is watched', async () => {
  const {state, told, listeners, disposed, named} = world()
  await named.begin()
  state.lab = null
  for (let look = 0; look < 3; look++) {
    named.look()
    await settle()
  }
  expect(told).toEqual(['gone'])
  expect(disposed).toHaveBeenCalledOnce()
  expect(named.watched).toBeUndefined()
  Object.assign(state, {lab: labOf('two'), saves: 2})
  named.look()
  await settle()
  expect(told).toEqual(['gone', 'anew'])
  expect(listeners).toHaveLength(2)
  expect(named.lab).toBe(state.lab)
})

test('a lab that was raised anew between two looks is another one', async () => {
  const {state, told, named} = world()
  await named.begin()
  Object.assign(state, {lab: labOf('two'), saves: 2})
  named.look()
  await settle()
  expect(told).toEqual(['gone', 'anew'])
})

test('a lab that was only written down again goes on, and so does one of which something is broken from here', async () => {
  const {state, told, broken, named} = world()
  await named.begin()
  state.saves = 2
  named.look()
  await settle()
  expect(told).toEqual([])
  broken.push({} as Watched['broken'][number])
  Object.assign(state, {lab: labOf('two'), saves: 3})
  named.look()
  await settle()
  expect(told).toEqual([])
})

test('one that is still being raised is looked at again until it is there', async () => {
  const {state, told, listeners, named} = world()
  await named.begin()
  Object.assign(state, {lab: labOf('two'), saves: 2, isUp: false})
  named.look()
  await settle()
  expect(listeners).toHaveLength(1)
  state.isUp = true
  named.look()
  await settle()
  expect(listeners).toHaveLength(2)
  expect(told).toEqual(['gone', 'anew', 'anew'])
})

test('what comes late of the earlier lab is nothing of the new one', async () => {
  const {state, told, listeners, named} = world()
  await named.begin()
  Object.assign(state, {lab: labOf('two'), saves: 2})
  named.look()
  await settle()
  listeners[0]!.event({} as never)
  expect(told).toEqual(['gone', 'anew'])
  listeners[1]!.event({} as never)
  expect(told).toEqual(['gone', 'anew', 'event'])
})
