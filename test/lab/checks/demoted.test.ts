/** Whether the old primary stopped taking writes in time, by what was seen of it and what was not. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {checks} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {calmRun} from './calm-run.ts'
import {micros} from './history-builder.ts'

const {demoted} = checks
const without = (events: readonly Event[], drop: (event: Event) => boolean): History =>
  historyOf(events.filter(event => !drop(event)))

describe('demoted', () => {
  const judge = (history: History, within: number, after: 'fault' | 'mend' = 'fault') =>
    demoted.judge(history, {within, after})

  test('tells the last moment at which the old primary took writes', () => {
    const history = historyOf(calmRun({demoted: [5, 12], outage: [5, 14]}))
    expect(judge(history, 6000)).toMatchObject({verdict: 'pass', says: expect.stringContaining('its last write 5.00')})
    expect(judge(history, 4000)).toMatchObject({verdict: 'fail', says: expect.stringContaining('4.00 s are allowed')})
  })

  test('a primary that was promoted anew before the mend was demoted, also where nobody got an answer in between', () => {
    const events = calmRun({mend: 20, finalReads: 26, demoted: [5, 9], outage: [5, 9]}).map((event): Event => {
      const isOld = !('at' in event) || event.at < micros(9)
      const own = (event.kind === 'postgres' && event.host === 'node1') || event.kind === 'op'
      return isOld || !own ? event : ({...event, timeline: 2} as Event)
    })
    const says =
      'node1 took its last write 5.00 s after the fault (6.00 s are allowed), and was promoted anew, to timeline 2.'
    expect(judge(historyOf(events), 6000)).toMatchObject({verdict: 'pass', says})
    expect(judge(historyOf(events), 4000).verdict).toBe('fail')
    const mute = events.map((event): Event => {
      const between =
        event.kind === 'postgres' && event.host === 'node1' && event.at > micros(5) && event.at < micros(9)
      return between ? {...event, up: false, inRecovery: null, timeline: null, lsn: null, error: '57P03'} : event
    })
    expect(judge(historyOf(mute), 6000)).toMatchObject({verdict: 'pass', says})
  })

  test('passes for one that was silent for a while within the limit, and then no longer says for how long it took writes', () => {
    const events = calmRun({demoted: [5, 12], outage: [5, 14]}).map((event): Event => {
      const isMute =
        event.kind === 'postgres' && event.host === 'node1' && event.at > micros(4.9) && event.at < micros(6.5)
      const none = {inRecovery: null, readOnly: null, timeline: null, lsn: null, replayedLsn: null, receiver: null}
      return isMute ? {...event, ...none, up: false, error: 'timeout'} : event
    })
    const found = judge(historyOf(events), 8000)
    expect(found).toMatchObject({verdict: 'pass', measures: {writableForMicros: null}})
    expect(found.says).toMatch(
      /^node1 was seen taking its last write 5\.00 s after the fault \(8\.00 s are allowed\); node1 lived but did not answer for 1\.\d\d s from .*, in which it may have\.$/,
    )
    expect(judge(historyOf(events), 5100)).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('lived but did not answer'),
    })
  })

  test('fails for a primary that never stops', () => {
    expect(judge(historyOf(calmRun()), 6000).verdict).toBe('fail')
    expect(judge(historyOf(calmRun()), 3000, 'mend').verdict).toBe('fail')
  })

  test('is unknown for a starved machine and for one that nobody asked', () => {
    const events = calmRun({demoted: [7, 12], outage: [7, 14]})
    const starved = events.map(event =>
      event.kind === 'watching' && event.who === 'runner' ? {...event, worstMicros: 900_000} : event,
    )
    expect(judge(historyOf(starved), 6000).verdict).toBe('unknown')
    const unasked = without(
      events,
      event => event.kind === 'postgres' && event.host === 'node1' && event.at > micros(1),
    )
    expect(judge(unasked, 8000).verdict).toBe('unknown')
  })

  test('what a frozen primary had been asked for it may do when it wakes up, and that is told', () => {
    // Its clients sent six more writes while it was frozen, which it acknowledged in the first milliseconds after.
    const packed = readFileSync(
      join(import.meta.dirname, '..', '..', 'histories', 'pinned-sessions-asked-before.pass.ndjson.gz'),
    )
    const history = parseHistory(gunzipSync(packed).toString())
    const found = judge(history, 3000, 'mend')
    expect(found.verdict).toBe('pass')
    expect(found.says).toMatch(/^node2 took what it had been asked for before, at most \d+ ms after the mend/)
    expect(judge(history, 1, 'mend')).toMatchObject({
      verdict: 'unknown',
      says: expect.stringMatching(/^node2 may have taken writes \d+ ms after the mend, 1 ms are allowed/),
    })
  })
})
