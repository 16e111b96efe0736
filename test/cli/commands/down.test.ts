/** `down` of a lab that lies on several engines, and what `down --stale` and `doctor` say of engines that are not in use. */
import {existsSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, afterEach, beforeAll, beforeEach, expect, test, vi} from 'vitest'
import {render} from '../../../compose/render.ts'
import {allocate} from '../../../lab/state/allocate.ts'
import {labFolder} from '../../../lab/state/folders.ts'
import {owner, saveOwner} from '../../../lab/state/owner.ts'
import {saveLab} from '../../../lab/state/state.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {type FakeEngine, fakeEngine} from '../../lab/fake-engine.ts'
import {ask} from '../../one-program.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const programFolder = mkdtempSync(join(tmpdir(), 'pgha-down-program-'))
const socket = join(programFolder, 'socket')
const programAt = (path: string) =>
  execa(process.execPath, [join(root, 'test', 'one-program.ts'), path], {stdin: 'pipe', reject: false})
let program: ReturnType<typeof programAt>

beforeAll(async () => {
  program = programAt(socket)
  await vi.waitUntil(() => existsSync(socket), {timeout: 20_000})
}, 30_000)
afterAll(() => {
  program.kill()
  rmSync(programFolder, {recursive: true})
})

let folder: string
let here: FakeEngine
let there: FakeEngine
let inUse: FakeEngine
const addressOf = ({socketPath}: FakeEngine) => `unix://${socketPath}`

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-down-'))
  vi.stubEnv('XDG_STATE_HOME', folder)
  inUse = await fakeEngine()
  const me = owner().id
  here = await fakeEngine([{lab: 'wide', host: 'node1', owner: me}])
  there = await fakeEngine([{lab: 'wide', host: 'node2', owner: me}])
  const plain = loadTopology({profile: 'fast'})
  const engines = {node1: addressOf(here), node2: addressOf(there)}
  await keep('wide', {...plain, engines})
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const engine of [here, there, inUse]) await engine[Symbol.asyncDispose]()
  rmSync(folder, {recursive: true})
})

async function keep(lab: string, topology: Topology, engine?: string): Promise<void> {
  const allocation = await allocate(lab, topology, {host: 'fake/host:1', app: 'fake/app:1'}, [])
  const me = owner()
  const saved = {schema: 2 as const, topology, allocation}
  saveLab(engine === undefined ? saved : {...saved, engine}, render(topology, allocation, me))
  saveOwner(lab, me)
}

const pghaLab = (...words: readonly string[]) =>
  ask(socket, {
    words,
    cwd: root,
    env: {
      ...process.env,
      DOCKER_HOST: addressOf(inUse),
      PGHA_LAB_ENGINE_TIMEOUT: '1s',
      PGHA_LAB_SETUP: 'never',
      PGHA_LAB_CALLED_AS: './pgha-lab',
    },
  })
const removed = ({asked}: FakeEngine) => asked.filter(one => one.startsWith('DELETE '))

test('with one engine that does not answer the others are cleared, what is left where is said, and the rest goes later', async () => {
  there.behave('silent')
  const {code, err} = await pghaLab('down', '--name', 'wide')
  expect(code, err).toBe(3)
  expect(err).toContain('of lab wide is gone what could be reached: 1 containers, 0 network, 0 volumes\n')
  expect(err.replaceAll(/\s+/g, ' ')).toContain(
    `lab wide is not gone: what it has on ${addressOf(there)} is left there. ${addressOf(there)}: the Docker engine did not answer`,
  )
  expect(err).toMatch(/\n +\.\/pgha-lab down --name wide\n$/)
  expect(removed(here)).toEqual(['DELETE /containers/id-node1'])
  expect(existsSync(labFolder('wide'))).toBe(true)

  const json = await pghaLab('down', '--name', 'wide', '--json')
  expect([json.code, JSON.parse(json.out)]).toEqual([
    3,
    {
      ...{lab: 'wide', removed: {containers: 1, networks: 0, volumes: 0}, snapshots: []},
      left: [{engine: addressOf(there), error: expect.stringContaining('did not answer')}],
    },
  ])

  there.behave('answers')
  const again = await pghaLab('down', '--name', 'wide')
  expect(again.code, again.err).toBe(0)
  expect(removed(there)).toEqual(['DELETE /containers/id-node2'])
  expect(existsSync(labFolder('wide'))).toBe(false)
}, 120_000)

test('with none that answers nothing is removed, and the first says why', async () => {
  for (const engine of [here, there]) engine.behave('silent')
  const {code, err} = await pghaLab('down', '--name', 'wide')
  expect(code).toBe(3)
  expect(err).toContain(`${addressOf(here)}: the Docker engine did not answer`)
  expect([...removed(here), ...removed(there)]).toEqual([])
})

test('down --stale looks on the engine in use, and says which others labs here lie on, with the command for each', async () => {
  await keep('far', loadTopology({profile: 'fast'}), 'ssh://me@there')
  const {code, err} = await pghaLab('down', '--stale')
  expect(code, err).toBe(0)
  expect(here.asked).toEqual([])
  expect(err).toContain(`the engine ${addressOf(here)}, which has wide, was not looked at\n`)
  expect(err).toContain(`DOCKER_HOST=${addressOf(there)} ./pgha-lab down --stale\n`)
  expect(err).toContain('DOCKER_HOST=ssh://me@there ./pgha-lab --allow-remote down --stale\n')
  const one = JSON.parse((await pghaLab('down', '--stale', '--name', 'far', '--json')).out)
  expect(one.notAsked).toEqual([{engine: 'ssh://me@there', labs: ['far']}])
})

test('doctor has a line for each of them: what runs there, or why nobody knows', async () => {
  await keep('far', loadTopology({profile: 'fast'}), 'ssh://me@there')
  there.behave('silent')
  const {out} = await pghaLab('doctor', '--json')
  const rows = (JSON.parse(out) as {what: string; state: string; says: string; fix: string | null}[]).filter(one =>
    one.what.startsWith('engine '),
  )
  expect(rows).toEqual([
    {
      what: 'engine ssh://me@there',
      state: 'warn',
      says: expect.stringContaining('where far is: '),
      fix: expect.stringContaining('--allow-remote'),
    },
    {
      what: `engine ${addressOf(here)}`,
      state: 'ok',
      says: expect.stringMatching(/; wide: 1 of 1 hosts run$/),
      fix: null,
    },
    {
      what: `engine ${addressOf(there)}`,
      state: 'warn',
      says: expect.stringMatching(/^where wide is: .*did not answer/),
      fix: expect.any(String),
    },
  ])
})
