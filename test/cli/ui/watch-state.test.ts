import {expect, test} from 'vitest'
import {HostLogs, seen} from '../../../cli/ui/host-log.ts'
import {found, paletteOf} from '../../../cli/ui/palette.ts'
import {type Act, calm, type Preview, pressed, type WatchState} from '../../../cli/ui/watch-state.ts'
import {faults} from '../../../lab/faults/index.ts'
import {loadScenario, scenarioNames} from '../../../lab/scenario/index.ts'
import {faultWords, spokenFault} from '../../../lab/scenario/spoken-fault.ts'
import {fakeTopology} from '../../lab/fake/lab.ts'

const selectors = ['leader', 'replica', 'replicas', 'etcd-leader', 'etcd', 'all', 'servers', 'proxy']
const entries = paletteOf(fakeTopology, {
  scenarios: scenarioNames().map(loadScenario),
  wordsOf: faultWords,
  aboutFault: fault => faults[fault]?.about ?? '',
  selectors,
})

function type(keys: readonly string[], from: WatchState = calm): readonly [WatchState, readonly Act[]] {
  const acts: Act[] = []
  let state = from
  for (const input of keys) {
    const [next, act] = pressed(state, {input, ctrl: false}, {entries, panes: 6, page: 10, helpPages: 2})
    state = next
    if (act !== null) acts.push(act)
  }
  return [state, acts]
}

test('the palette has every scenario, and each form of a fault once, which break reads', () => {
  expect(entries.filter(one => one.does.do === 'scenario')).toHaveLength(scenarioNames().length)
  const breaking = entries.filter(one => one.does.do === 'break')
  expect(breaking.length).toBeGreaterThan(40)
  expect(new Set(entries.map(one => one.label)).size).toBe(entries.length)
  for (const {does, about} of breaking) {
    expect(about).not.toBe('')
    if (does.do === 'break') expect(spokenFault(does.words).on).toBeDefined()
  }
})

test.each([
  ['kill host on leader', 'kill host on leader'],
  ['khl', 'kill host on leader'],
  ['scen kill-l', 'scenario kill-leader'],
  ['KILL HOST', 'kill host on leader'],
])('%j finds %j first', (query, first) => {
  expect(found(entries, query)[0]?.label).toBe(first)
})

test('letters that are in nothing find nothing, and none find all', () => {
  expect(found(entries, 'qqqq')).toEqual([])
  expect(found(entries, ' ')).toHaveLength(entries.length)
})

test('a fault is found, looked at, and done by a second enter', () => {
  const [state, acts] = type(['/', ...'kill host on leader', 'enter'])
  const words = ['kill', 'host', 'on', 'leader']
  expect(acts).toEqual([{do: 'preview', words}])
  expect(state.preview).toMatchObject({words, lines: null})
  const preview: Preview = {words, lines: ['it hits node1'], destroys: false, refused: false}
  expect(type(['enter'], {...state, preview})[1]).toEqual([{do: 'break', words}])
  expect(type(['escape'], {...state, preview})).toEqual([{...state, preview: null}, []])
})

test('a scenario is looked at before it is played, and only a y plays it', () => {
  const [state, acts] = type(['/', ...'scen kill-l', 'enter'])
  const words = ['scenario', 'kill-leader']
  expect(acts).toEqual([{do: 'preview', words}])
  const preview: Preview = {words, lines: ['its steps'], destroys: true, refused: false}
  expect(type(['enter'], {...state, preview})[1]).toEqual([])
  expect(type(['y'], {...state, preview})[1]).toEqual([{do: 'scenario', name: 'kill-leader'}])
})

test('what takes something for good wants a y; an enter, a hasty one too, does nothing', () => {
  const words = ['truncate-table']
  const preview: Preview = {words, lines: ['...'], destroys: true, refused: false}
  const so: WatchState = {...calm, preview}
  expect(type(['enter'], so)[1]).toEqual([])
  expect(type(['y'], so)[1]).toEqual([{do: 'break', words}])
  expect(type(['enter', 'enter'], {...calm, preview: {...preview, lines: null}})[1]).toEqual([])
  expect(type(['y'], {...calm, preview: {...preview, lines: null}})[1]).toEqual([])
  expect(type(['y'], {...calm, preview: {...preview, refused: true}})[1]).toEqual([])
})

test('a form that no scenario has is typed whole', () => {
  const [, acts] = type(['/', ...'kill etcd on node2 limit=7s', 'enter'])
  expect(acts).toEqual([{do: 'preview', words: ['kill', 'etcd', 'on', 'node2', 'limit=7s']}])
})

test('letters go to what is typed and are no keys there, named keys are no letters, and one is taken back', () => {
  const [state, acts] = type(['/', ...'hqs', 'backspace', 'left', '\u001b[A'])
  expect([state.query, acts]).toEqual(['hq[A', []])
  expect(type([...'f', ...'quh', 'enter', 'q'])[0].filter).toBe('quh')
})

test('the log goes through its hosts, back by lines and pages, and never before its end', () => {
  expect(type(['tab', 'tab'])[0].pane).toBe(2)
  expect(type(Array.from({length: 6}, () => 'tab'))[0].pane).toBe(0)
  expect(type(['page-up', 'up', 'down', 'page-down', 'page-down'])[0].back).toBe(0)
  const lines = Array.from({length: 30}, (_, index) => index)
  expect(seen(lines, String, {filter: '', back: 100, rows: 10})).toEqual({lines: lines.slice(0, 10), back: 20})
  expect(seen(lines, String, {filter: '2', back: 0, rows: 3}).lines).toEqual([27, 28, 29])
})

test('a log that goes on for ever keeps its newest lines only', () => {
  const logs = new HostLogs()
  for (let line = 0; line < 100_000; line++) logs.hear('node1', line, `line ${line}`)
  expect(logs.of('node1').length).toBeLessThanOrEqual(1000)
  expect(logs.of('node1').at(-1)?.text).toBe('line 99999')
  expect(logs.of('node2')).toEqual([])
})

test('the help is gone through page by page, and left', () => {
  expect([1, 2, 3].map(times => type(Array.from({length: times}, () => '?'))[0].help)).toEqual([1, 2, 0])
  expect(type(['?', 'escape'])[0].help).toBe(0)
})
