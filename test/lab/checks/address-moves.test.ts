/** The virtual address: when it must have moved, and who may have it beside another. */
import {expect, test} from 'vitest'
import {addressMoves} from '../../../lab/budget/index.ts'
import {find} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {keepalivedDefaults} from '../../../lab/topology/keepalived.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {strikeOf} from '../strike-of.ts'
import {calmRun} from './calm-run.ts'
import {micros} from './history-builder.ts'
import {has, moving} from './virtual-address.ts'

const judge = (events: readonly Event[], within = 'budget') =>
  find(historyOf(events), {check: 'address-moves', params: {within}})

test('the backup waits three adverts and a skew from the last one that it heard, or the skew alone when it is given up', () => {
  const seconds = (bounds: readonly number[]) => bounds.map(one => Math.round(one / 1000))
  // advert_int 1 s, priority 100: a skew of 609 ms; and 400 ms at most until it is seen.
  expect(seconds(addressMoves(keepalivedDefaults, 100, 'silent').bounds)).toEqual([2609, 4009])
  expect(seconds(addressMoves({...keepalivedDefaults, advertIntSeconds: 3}, 100, 'silent').bounds)).toEqual([
    7828, 11_228,
  ])
  // The script is asked once a second and has to fail twice.
  expect(seconds(addressMoves(keepalivedDefaults, 100, 'given-up').bounds)).toEqual([1609, 5009])
})

test('a check of a weight leaves a holder that goes on telling of itself, so that the whole wait comes on top', () => {
  const {bounds} = addressMoves({...keepalivedDefaults, weight: -20, preempt: true}, 100, 'outranked')
  expect(bounds.map(one => Math.round(one / 1000))).toEqual([3609, 8009])
})

/** Its host lives, and is watched. */
const proxyDies = (set: Partial<NonNullable<Topology['keepalived']>>, taken: number | null): Event[] => {
  const watched = Array.from(
    {length: 21},
    (_, at): Event => ({
      ...{at: micros(at), kind: 'watching', who: 'address', host: 'proxy1', samples: 10, failures: 0},
      worstMicros: 110_000,
    }),
  )
  const run = moving({taken}).map((event): Event => {
    if (event.kind === 'fault-injecting')
      return {...event, strike: strikeOf('kill', {what: 'haproxy', 'stays-down': true}, ['proxy1'])}
    if (event.kind !== 'run-started' || event.topology.keepalived === undefined) return event
    return {...event, topology: {...event.topology, keepalived: {...event.topology.keepalived, ...set}}}
  })
  return [...run, ...watched, ...(taken === null ? [] : [has('proxy1', taken, false)])]
}

test.each([
  ['nobody asks HAProxy', {check: 'none' as const}],
  ['the weight does not outdo the priorities', {weight: -1, preempt: true}],
  ['the others may not preempt', {weight: -20}],
])("a budget never lets the address stay with a dead proxy: fail by keepalived's own settings where %s", (_, set) => {
  expect(judge(proxyDies(set, null))).toMatchObject({
    verdict: 'fail',
    says: "The virtual address stayed with proxy1, whose HAProxy is dead, for 20.00 s after the fault, and by keepalived's own settings it never leaves.",
  })
  expect(judge(proxyDies(set, 3)).verdict).toBe('pass')
})

test('where the weight outdoes them it has to move, in a longer time than without one', () => {
  expect(judge(proxyDies({weight: -20, preempt: true}, 7)).verdict).toBe('pass')
  expect(judge(proxyDies({weight: -20, preempt: true}, 9)).verdict).toBe('fail')
  expect(judge(proxyDies({weight: 20, preempt: true}, 7)).verdict).toBe('pass')
  expect(judge(proxyDies({}, 7)).verdict).toBe('fail')
})

test('who took it, and after how long, is told', () => {
  expect(judge(moving({taken: 3}))).toMatchObject({
    verdict: 'pass',
    says: 'proxy2 took the virtual address 3.00 s after proxy1 was lost, 4.81 s are allowed.',
    measures: {movedMicros: 3_000_000},
  })
})

test('an address that stays, or moves late, fails', () => {
  expect(judge(moving({taken: 8})).verdict).toBe('fail')
  expect(judge(moving({taken: null}))).toMatchObject({
    verdict: 'fail',
    says: expect.stringContaining('stayed with proxy1, or with nobody, for 20.00 s after the fault'),
  })
})

test('two that have it at once fail, but not while one of them can be reached by nobody', () => {
  expect(judge(moving({taken: 3, back: 24}))).toMatchObject({
    verdict: 'fail',
    says: 'proxy2 and proxy1 had the virtual address at once for 8.00 s; 2.00 s are allowed.',
  })
  const cut = moving({taken: 3})
    .filter(event => !(event.kind === 'virtual-address' && event.host === 'proxy1' && event.at > 0 && !event.held))
    .map(event =>
      event.kind === 'fault-injecting'
        ? {
            ...event,
            strike: {struck: [], cut: [{host: 'proxy1', from: ['app1'], service: null, ways: 'both' as const}]},
          }
        : event,
    )
  const watched = Array.from(
    {length: 22},
    (_, at): Event => ({
      ...{at: micros(at), kind: 'watching', who: 'address', host: 'proxy1', samples: 10, failures: 0},
      worstMicros: 110_000,
    }),
  )
  expect(judge([...cut, ...watched, has('proxy1', 20.8, false)])).toMatchObject({verdict: 'pass'})
  expect(judge([...cut, ...watched, has('proxy1', 25, false)])).toMatchObject({verdict: 'fail'})
})

test('a word that the record lacks accuses nobody', () => {
  const recorded = (host: string, at: number, count: number): Event => ({
    ...{at: micros(at), kind: 'watching', who: 'address', host, samples: 10, failures: 0, worstMicros: 110_000},
    recorded: count,
  })
  const told = moving({taken: 3}).map((event): Event => {
    if (event.kind !== 'watching' || event.who !== 'address' || event.host !== 'proxy2') return event
    const at = event.at / 1e6 - 8
    return recorded('proxy2', at, at > 25 ? 3 : at > 3 ? 2 : 1)
  })
  // proxy1 takes the address at 25.5 s, and that proxy2 gives it up at the same time is not in the record.
  expect(judge([...told, has('proxy1', 25.5, true)])).toMatchObject({verdict: 'unknown'})
})

test('nobody knows where nobody looked, or the struck host was not seen to have it', () => {
  expect(judge(calmRun()).verdict).toBe('unknown')
  const deaf = moving({taken: 3}).filter(event => !('host' in event && event.host === 'proxy2' && event.at > micros(1)))
  expect(judge(deaf)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('proxy2')})
  const other = moving({taken: 3}).map(event =>
    event.kind === 'fault-injecting'
      ? {...event, hosts: ['proxy2'], strike: strikeOf('kill', {what: 'host'}, ['proxy2'])}
      : event,
  )
  expect(judge(other)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('Nobody saw proxy2 have')})
})
