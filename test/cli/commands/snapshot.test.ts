/** What `snapshot` says without an engine: what is there, and what is wrong with how it was called. */
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {run} from '../../../cli/program.ts'
import {allocate} from '../../../lab/state/allocate.ts'
import {labFolder} from '../../../lab/state/folders.ts'
import {recordSnapshot, snapshotVolume} from '../../../lab/state/snapshots.ts'
import {saveLab} from '../../../lab/state/state.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

let root: string
const said = {out: '', err: ''}
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'snapshot-'))
  vi.stubEnv('XDG_STATE_HOME', root)
  vi.stubEnv('DOCKER_HOST', `unix://${join(root, 'no-engine.sock')}`)
  said.out = said.err = ''
  for (const name of ['stdout', 'stderr'] as const)
    vi.spyOn(process[name], 'write').mockImplementation(text => {
      said[name === 'stdout' ? 'out' : 'err'] += String(text)
      return true
    })
  const topology = loadTopology({profile: 'fast'})
  const allocation = await allocate('mine', topology, {host: 'h', app: 'a'}, [])
  saveLab({schema: 2, topology, allocation}, '')
  recordSnapshot('mine', {
    ...{schema: 1, name: 'base', at: '2026-11-20T16:00:00.000Z', volume: snapshotVolume('mine', 'base', '01')},
    ...{bytes: 500_000_000, leader: 'node2', topology, allocation},
  })
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(root, {recursive: true})
  process.exitCode = undefined
})

const snapshot = (...words: string[]) => run(['node', 'pgha-lab', 'snapshot', ...words])

test('those of a lab are listed, and no password is in it', async () => {
  await snapshot('list', '--name', 'mine')
  expect(said.out).toBe('base  2026-11-20T16:00:00.000Z  500.0 MB  node2\n')
  said.out = ''
  await snapshot('list', '--name', 'mine', '--json')
  expect(JSON.parse(said.out)).toEqual({
    lab: 'mine',
    snapshots: [
      {
        ...{snapshot: 'base', at: '2026-11-20T16:00:00.000Z', bytes: 500_000_000, leader: 'node2'},
        ...{release: 'trixie', profile: 'fast'},
      },
    ],
  })
})

test('one whose record is no longer what was written is told with its place', async () => {
  mkdirSync(join(labFolder('mine'), 'snapshots'), {recursive: true})
  writeFileSync(join(labFolder('mine'), 'snapshots', 'torn.json'), '{"schema": 1,\n"name": 3}')
  await snapshot('list', '--name', 'mine')
  expect(said.err).toMatch(/torn\.json:2:/)
  expect(process.exitCode).toBe(2)
})

test.each([
  [['save', 'Base'], 2, /"Base" is no name for a snapshot: use up to 31 small letters/],
  [['restore', '../x'], 2, /is no name for a snapshot/],
  [['save'], 2, /missing required argument 'snapshot'/],
  [['list', '--name', 'other'], 3, /there is no lab called other; there is mine/],
  [['lits'], 2, /unknown command 'lits'/],
])('`snapshot %s` ends with %d and a sentence', async (words, code, says) => {
  await snapshot(...words)
  expect(said.err).toMatch(says)
  expect(said.err).toMatch(/next:/)
  expect(process.exitCode).toBe(code)
})
