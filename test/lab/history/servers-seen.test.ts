import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {fenced} from '../../../lab/checks/fenced.ts'
import {writableWithinLock} from '../../../lab/checks/writable-within-lock.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'

const folder = join(import.meta.dirname, '..', '..', 'histories')
const recorded = (name: string) => parseHistory(gunzipSync(readFileSync(join(folder, `${name}.ndjson.gz`))).toString())

/** A watchdog has reset node2: it boots for 25 s, in which nobody gets an answer. */
const reset = recorded('watchdog-resets.pass')

function edited(history: History, of: (one: Of<'postgres'>) => Partial<Of<'postgres'>>): History {
  return historyOf(
    history.events.map((one): Event => (one.kind === 'postgres' && one.host === 'node2' ? {...one, ...of(one)} : one)),
  )
}

const back = reset.events.find(
  (one): one is Of<'postgres'> => one.kind === 'postgres' && one.host === 'node2' && one.up && one.at > 30_000_000,
)!

describe('a server that was unseen and is back', () => {
  const nobody = {timeline: null, receiver: null}

  test('follows nobody at first, and so names no timeline: what it names then tells that it was not promoted', () => {
    const slow = edited(reset, one => (one.at >= back.at && one.at < back.at + 1_000_000 ? nobody : {}))
    expect(fenced.judge(slow, {margin: 1000}).verdict).toBe('pass')
    expect(writableWithinLock.judge(slow, {slack: 300}).verdict).toBe('pass')
  })

  test('never names one: whether it was promoted is not known', () => {
    const silent = edited(reset, one => (one.at >= back.at ? nobody : {}))
    expect(fenced.judge(silent, {margin: 1000}).verdict).toBe('unknown')
  })

  test('names one that nobody was seen to lead: whether it was promoted is not known', () => {
    const strange = edited(reset, one => (one.at >= back.at ? {timeline: 7} : {}))
    expect(fenced.judge(strange, {margin: 1000}).verdict).toBe('unknown')
  })
})
