import {expect, test} from 'vitest'
import {parseLogLine} from '../../../lab/probes/container-log.ts'

test("the engine's stamp is taken off a line and keeps its microseconds", () => {
  expect(parseLogLine('2026-11-20T16:13:07.322271186Z watchdog | fired')).toEqual({
    stamp: '2026-11-20T16:13:07.322271186Z',
    atMs: Date.parse('2026-11-20T16:13:07.322Z') + 0.271,
    text: 'watchdog | fired',
  })
})

test('a line without a stamp is none of the engine', () => expect(parseLogLine('watchdog | fired')).toBeNull())
