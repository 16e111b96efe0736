import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import type {Event, Happening} from '../../../lab/history/event.ts'
import {plain} from '../../../lab/history/event-table.ts'
import {type History, historyOf, of, Recorder, seldom} from '../../../lab/history/history.ts'
import {RowsOfRun} from '../../../lab/history/rows-of-run.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {cleanRun, quickRun} from '../checks/history-builder.ts'

const made = cleanRun({...quickRun, writers: 8, writesPerSecond: 60, readsPerSecond: 20, bankPerSecond: 20})
const op = made.find(event => event.kind === 'op')!

function recorded(asRows: boolean, file?: string): {history: Recorder; heard: Event[]} {
  const history = new Recorder(file, undefined, {asRows})
  const heard: Event[] = []
  history.subscribe(event => heard.push(event))
  for (const {at, ...happening} of made) history.record(happening as Happening, at)
  return {history, heard}
}

test('a run that is kept as rows says what one of objects says, in memory, to listeners and in its file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-rows-'))
  try {
    const files = [join(folder, 'objects'), join(folder, 'rows')] as const
    using objects = recorded(false, files[0]).history
    const told = recorded(true, files[1])
    using rows = told.history
    expect(Object.keys(of(rows, 'op')[0]!)).toEqual([]) // or this would compare nothing
    expect(JSON.stringify(rows.events)).toBe(JSON.stringify(objects.events))
    expect(rows.events.map(plain)).toEqual(objects.events)
    expect(told.heard).toEqual(objects.events)
    expect(JSON.stringify(rows.sealed())).toBe(JSON.stringify(objects.sealed()))
    expect(JSON.stringify(judge(rows.sealed()))).toBe(JSON.stringify(judge(objects.sealed())))
    expect(readFileSync(files[1])).toEqual(readFileSync(files[0]))
  } finally {
    rmSync(folder, {recursive: true})
  }
})

test('unless it is asked for, each event has keys of its own', () => {
  using history = new Recorder()
  const {at, ...happening} = op
  history.record(happening as Happening, at)
  expect({...history.events[0]}).toEqual(op)
  expect({...history.sealed().events[0]}).toEqual(op)
})

test.each<[string, object]>([
  ['a number that is none', {...op, id: Number.NaN}],
  ['a number that is missing', {...op, id: undefined}],
  ['a text for a number', {...op, id: '7'}],
  ['a word that is an object', {...op, server: {name: 'node1'}}],
  ['a key that is not known', {...op, mood: 'good'}],
  ['a kind that is told seldom', {at: 1, kind: 'note', says: 'so'}],
])('%s is kept as it is', (_what, event) => {
  const rows = new RowsOfRun()
  rows.keep(op)
  expect(rows.keep(event as Event)).toBe(event)
})

test('what recurs too seldom, in its words or in its keys, is kept as it is, and all is told as it was', () => {
  const rows = new RowsOfRun()
  const texts = Array.from({length: 20_000}, (_, nth) => ({...op, id: nth, error: `refused at port ${nth}`}) as Event)
  const kept = texts.map(event => rows.keep(event))
  expect(kept.map(plain)).toEqual(texts)
  expect(kept.at(-1)).toBe(texts.at(-1))
  const names = Object.keys(op)
  const turned = names.map((_, nth) => {
    const order = [...names.slice(nth), ...names.slice(0, nth)]
    return Object.fromEntries(order.map(name => [name, (op as unknown as Record<string, unknown>)[name]]))
  })
  for (const event of turned) expect(JSON.stringify(rows.keep(event as unknown as Event))).toBe(JSON.stringify(event))
})

test('what was sealed stays as it was, and what is sealed later has what came late in its place', () => {
  using history = new Recorder(undefined, undefined, {asRows: true})
  const late = (nth: number) => (nth % 3 === 0 ? nth - 5 : nth)
  const told: Event[] = []
  const sealed: {given: History; as: string}[] = []
  for (let nth = 0; nth < 300; nth++) {
    const {at: _, ...happening} = nth % 4 === 0 ? ({at: 0, kind: 'note', says: `${nth}`} as const) : {...op, id: nth}
    history.record(happening as Happening, Math.max(0, late(nth)))
    told.push({at: Math.max(0, late(nth)), ...happening} as Event)
    if (nth % 7 !== 0) continue
    const given = history.sealed()
    expect(history.sealed().events).toBe(given.events)
    const anew = historyOf(told)
    expect(JSON.stringify(given.events)).toBe(JSON.stringify(anew.events))
    for (const kind of ['op', 'note'] as const)
      expect(JSON.stringify(of(given, kind))).toBe(JSON.stringify(of(anew, kind)))
    expect(JSON.stringify(seldom(given))).toBe(JSON.stringify(seldom(anew)))
    sealed.push({given, as: JSON.stringify([given.events, of(given, 'op'), seldom(given)])})
  }
  for (const {given, as} of sealed) expect(JSON.stringify([given.events, of(given, 'op'), seldom(given)])).toBe(as)
})

test('what is told often is found by its kind also where it is asked for late, and again after more has come', () => {
  using history = new Recorder()
  const {at, ...happening} = op
  for (const nth of [1, 2, 3]) history.record(happening as Happening, at + nth)
  expect(of(history, 'note')).toEqual([])
  expect(of(history, 'op')).toHaveLength(3)
  history.record(happening as Happening, at + 4)
  expect(of(history, 'op').map(one => one.at - at)).toEqual([1, 2, 3, 4])
  expect(seldom(history)).toEqual([])
})
