/** What the engine tells of its containers counts only while its clock runs on: of one that was set nobody knows what happened when. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {find} from '../../../lab/checks/index.ts'
import {atRest} from '../../../lab/history/at-rest.ts'
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
