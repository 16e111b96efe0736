import {expect, test} from 'vitest'
import {plainProgress, plainRun} from '../../../cli/ui/plain.ts'
import type {Event} from '../../../lab/history/event.ts'
import {story} from './story.ts'

function progress() {
  const lines: string[] = []
  let nowMs = 1000
  return {
    lines,
    tell: plainProgress(
      line => lines.push(line),
      () => nowMs,
    ),
    pass(ms: number) {
      nowMs += ms
    },
  }
}

test('each step has a line when it begins and one when it is done, with its time', () => {
  const {lines, tell, pass} = progress()
  pass(3200)
  tell({step: 'build the image of the hosts', state: 'begin'})
  pass(24_100)
  tell({step: 'build the image of the hosts', state: 'done', says: '212 MB'})
  expect(lines).toEqual([
    '[+3.2 s] build the image of the hosts ...\n',
    '[+27.3 s] build the image of the hosts ... done (24.1 s): 212 MB\n',
  ])
})

test('details come at most every five seconds', () => {
  const {lines, tell, pass} = progress()
  tell({step: 'apt', state: 'begin'})
  for (let n = 0; n < 120; n++) {
    pass(100)
    tell({step: 'apt', state: 'detail', says: `package ${n}`, fraction: n / 120})
  }
  expect(lines).toEqual(['[+0.0 s] apt ...\n', '[+5.0 s] apt: 41 %, package 49\n', '[+10.0 s] apt: 83 %, package 99\n'])
})

test('a step that failed says so', () => {
  const {lines, tell} = progress()
  tell({step: 'x', state: 'begin'})
  tell({step: 'x', state: 'failed'})
  expect(lines.at(-1)).toBe('[+0.0 s] x ... FAILED (0.0 s)\n')
})

test('a detail stays on one line and carries no escape sequence', () => {
  const {lines, tell, pass} = progress()
  pass(9000)
  tell({step: 'x', state: 'detail', says: 'a\r\n\u001b[31mb\u001b[0m'})
  expect(lines).toEqual(['[+9.0 s] x: a b\n'])
})

test('a run is told by its notable events, each once, earlier ones included', () => {
  const events = story()
  const half = Math.floor(events.length / 2)
  const listeners = new Set<(event: Event) => void>()
  const lines: string[] = []
  const stop = plainRun(line => lines.push(line), {
    events: events.slice(0, half),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  for (const event of events.slice(half)) for (const listener of listeners) listener(event)
  expect(lines).toContain('[+7.00 s] FAULT kill host on leader: node1\n')
  expect(lines).toContain('[+28.50 s] node2 holds the leader key\n')
  expect(lines.filter(line => line.includes('holds the leader key'))).toHaveLength(2)
  expect(lines.length).toBeLessThan(60)
  stop()
  expect(listeners.size).toBe(0)
})
