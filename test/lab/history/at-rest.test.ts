/** What the engine tells of its containers counts only while its clock runs on: of one that was set nobody knows what happened when. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {find} from '../../../lab/checks/index.ts'
import {atRest} from '../../../lab/history/at-rest.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'

const folder = join(import.meta.dirname, '..', '..', 'histories')
/** The watch on the first site's etcd was away from its end on, and back 3.7 s after its start. */
const history = parseHistory(gunzipSync(readFileSync(join(folder, 'first-site-returns.fail.ndjson.gz'))).toString())

/** The clock of the engine is set between the end of the first site and its start: it says 5 s too much of that. */
function clockSet({events}: History): History {
  const [promotion] = of(history, 'fault-injecting').filter(one => one.fault === 'promote-standby-cluster')
  const measured = of(history, 'clock').find(one => one.who === 'engine')!
  const set = promotion!.at
  return historyOf([
    ...events.map(one => (one.kind === 'container' && one.at >= set ? {...one, at: one.at + 5_000_000} : one)),
    {...measured, at: set + 1_000_000, offsetMicros: measured.offsetMicros - 5_000_000},
  ])
}

const check = {check: 'writable-within-lock', params: {}}

describe('the engine started a host, by a clock', () => {
  test('that ran on: until then the host did nothing, and what nobody saw after it is not known', () => {
    const [start] = of(history, 'container').filter(one => one.host === 'etcd1' && one.action === 'start')
    expect(atRest(history, 'etcd1', 'etcd')).toEqual([expect.objectContaining({to: start!.at})])
    expect(find(history, check)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('told nothing')})
  })

  test('that was set meanwhile: the host did nothing until its mend, as the run itself says, and not longer', () => {
    const set = clockSet(history)
    const mending = of(set, 'fault-mending').find(one => one.mend.host === 'etcd1')!
    expect(atRest(set, 'etcd1', 'etcd')).toEqual([expect.objectContaining({to: mending.at})])
    expect(find(set, check)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('told nothing')})
  })
})

const reset = parseHistory(
  gunzipSync(readFileSync(join(folder, 'watchdog-resets-proxy-per-node.pass.ndjson.gz'))).toString(),
)

describe('a host with a proxy that its watchdog reset', () => {
  const [start] = of(reset, 'container').filter(one => one.host === 'node1' && one.action === 'start')
  const boot = {from: expect.any(Number), to: start!.at + 25_000_000}

  test('did nothing until it had booted, so nobody missed where its proxy led', () => {
    expect(atRest(reset, 'node1', 'haproxy')).toEqual([boot])
    expect(find(reset, {check: 'routed-to-leader', params: {}}).verdict).toBe('pass')
  })

  test('is not at rest from the first answer on, however long it was to be away', () => {
    const report = of(reset, 'watching').find(
      one => one.who === 'proxy' && one.host === 'node1' && one.at > start!.at + 9e6,
    )!
    const answered = historyOf(reset.events.map(one => (one === report ? {...report, failures: 0} : one)))
    expect(atRest(answered, 'node1', 'haproxy')).toEqual([{...boot, to: report.at - 1_100_000}])
    expect(find(answered, {check: 'routed-to-leader', params: {}}).verdict).toBe('unknown')
  })

  test('is not known to have booted without the word of its watchdog', () => {
    const less = historyOf(reset.events.filter(one => one.kind !== 'watchdog' || one.state !== 'fired'))
    expect(find(less, {check: 'routed-to-leader', params: {}})).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('told nothing of node1 for 25.'),
    })
  })
})

describe('a host with a proxy that is shut down', () => {
  /** Its proxy ends 3 s before it does. */
  const shutDown = (refused: (of: number) => number) =>
    historyOf(
      reset.events.flatMap((one): Event[] => {
        if (one.kind !== 'watching' || one.who !== 'proxy' || one.host !== 'node3') return [one]
        if (one.at < 30e6 || one.at > 35e6) return [one]
        return [{...one, samples: 9, failures: 9, refused: refused(9)}]
      }),
    )

  test('does nothing from the moment on at which nobody listens at the port of its statistics', () => {
    const [rest] = atRest(
      shutDown(all => all),
      'node3',
      'haproxy',
    )
    expect(rest!.from).toBeGreaterThan(28e6)
    expect(rest!.to).toBeLessThan(36e6)
    expect(
      find(
        shutDown(all => all),
        {check: 'routed-to-leader', params: {}},
      ).verdict,
    ).toBe('pass')
  })

  test('may do anything while its proxy only does not answer, once of all the times that it was asked', () => {
    expect(
      find(
        shutDown(all => all - 1),
        {check: 'routed-to-leader', params: {}},
      ),
    ).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('told nothing of node3'),
    })
  })
})
