/** What the walk of the units looks at: every recorded run, events that none of them has, and a lab in which everything is broken. */
import {once} from 'node:events'
import {globSync, readFileSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import type {Docker} from '../../lab/engine/docker.ts'
import {broken} from '../../lab/healing/broken.ts'
import type {Event, Mend} from '../../lab/history/event.ts'
import {parseHistory} from '../../lab/history/read-events.ts'
import {localLab, locally} from '../lab/local-lab.ts'

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

/** All mends that `broken` has to find, in a lab of which nothing is whole; the hosts' own signs are those that their program says it prints. */
export async function foundInRuins(): Promise<ReadonlySet<Mend['do']>> {
  const server = createServer((_, response) => response.end(JSON.stringify({pause: true}))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const {port} = server.address() as AddressInfo
    const lab = localLab('patroni', [port, port], locally([port, port]), engine as Docker)
    return new Set((await broken(lab)).mends.map(one => one.do))
  } finally {
    server.close()
  }
}

/** node1 is stopped, frozen, unplugged and throttled; inside node2 everything is broken that can be. */
const engine: Pick<Docker, 'containers' | 'condition' | 'run' | 'programs' | 'observer'> = {
  containers: async () => ['node1', 'node2'].map(host => ({...container, id: host, name: host, host})),
  condition: async id => ({...(id === 'node1' ? dead : alive), exitCode: 0, published: []}),
  run: async () => ({code: 0, out: signsOfHosts().join('\n'), err: ''}),
  programs: async () => [{id: 'mine', program: 'mine', state: 'exited'}],
  observer: async () => undefined,
}
const container = {lab: 'x', state: 'running', image: ''}
const dead = {running: false, paused: true, plugged: false, cpuLimited: true}
const alive = {running: true, paused: false, plugged: true, cpuLimited: false}

/** What images/host/bin/whats-broken says at its top that it prints. */
export function signsOfHosts(): string[] {
  const source = readFileSync(join(root, 'images', 'host', 'bin', 'whats-broken'), 'utf8')
  return (/^# {3}(stopped .*)$/m.exec(source)?.[1] ?? '').split(' | ').map(sign => sign.replace(/<\w+>/, 'x'))
}
