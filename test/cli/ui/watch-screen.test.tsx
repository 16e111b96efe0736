import {describe, expect, test} from 'vitest'
import {signsExplained, wordsExplained} from '../../../cli/ui/glossary.ts'
import {helpPages} from '../../../cli/ui/help.tsx'
import {watchKeys} from '../../../cli/ui/keys.ts'
import type {WatchFacts} from '../../../cli/ui/watch-screen.tsx'
import type {WatchState} from '../../../cli/ui/watch-state.ts'
import {loaded, on, playing, preview, shoot} from './watch-shots.tsx'

describe.each([
  [200, 50],
  [120, 40],
  [80, 24],
  [60, 18],
  [60, 10],
  [40, 8],
] as const)('at %d columns and %d rows', (columns, rows) => {
  test.each<[string, Partial<WatchState>, Partial<WatchFacts>]>([
    ['as it is left open', {}, {}],
    ['with the help', {help: 1}, {}],
    ['with its second page', {help: 2}, {}],
    ['with the palette', {typing: 'palette', query: 'kill'}, {}],
    ['with a fault chosen', {preview}, {}],
    ['with the log of a host, filtered and scrolled', {pane: 1, filter: 'line', back: 7, typing: 'filter'}, {}],
    ['beside a run', {}, {other: playing}],
    ['with a load', {}, {load: on}],
    ['with a load that waits beside a run', {}, {load: {...on, state: 'waits', says: 'x'.repeat(99)}, other: playing}],
    ['with a load that cannot begin', {}, {load: {state: 'off', says: 'é\n'.repeat(99), lost: 7}}],
    ['while it breaks', {}, {doing: 'breaking: kill host on leader', notice: {says: 'x'.repeat(300), tone: 'bad'}}],
  ])(
    '%s it is never wider than the terminal, as tall as it always is, and ASCII where it must be',
    (_, state, facts) => {
      for (const at of [0.7, 7.2, 20, 30]) {
        const lines = shoot({columns, rows, at, ascii: true, state, facts}).split('\n')
        expect(lines.length).toBeLessThanOrEqual(rows - 1)
        expect(Math.max(...lines.map(line => [...line].length))).toBeLessThanOrEqual(columns)
        expect(lines.join('')).toMatch(/^[ -~]*$/)
      }
    },
  )
})

test('members have the lease of their leader and the watchdog that is fed, both counted down', () => {
  const shot = shoot({columns: 80, rows: 24, at: 5})
  expect(shot).toMatch(/● node1 leader .* key {2}lease \d\ds/)
  expect(shot).toMatch(/○ node2 replica .* wd 12s/)
})

test('a quorum that is lost and an alarm are told in words', () => {
  const quorum = {
    led: 1,
    silent: 0,
    members: 3,
    needed: 2,
    isLost: true,
    alarms: ['etcd refuses writes (alarm NOSPACE)'],
  }
  expect(shoot({columns: 120, rows: 40, facts: {quorum}})).toMatch(
    /quorum +LOST 1 of 3, 2 needed {2}ALARM etcd refuses/,
  )
  expect(shoot({columns: 120, rows: 40})).toMatch(/quorum +2 of 3, 2 needed/)
})

test('on 60 columns the palette tells whole what the chosen one is about, and its list stays where it is', () => {
  const about = 'SIGKILL. A host loses power and stays off until it is mended, with whatever ran on it.'
  const entries = [
    {label: 'kill host on leader', about},
    {label: 'kill postgres on leader', about: 'short'},
  ].map(one => ({...one, does: {do: 'break' as const, words: one.label.split(' ')}}))
  const shot = (chosen: number) =>
    shoot({columns: 60, rows: 18, state: {typing: 'palette', query: '', chosen}, facts: {entries}}).split('\n')
  const whole = shot(0).join(' ').replace(/\s+/g, ' ')
  expect(whole).toContain(about)
  const place = (chosen: number) => shot(chosen).findIndex(line => line.includes('kill postgres'))
  expect(place(1)).toBe(place(0))
})

test('what no list has is named in the words that were typed, and nobody else', () => {
  const shot = shoot({columns: 120, rows: 40, state: {typing: 'palette', query: 'kill host on node7'}})
  expect(shot).toContain('enter asks what it would hit: kill host on node7')
  expect(shot).not.toContain('node2')
})

test('what is hit goes on below itself where it takes more than a row', () => {
  const lines = ['kill host on leader', `  model    ${'19.00 s to 30.85 s until clients can write again, '.repeat(2)}`]
  const shot = shoot({columns: 60, rows: 18, state: {preview: {...preview, lines}}}).split('\n')
  const first = shot.findIndex(line => line.includes('model'))
  expect(shot[first + 1]).toMatch(/^ {12}\S/)
})

test('members of etcd that only do not answer are no quorum that is lost', () => {
  const quorum = {led: 0, silent: 3, members: 3, needed: 2, isLost: null, alarms: []}
  const shot = shoot({columns: 80, rows: 24, facts: {quorum}})
  expect(shot).toMatch(/quorum +not known: 3 of 3 do not answer/)
  expect(shot).not.toContain('LOST')
})

test.each([
  [80, 24],
  [120, 40],
] as const)(
  'on %d x %d a failover under load keeps the graph of its writes, each driver, and what the model said',
  (columns, rows) => {
    const during = shoot({columns, rows, at: 20, facts: {load: on, view: loaded(20)}})
    expect(during).toMatch(/writes +0\/s +▇?█+·{10}/)
    expect(during).toMatch(/NO WRITES for 13\.\d s/)
    expect(during).toMatch(/pg through proxy +4 of 4 WITHOUT WRITES/)
    const after = shoot({columns, rows, at: 30, facts: {load: {...on, lost: null}, view: loaded(30)}})
    expect(after).toMatch(/19\.4 ?s \(19-24\)/)
    expect(after).toMatch(/writes +\d+\/s +.*·{10}/)
    expect(after).toMatch(/lost \?/)
    expect(after).not.toContain('…')
  },
)

test('a failover is beside what the timing model says of it', () => {
  const before = shoot({columns: 120, rows: 40, at: 20})
  expect(before).toContain('Failover after kill on node1')
  expect(before).toMatch(/ \d+-\d+ s\? +\d+-\d+ s\?/)
  expect(shoot({columns: 120, rows: 40, at: 30})).toMatch(/\+19\.4 s \(\d+-\d+\) +\+21\.5 s \(\d+-\d+\)/)
})

test('a run of another command has its phases, its step and its clients there', () => {
  const shot = shoot({columns: 120, rows: 40, facts: {other: playing}})
  expect(shot).toContain('in use by `pgha-lab chaos kill-leader` (pid 7)')
  expect(shot).toMatch(/Run: kill-leader/)
  expect(shot).toMatch(/NO WRITES for 13\.\d s/)
  expect(shot).toContain('3. until new-leader')
})

test('a load has its throughput, the outage that goes on, and each group that is without', () => {
  const facts = {load: on, view: loaded(20)}
  const shot = shoot({columns: 120, rows: 40, facts})
  expect(shot).toMatch(/Clients: a light load/)
  expect(shot).toMatch(/NO WRITES for 13\.\d s\n/)
  expect(shot).toMatch(/writes ok \d+ {2}fail \d+ {2}unknown 3/)
  expect(shot).toMatch(/pg through proxy +4 of 4 WITHOUT WRITES for 13\.\d s/)
  expect(shot).toMatch(/psycopg through members +2 of 2 WITHOUT WRITES for 13\.\d s/)
  expect(shoot({columns: 80, rows: 24, facts})).toMatch(/Clients: a light load[\s\S]*NO WRITES for 13\.\d s/)
})

test('after it, what was lost, the outage of each group, and how soon it was back', () => {
  const shot = shoot({columns: 120, rows: 40, at: 30, facts: {load: {...on, lost: 3}, view: loaded(30)}})
  expect(shot).toMatch(/gap +none +longest 22\.\d s +LOST 3/)
  expect(shot).toMatch(/pg through proxy +4 of 4 write +last outage 22\.\d s +reconnected in \d\.\d s/)
  const unread = shoot({columns: 120, rows: 40, at: 30, facts: {load: {...on, lost: null}, view: loaded(30)}})
  expect(unread).toContain('lost ?')
})

test('a load that waits or cannot begin says for whom, or why', () => {
  const beside = shoot({columns: 120, rows: 40, facts: {load: {...on, state: 'waits', says: 'chaos'}, other: playing}})
  expect(beside).toContain('Clients of kill-leader; the load waits until it is over')
  const waits = shoot({columns: 120, rows: 40, facts: {load: {...on, state: 'waits', says: '`pgha-lab up` (pid 7)'}}})
  expect(waits).toContain('Clients: the load waits for `pgha-lab up` (pid 7)')
  expect(shoot({columns: 120, rows: 40, facts: {load: {...on, state: 'off', says: 'no leader'}}})).toContain(
    'Clients: no load, it is tried again: no leader',
  )
  expect(shoot({columns: 120, rows: 40})).not.toContain('Clients')
})

test('the log is that of a host, only what is asked for, and as far back as it was scrolled', () => {
  const shot = shoot({columns: 80, rows: 24, at: 5, state: {pane: 1, filter: 'LOG', back: 9}})
  expect(shot).toMatch(/Log: node1 +only LOG +9 lines back/)
  expect(shot).toContain('line 40 of the log of node1')
  expect(shot).not.toContain('line 41 of')
  expect(shoot({columns: 80, rows: 24, at: 5, state: {pane: 1, filter: 'nothing like it'}})).not.toContain('line 4')
})

test('the footer has the keys of the table, and the ? page all of them, with every sign and word', () => {
  const footer = shoot({columns: 80, rows: 24}).split('\n').at(-1)
  for (const key of watchKeys.filter(one => one.short !== '')) expect(footer).toContain(`${key.name} ${key.short}`)
})

test('on the narrowest terminal the footer still names every key, and how to leave', () => {
  const footer = shoot({columns: 60, rows: 18}).split('\n').at(-1)
  expect(footer).toMatch(/^\? help \/ break .* q quit *$/)
  const words = footer!.split(/ +/)
  for (const {name} of watchKeys.filter(one => one.short !== '')) expect(words).toContain(name)
})

test('60 columns carry the lease, the watchdog, a fault and the whole of etcd, in words that are not cut', () => {
  const calm = shoot({columns: 60, rows: 24, at: 6.5})
  expect(calm).toMatch(/● node1 leader +lease \d\ds +TL 4 +running\n/)
  expect(calm).toMatch(/○ node2 replica +wd 12s TL 4 lag \d+B? +streaming\n/)
  expect(calm).toMatch(/node3 . (leads|up) *\n/)
  for (const at of [6.5, 20, 30])
    for (const facts of [{}, {load: on, view: loaded(at)}])
      expect(shoot({columns: 60, rows: 24, at, facts}).split('── Log')[0]).not.toContain('…')
  const during = shoot({columns: 60, rows: 24, at: 20})
  expect(during).toMatch(/✖ node1 stopped +lease +6s +kill 13\.0 s/)
  expect(during).toMatch(/✔ fault +○ lease +· leader +· promoted +· proxy +· write/)
  expect(during).toMatch(/19-24 s\?/)
})

test.each([
  [80, 24, 3],
  [180, 24, 3],
  [180, 40, 1],
  [120, 50, 1],
  [60, 18, 5],
] as const)('on %d columns and %d rows ? tells every key, sign and word whole, on %d pages', (columns, rows, pages) => {
  expect(helpPages(watchKeys, columns, rows - 4)).toBe(pages)
  const shots = Array.from({length: pages}, (_, page) => shoot({columns, rows, state: {help: page + 1}}))
  const help = shots.join('\n').replaceAll(/\s+/g, ' ')
  for (const {name, about} of watchKeys) expect(help).toContain(`${name} ${about}`)
  for (const {word, means} of [...signsExplained, ...wordsExplained]) expect(help).toContain(`${word ?? ''} ${means}`)
})

test('what a fault would hit and take, and why it is refused, is told whole on the narrowest terminal', () => {
  const takes = 'the data of that member of etcd: no healing brings it back, and this goes on and on to the end'
  for (const [lines, refused] of [
    [['lose-etcd-data', `  for good ${takes}`], false],
    [[takes], true],
  ] as const) {
    const shot = shoot({columns: 60, rows: 18, state: {preview: {...preview, lines, refused}}})
    expect(shot.replaceAll(/\s+/g, ' ')).toContain(takes)
  }
})

test('a fault that takes something for good asks, and one that does not waits for enter', () => {
  expect(shoot({columns: 80, rows: 24, state: {preview}})).toContain('do it? y/N')
  expect(shoot({columns: 80, rows: 24, state: {preview: {...preview, destroys: false}}})).toContain('enter does it')
})
