import {describe, expect, test} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import {findFailover} from '../../../lab/history/failover.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {isRefreshKnown, lastRefresh} from '../../../lab/history/lease-refresh.ts'
import {altered, cleanRun, micros} from '../checks/history-builder.ts'

const status = (at: number, scope = 'pgha'): Event => ({
  ...{at: micros(at), kind: 'status-key', scope, optime: 1, revision: 11, term: 2, told: 'node2'},
})
const lease = (at: number, refreshedAt?: number): Event => ({
  ...{at: micros(at), kind: 'lease', scope: 'pgha', lease: 'a1', leftSeconds: 12, grantedSeconds: 20, told: 'node2'},
  ...(refreshedAt === undefined ? {} : {refreshedAt: micros(refreshedAt)}),
})
const of = (...events: readonly Event[]) => historyOf(events)

describe('the last refresh', () => {
  test('is that of the newest /status, and of one that is newer still by what etcd said of the lease', () => {
    expect(lastRefresh(of(status(1), lease(1.5), status(3), status(5)), micros(4))).toEqual({
      at: micros(3),
      knownAt: micros(3),
    })
    expect(lastRefresh(of(status(1), status(2), lease(3, 2.5)), micros(4))).toEqual({
      at: micros(2.5),
      knownAt: micros(3),
    })
  })

  test('is not the /status that was there when the watch began, where etcd said when it was', () => {
    expect(lastRefresh(of(status(1), lease(1.5, -7)), micros(4))).toEqual({at: micros(-7), knownAt: micros(1.5)})
    expect(lastRefresh(of(status(1), lease(1.5)), micros(4))).toEqual({at: micros(1), knownAt: micros(1)})
  })

  test('that is told later than it is asked about is none', () => {
    expect(lastRefresh(of(lease(5, 1)), micros(4))).toBeUndefined()
  })
})

test('a run waits until somebody has told of one: a second /status, or what etcd said of the lease', () => {
  expect(isRefreshKnown(of(status(1)))).toBe(false)
  expect(isRefreshKnown(of(status(1), lease(2)))).toBe(false)
  expect(isRefreshKnown(of(status(1), lease(2, -3)))).toBe(true)
  expect(isRefreshKnown(of(status(1), status(2)))).toBe(true)
})

test('a fault before the first refresh that is seen is judged by the age of the lease that etcd told', () => {
  const run = cleanRun()
  const written = run.filter(event => event.kind === 'status-key')
  const known = lease(-2, written.at(-1)!.at / 1e6)
  const found = findFailover(
    historyOf(
      altered(run, event => (event.kind === 'status-key' && event !== written[0] ? null : event), [known]).events,
    ),
  )
  expect(typeof found === 'string' ? found : found.facts.refreshAge).toBe(-written.at(-1)!.at)
})
