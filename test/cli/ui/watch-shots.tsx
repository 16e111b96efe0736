/** The screen of `watch` at moments of a story, as it is drawn: for tests that look at it. */
import {renderToString} from 'ink'
import {lookOf} from '../../../cli/ui/look.ts'
import type {PaletteEntry} from '../../../cli/ui/palette.ts'
import {fold, type View, view, withoutWriters, withWriters} from '../../../cli/ui/view.ts'
import {type WatchFacts, WatchScreen} from '../../../cli/ui/watch-screen.tsx'
import {calm, type WatchState} from '../../../cli/ui/watch-state.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type LoadTold, lightLoad} from '../../../lab/run/light-load.ts'
import {strikeOf} from '../../lab/strike-of.ts'
import {storyUntil} from './story.ts'

const entries: readonly PaletteEntry[] = ['kill host on leader', 'kill etcd on etcd-leader', 'partition on leader'].map(
  label => ({
    does: {do: 'break', words: label.split(' ')},
    label,
    about: `what ${label} is about, told at such length that the narrowest terminal has no room for it`,
  }),
)

/** What a watch sees: no clients and no steps, and a watchdog that is fed. */
export function watched(seconds: number, more: readonly Event[] = []): View {
  return [...watchedEvents(seconds), ...more].reduce(fold, view([]))
}

export function watchedEvents(seconds: number): readonly Event[] {
  const seen = storyUntil(seconds).filter(({kind}) => !['op', 'phase', 'step-started', 'step-ended'].includes(kind))
  const [first, ...rest] = seen
  if (first?.kind !== 'run-started') throw new TypeError('a story begins with its beginning')
  const own: Event = {...first, scenario: {...first.scenario, name: 'watch', steps: [], clients: []}}
  const fed: Event = {
    ...{at: seconds * 1e6, kind: 'watchdog', host: 'node2', state: 'fed'},
    ...{timeoutSeconds: 15, leftMicros: 11_400_000},
  }
  return [own, ...rest, fed]
}
const views = new Map<number, View>()
function viewAt(seconds: number): View {
  const so = views.get(seconds) ?? watched(seconds)
  views.set(seconds, so)
  return so
}

export interface Shot {
  readonly columns: number
  readonly rows: number
  readonly at?: number
  readonly ascii?: boolean
  readonly state?: Partial<WatchState>
  readonly facts?: Partial<WatchFacts>
}

const log = Array.from({length: 50}, (_, nth) => {
  // One that no terminal has room for.
  const more = nth === 45 ? ' and so on'.repeat(30) : ''
  return {nth, at: nth * 1e6, text: `line ${nth} of the log of node1${more}`}
})

/** What is told at that moment, unless `facts` say otherwise. */
export function factsOf({at = 20, facts = {}}: Pick<Shot, 'at' | 'facts'>): WatchFacts {
  return {
    ...{view: viewAt(at), now: at * 1e6, quorum: {led: 2, silent: 1, members: 3, needed: 2, isLost: false, alarms: []}},
    ...{other: {holder: null, view: null, now: 0}, logOf: (host: string) => (host === 'node1' ? log : [])},
    ...{entries, load: null, doing: null, notice: null},
    ...facts,
  }
}

export function shoot(shot: Shot): string {
  const {columns, rows, ascii = false, state = {}} = shot
  const sized = {columns, rows, state: {...calm, ...state}, spin: 3}
  return renderToString(<WatchScreen look={lookOf(ascii)} {...factsOf(shot)} {...sized} />, {columns})
}

/** With what clients of its own were told. */
export function loaded(
  seconds: number,
  more: readonly Event[] = [],
  {rests}: {readonly rests?: readonly [from: number, to: number]} = {},
): View {
  const [first, ...rest] = storyUntil(seconds).filter(({kind}) => !/^(phase|step-started|step-ended)$/.test(kind))
  if (first?.kind !== 'run-started') throw new TypeError('a story begins with its beginning')
  const clients = lightLoad(first.topology)
  const own: Event = {...first, scenario: {...first.scenario, name: 'watch', steps: [], clients}}
  // The story has eight writers that are all alike.
  const named = rest.map(event => {
    if (event.kind !== 'op' || event.op !== 'write') return event
    const nth = Number(event.client.slice(1))
    return {...event, client: nth < 2 ? `psycopg-mw${nth + 1}` : `w${(nth % 4) + 1}`}
  })
  const so = [own, ...named, ...more].reduce(fold, view([]))
  return rests === undefined ? so : withWriters(withoutWriters(so, rests[0] * 1e6), rests[1] * 1e6)
}
export const on: LoadTold = {state: 'on', says: null, lost: 0}

export const playing = {holder: '`pgha-lab chaos kill-leader` (pid 7)', view: view(storyUntil(20)), now: 20e6}
export const preview = {words: ['kill'], lines: ['kill host on leader', '  hits node1'], destroys: true, refused: false}

const etcdKilled: readonly Event[] = [
  {
    ...{at: 5.2e6, kind: 'fault-injecting', id: 'kill', fault: 'kill', what: 'kill etcd on node3', hosts: ['node3']},
    strike: strikeOf('kill', {what: 'etcd'}, ['node3']),
  },
  {at: 5.4e6, kind: 'fault-proof', id: 'kill', holds: true, says: 'etcd on node3 does not run'},
  {at: 5.6e6, kind: 'etcd-member', host: 'node3', up: false, leader: null, term: null},
  {at: 6e6, kind: 'etcd-member', host: 'node1', up: true, leader: 'node1', term: 3},
]

/** What a person has before them, each state once. */
export const scenes: Readonly<Record<string, Pick<Shot, 'at' | 'state' | 'facts'>>> = {
  healthy: {
    at: 6.5,
    facts: {load: on, view: loaded(6.5), quorum: {led: 3, silent: 0, members: 3, needed: 2, isLost: false, alarms: []}},
  },
  'leader-gone': {at: 20, facts: {load: on, view: loaded(20)}},
  'after-failover': {at: 30, facts: {load: {...on, lost: 3}, view: loaded(30)}},
  'fault-in-force': {
    at: 6.5,
    facts: {view: watched(6.5, etcdKilled), notice: {says: 'kill etcd on node3: it took hold on node3', tone: 'good'}},
  },
  palette: {at: 6.5, state: {typing: 'palette', query: 'kill', chosen: 1}},
  preview: {
    at: 6.5,
    state: {
      preview: {
        words: ['kill', 'host', 'on', 'leader'],
        lines: ['kill host on leader', '  hits       node1 (leader)', '  lasts      until it is healed'],
        ...{destroys: false, refused: false},
      },
    },
  },
  help: {at: 6.5, state: {help: 1}},
  log: {at: 6.5, state: {pane: 1, filter: 'line 4', typing: 'filter', back: 2}},
  'run-followed': {at: 20, facts: {load: {...on, state: 'waits', says: playing.holder}, other: playing}},
}

export const sizes = [
  [80, 24],
  [120, 40],
  [200, 50],
] as const
