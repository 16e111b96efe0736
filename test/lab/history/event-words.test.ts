/** What an event is called is in one table, and whoever tells of a run tells what that gives to be told. */
import {expect, test} from 'vitest'
import {sayEvidence} from '../../../cli/render/say-event.ts'
import {emptyView, fold} from '../../../cli/ui/view.ts'
import type {Event} from '../../../lab/history/event.ts'
import {prominenceOf, sayEvent} from '../../../lab/history/event-words.ts'
import {story} from '../../../lab/judge/story.ts'
import {printable} from '../../../lab/words/printable.ts'
import {recorded, samples} from '../../units/samples.ts'

const runs = [...recorded, samples]

/** The events that get a line on the screen. */
function shown(events: readonly Event[]): {event: Event; says: string}[] {
  let view = emptyView
  return events.flatMap(event => {
    const before = view.lines.at(-1)
    view = fold(view, event)
    const line = view.lines.at(-1)
    return line === undefined || line === before ? [] : [{event, says: line.says}]
  })
}

test('the story tells only what is for the story, the screen nothing that is for evidence alone', () => {
  const prominent = new Set(runs.flat().map(event => `${event.kind} ${prominenceOf(event)}`))
  const told = new Set(runs.flatMap(events => story({events}).map(line => line.event)))
  expect(told.size).toBeGreaterThan(15)
  expect([...told].filter(kind => !prominent.has(`${kind} story`))).toEqual([])
  const onScreen = runs.flatMap(shown)
  expect(new Set(onScreen.map(one => one.event.kind)).size).toBeGreaterThan(15)
  expect(onScreen.filter(({event}) => prominenceOf(event) === 'trace')).toEqual([])
})

test('screen, story and evidence say the same of a server that a proxy marks', () => {
  const marked = runs.flatMap(shown).filter(({event}) => event.kind === 'proxy')
  expect(marked.length).toBeGreaterThan(50)
  for (const {event, says} of marked) expect([says, sayEvidence(event)]).toEqual([printable(sayEvent(event)!), says])
  const inStories = runs.flatMap(events => story({events}).filter(line => line.event === 'proxy'))
  const same = new Set(marked.map(({says}) => says))
  expect(inStories.filter(line => !same.has(printable(line.says)))).toEqual([])
})

test('what the engine may call anything has the words of no other thing', () => {
  const event: Event = {at: 0, kind: 'container', host: 'node1', action: 'constructor', exitCode: null}
  expect([sayEvent(event), prominenceOf(event)]).toEqual(['the engine says of node1: constructor', 'trace'])
})

test('an event of a kind that nobody knows has only its fields', () => {
  const event = {at: 0, kind: 'constructor', host: 'node1'} as unknown as Event
  expect([sayEvent(event), prominenceOf(event), sayEvidence(event)]).toEqual([null, 'trace', 'constructor: host node1'])
})
