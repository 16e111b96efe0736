import {renderToString} from 'ink'
import {describe, expect, test} from 'vitest'
import {signsExplained, wordsExplained} from '../../../cli/ui/glossary.ts'
import {type KeyBinding, keys, replayKeys, stepKeys} from '../../../cli/ui/keys.ts'
import {lookOf} from '../../../cli/ui/look.ts'
import {type Mode, RunScreen, runHelpPages} from '../../../cli/ui/run-screen.tsx'
import {fold, type View, view} from '../../../cli/ui/view.ts'
import type {Event} from '../../../lab/history/event.ts'
import {op, story, storyUntil} from './story.ts'

const calm: Mode = {help: 0, log: true, asking: false, interrupted: false, finished: false}

interface Shot {
  readonly columns: number
  readonly rows: number
  readonly at?: number
  readonly ascii?: boolean
  readonly mode?: Partial<Mode>
  readonly more?: readonly Event[]
  readonly bindings?: readonly KeyBinding[]
}

/** Folded once for each moment: every shot of it shows the same. */
const views = new Map<number, View>()
function viewAt(seconds: number): View {
  const so = views.get(seconds) ?? view(storyUntil(seconds))
  views.set(seconds, so)
  return so
}

function shoot({columns, rows, at = 20, ascii = false, mode = {}, more = [], bindings = keys}: Shot): string {
  return renderToString(
    <RunScreen
      look={lookOf(ascii)}
      view={more.reduce(fold, viewAt(at))}
      now={at * 1_000_000}
      columns={columns}
      rows={rows}
      spin={3}
      mode={{...calm, ...mode}}
      bindings={bindings}
    />,
    {columns},
  )
}

const sizes = [
  [120, 40],
  [100, 30],
  [100, 15],
  [80, 24],
  [70, 16],
  [60, 20],
  [50, 12],
  [20, 5],
  [10, 2],
] as const

describe.each(sizes)('at %d columns and %d rows', (columns, rows) => {
  test.each([{}, {help: 1}, {help: 2}, {log: false}, {asking: true}, {interrupted: true}, {finished: true}])(
    'nothing is wider than the terminal or as tall as it, in mode %o',
    mode => {
      for (const at of [0.001, 0.7, 5, 7.2, 20, 26.5, 28.9, 33, 36, 41]) {
        const lines = shoot({columns, rows, at, mode}).split('\n')
        expect(lines.length, `at ${at} s`).toBeLessThanOrEqual(Math.max(1, rows - 1))
        expect(Math.max(...lines.map(line => [...line].length)), `at ${at} s`).toBeLessThanOrEqual(columns)
      }
    },
  )

  test('with ASCII there is no other character, also from the words of others', () => {
    const more: Event[] = [
      {
        at: 20_000_000,
        kind: 'note',
        says: 'Größe → ✔ überschritten, a long line that is cut somewhere near here, and on',
      },
    ]
    for (const at of [5, 20, 41]) expect(shoot({columns, rows, at, ascii: true, more})).toMatch(/^[\n -~]*$/)
  })
})

test('before the first event there is a screen already', () => {
  const empty = renderToString(
    <RunScreen look={lookOf(false)} view={view([])} now={0} columns={80} rows={24} spin={0} mode={calm} />,
    {columns: 80},
  )
  expect(empty).toContain('no write yet')
})

test('its height does not change while a run goes on, so that nothing jumps', () => {
  const heights = [1.1, 5, 7.2, 20, 28.9, 41].map(at => shoot({columns: 80, rows: 24, at}).split('\n').length)
  expect(new Set(heights)).toEqual(new Set([23]))
})

describe('at 120x40 during the outage', () => {
  const shot = shoot({columns: 120, rows: 40})

  test('the dead leader is stopped, holds the key, and is under its fault for 13 s', () => {
    expect(shot).toMatch(/✖ node1 stopped +lease +\ds +kill 13\.0 s/)
  })

  test('the clients are beside the members, with the gap that is open', () => {
    expect(shot).toMatch(/Members ─+ Clients/)
    expect(shot).toMatch(/NO WRITES for 13\.\d s/)
    expect(shot).toMatch(/writes +0\/s +.*█·{12}/)
  })

  test('the lease that must run out is counted down', () => {
    expect(shot).toMatch(/the lease of node1 must run out first {2}█+░+ {2}\d\.\d s left/)
  })

  test('the proxy has no server for writes', () => {
    expect(shot).toContain('proxy1 primary  node1 ▽ down   node2 ▽ down   node3 ▽ down')
  })

  test('the step that runs, the phases and the log are there', () => {
    expect(shot).toMatch(/3\. until new-leader {2}12\.9 s/)
    expect(shot).toContain('✔ leftovers ✔ healthy ✔ steady ⠸ steps · healing')
    expect(shot).toContain('7.00 FAULT kill host on leader: node1')
  })
})

test('after the failover every mark has its seconds after the fault', () => {
  const shot = shoot({columns: 80, rows: 24, at: 30})
  expect(shot).toMatch(/✔ fault +✔ lease over +✔ new leader +✔ promoted +✔ proxy up +✔ first write/)
  expect(shot).toMatch(/0\.0s +19\.4s \(\d+-\d+\) +21\.5s \(\d+-\d+\) +21\.\ds .* +21\.8s .* +2[12]\.\ds/)
  expect(shot).toMatch(/node2 took over: writes are acknowledged 2[12]\.\d s after the fault/)
})

test("a first write seen 9 ms before the proxy's sample leaves no mark out, and the marks stand in the order of the phases", () => {
  const write = op(28.791, 'write', 'ok', 'node2')
  const sample: Event = {
    ...{at: 28_800_000, kind: 'proxy', proxy: 'proxy1', backend: 'primary', server: 'node2'},
    ...{status: 'UP', up: true, check: 'L7OK 200 3ms'},
  }
  const shot = shoot({columns: 80, rows: 24, at: 28.75, more: [write, sample]})
  expect(shot).toMatch(/✔ fault +✔ lease over +✔ new leader +✔ promoted +✔ proxy up +✔ first write/)
  expect(shot).toMatch(/ 21\.8s \(\d+-\d+\) +21\.8s \(\d+-\d+\) *$/m)
  expect(view([...storyUntil(28.75), write, sample]).failover!.phases).toMatchObject({
    newServerUp: 28_800_000,
    firstWrite: 28_791_000,
  })
})

test('on a small terminal there is a table, the gap, the lease and the step', () => {
  const shot = shoot({columns: 50, rows: 12})
  expect(shot).toMatch(/node1 {3}stopped/)
  expect(shot).toContain('NO WRITES 13.')
  expect(shot).toMatch(/lease of node1: \d\.\d s left/)
  expect(shot).toContain('step 3/7: until new-leader')
})

test('on a narrow terminal the footer still says how to leave a replay, and how a run that is paused goes on', () => {
  const shot = {columns: 60, rows: 20}
  expect(
    shoot({...shot, bindings: replayKeys})
      .split('\n')
      .at(-1),
  ).toMatch(/^space pause .* q quit/)
  const paused = 'step 3: until new-leader within the budget of this lab and then some'
  expect(
    shoot({...shot, mode: {paused}})
      .split('\n')
      .at(-1),
  ).toMatch(/^space goes on {3}paused before step 3: until/)
})

test.each([
  ['chaos', keys],
  ['chaos --step', stepKeys],
  ['replay', replayKeys],
] as const)('the ? pages of %s tell each of its keys, and every sign and word of the screen, whole', (_, bindings) => {
  for (const [columns, rows] of [
    [120, 40],
    [80, 24],
    [60, 20],
  ] as const) {
    const pages = runHelpPages(bindings, columns, rows)
    const shots = Array.from({length: pages}, (_, page) => shoot({columns, rows, bindings, mode: {help: page + 1}}))
    const help = shots.join('\n').replaceAll(/\s+/g, ' ')
    for (const {name, about} of bindings) expect(help).toContain(`${name} ${about}`)
    for (const {word, means} of [...signsExplained, ...wordsExplained]) expect(help).toContain(`${word ?? ''} ${means}`)
  }
})

test('the footer names every key of the table', () => {
  const footer = shoot({columns: 80, rows: 24}).split('\n').at(-1)
  for (const key of keys) expect(footer).toContain(`${key.name} ${key.short}`)
})

test('on 80 columns the footer of a replay has what jumps by phase', () => {
  expect(shoot({columns: 80, rows: 24, bindings: replayKeys}).split('\n').at(-1)).toMatch(/n next +b back .*q quit/)
})

test('the lease of the leader is counted down among the members, and the quorum of etcd is told', () => {
  for (const [columns, rows] of [
    [120, 40],
    [80, 24],
  ] as const) {
    expect(shoot({columns, rows, at: 5})).toMatch(/● node1 leader .*lease +\d+s/)
    expect(shoot({columns, rows, at: 5})).toMatch(/etcd quorum 3\/3 /)
    expect(shoot({columns, rows, at: 20})).toMatch(/etcd quorum 2\/3 /)
  }
})

test('without the log its rows go to the steps', () => {
  const shot = shoot({columns: 80, rows: 24, mode: {log: false}})
  expect(shot).not.toContain('Log')
  expect(shot).toContain('5. heal crash')
})

test('the last frame is the steps with their times, and a step that was cut off is not told as done', () => {
  expect(shoot({columns: 80, rows: 24, at: 41, mode: {finished: true}})).toMatch(
    /^✔ kill-leader was played in 0:41, longest pause between writes 2[12]\.\d\d s\n {2}✔ 1\. hold 2 s/,
  )
  const more: Event[] = [{at: 20_000_000, kind: 'run-ended', how: 'interrupted'}]
  const cut = shoot({columns: 80, rows: 24, more, mode: {finished: true}})
  expect(cut).toMatch(/^✖ kill-leader was interrupted after 0:20\n/)
  expect(cut).toMatch(/✖ 3\. until new-leader {2}12\.9 s {2}not finished/)
})

test('the story can be shown at every turn of it', () => {
  const plot = story(2).filter(event => !['op', 'postgres', 'patroni'].includes(event.kind))
  let so = view([])
  for (const event of plot) {
    so = fold(so, event)
    const shot = renderToString(
      <RunScreen look={lookOf(false)} view={so} now={event.at} columns={100} rows={30} spin={0} mode={calm} />,
      {columns: 100},
    )
    expect(shot, `at ${event.kind}`).not.toMatch(/undefined|NaN|null|\[object/)
  }
})
