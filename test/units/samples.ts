/** What the walk of the units looks at: every recorded run, events that none of them has, and a lab in which everything is broken. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {broken} from '../../lab/healing/broken.ts'
import type {Event, Mend} from '../../lab/history/event.ts'
import {parseHistory} from '../../lab/history/read-events.ts'
import {breaks} from '../lab/fake/breaks.ts'
import {fakeLab} from '../lab/fake/lab.ts'

const root = join(import.meta.dirname, '..', '..')

export const recorded: readonly (readonly Event[])[] = globSync('test/histories/*.ndjson.gz', {cwd: root}).map(
  file => parseHistory(gunzipSync(readFileSync(join(root, file))).toString()).events,
)

/** Of kinds that no recorded run has. */
export const samples: readonly Event[] = [
  {
    ...{at: 0, kind: 'never-began', run: 'r', lab: 'lab', startedAt: '2026-11-20T16:00:00.000000Z'},
    ...{code: 'unhealthy', says: 'the lab never got healthy'},
    scenario: {
      name: 'calm',
      about: 'Nothing happens.',
      needs: {postgres: 3, etcd: 3},
      clients: [],
      steps: [],
      expect: [],
    },
  },
  {at: 1, kind: 'fault-again', id: 'cut', host: 'node1'},
  {at: 2, kind: 'fault-lost', id: 'cut', host: 'node1', says: 'its limit ran out'},
  {
    ...{at: 3, kind: 'transaction', client: 'b1', op: 'write', sentAt: 2, outcome: 'ok', server: 'node1', timeline: 1},
    ...{sqlstate: null, error: null},
  },
  {at: 4, kind: 'slots', host: 'node1', askedAt: 3, slots: []},
  {at: 6, kind: 'virtual-address', host: 'proxy1', held: true},
  {at: 5, kind: 'room', freeBytes: 4096, full: true},
]

/** Why nobody is shown an event of this kind by itself. */
export const unshown: Readonly<Partial<Record<Event['kind'], string>>> = {
  clock: 'a measure of the record itself: what is wrong with it, a check says',
  watching: 'it proves that somebody looked: a check that misses it says who was blind, and since when',
  fsync: 'one a second and member: a check says when the disk was too slow to trust the times',
  'client-connected':
    'one for each connection: the table of the drivers counts them, and writes show whether clients get on',
  'client-disconnected':
    'one for each connection: the table of the drivers counts them, and writes show whether clients get on',
  'never-began': 'it is alone in its record, and the whole report says it',
}

/** All mends that `broken` finds in a lab of which nothing is whole; what is asked through the observer it finds while there is one. */
export async function foundInRuins(): Promise<ReadonlySet<Mend['do']>> {
  await using faked = await fakeLab()
  const {'start-observer': endObserver, ...others} = breaks
  for (const [kind, broke] of Object.entries(others)) await broke(faked, hostFor[kind] ?? 'node3')
  const withObserver = await broken(faked.lab)
  await endObserver(faked, 'node3')
  return new Set([...withObserver.mends, ...(await broken(faked.lab)).mends].map(one => one.do))
}

/** Inside a host that is down or frozen nothing shows. */
const hostFor: Readonly<Record<string, string>> = {'start-host': 'app1', 'unpause-host': 'proxy1'}

/** What images/host/bin/whats-broken says at its top that it prints. */
export function signsOfHosts(): string[] {
  const source = readFileSync(join(root, 'images', 'host', 'bin', 'whats-broken'), 'utf8')
  return (/^# {3}(stopped .*)$/m.exec(source)?.[1] ?? '').split(' | ').map(sign => sign.replace(/<\w+>/, 'x'))
}
