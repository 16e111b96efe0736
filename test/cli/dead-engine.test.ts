/**
 * Each command on an engine that does not answer: it ends by itself with a sentence, and the first Ctrl-C ends it. What a process of
 * its own adds, signals and its end, is tried in one; the rest one after another in one program, which must end by itself at last.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi} from 'vitest'
import {render} from '../../compose/render.ts'
import {allocate} from '../../lab/state/allocate.ts'
import {inForce, plan} from '../../lab/state/journal.ts'
import {owner, saveOwner} from '../../lab/state/owner.ts'
import {saveLab} from '../../lab/state/state.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {type FakeEngine, fakeEngine} from '../lab/fake-engine.ts'
import {ask} from '../one-program.ts'

const root = join(import.meta.dirname, '..', '..')

let oneProgram: ReturnType<typeof programAt>
const programFolder = mkdtempSync(join(tmpdir(), 'pgha-one-program-'))
const socket = join(programFolder, 'socket')
const programAt = (path: string) =>
  execa(process.execPath, [join(root, 'test', 'one-program.ts'), path], {stdin: 'pipe', reject: false})

beforeAll(async () => {
  oneProgram = programAt(socket)
  await vi.waitUntil(() => existsSync(socket), {timeout: 20_000})
}, 30_000)
afterAll(() => {
  oneProgram.kill()
  rmSync(programFolder, {recursive: true})
})

let folder: string
let engine: FakeEngine
let running: ChildProcess | undefined

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-dead-engine-'))
  vi.stubEnv('XDG_STATE_HOME', folder)
  const topology = loadTopology({profile: 'fast'})
  const allocation = await allocate('lab', topology, {host: 'fake/host:1', app: 'fake/app:1'}, [])
  const me = owner()
  saveLab({schema: 2, topology, allocation}, render(topology, allocation, me))
  saveOwner('lab', me)
  engine = await fakeEngine(topology.hosts.map(({name}) => ({lab: 'lab', host: name, owner: me.id})))
})
afterEach(async () => {
  running?.kill('SIGKILL')
  vi.unstubAllEnvs()
  await engine[Symbol.asyncDispose]()
  rmSync(folder, {recursive: true})
})

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** @param timeout PGHA_LAB_ENGINE_TIMEOUT */
const envOf = (timeout: string) => ({
  ...process.env,
  DOCKER_HOST: `unix://${engine.socketPath}`,
  PGHA_LAB_ENGINE_TIMEOUT: timeout,
  PGHA_LAB_SETUP: 'never',
})

const pghaLab = (argv: readonly string[]) => ask(socket, {words: argv, cwd: root, env: envOf('300ms')})

/** @param timeout PGHA_LAB_ENGINE_TIMEOUT */
function asProcess(argv: readonly string[], timeout: string): {child: ChildProcess; ended: Promise<Ended>} {
  const child = spawn(process.execPath, [join(root, 'cli', 'main.ts'), ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: envOf(timeout),
  })
  running = child
  const said = {out: '', err: ''}
  child.stdout.on('data', chunk => {
    said.out += chunk
  })
  child.stderr.on('data', chunk => {
    said.err += chunk
  })
  return {child, ended: once(child, 'close').then(([code, signal]) => ({code, signal, ...said}))}
}

const commands: readonly (readonly string[])[] = [
  ['up'],
  ['down'],
  ['down', '--stale'],
  ['status'],
  ['heal'],
  ['chaos', 'kill-leader'],
  ['chaos', '--storm', '10s'],
  ['logs'],
  ['logs', '--follow'],
  ['psql'],
  ['shell', 'node1'],
]

describe.each(['silent', 'half-open', 'resets'] as const)('an engine that is %s', how => {
  test.each(commands.map(argv => [argv.join(' '), argv] as const))(
    '%s ends by itself and says why',
    async (_, argv) => {
      engine.behave(how)
      const {code, out, err} = await pghaLab(argv)
      expect(code, err).toBe(3)
      expect(out).toMatch(/^$|^INCONCLUSIVE/) // a run that has begun leaves a report
      expect(err).toMatch(
        how === 'resets'
          ? /no Docker engine answers/
          : /the Docker engine did not answer within 0\.\d+ s \([\w ]+\).*\n {2}next: .*(PGHA_LAB_ENGINE_TIMEOUT|heal --name lab)/,
      )
    },
  )

  test('a process of its own ends with that too', async () => {
    engine.behave(how)
    const {code, signal, err} = await asProcess(['status'], '300ms').ended
    expect([code, signal]).toEqual([3, null])
    expect(err).toMatch(/the Docker engine did not answer within|no Docker engine answers/)
  })

  test('doctor ends by itself and names the engine', async () => {
    engine.behave(how)
    const {code, out} = await pghaLab(['doctor'])
    expect(code).toBe(3)
    expect(out).toMatch(/fail {2}Docker engine +/)
  })
})

test('config of a lab that does not exist writes its file without an engine, and claims nothing of images nobody could ask for', async () => {
  engine.behave('silent')
  const {code, out, err} = await pghaLab(['config', '--name', 'other'])
  expect(code).toBe(0)
  expect(err).toContain('no engine answers that could say whether the images this file names are here\n')
  expect(err).not.toContain('not built here')
  expect(out).toMatch(/^name: pgha-lab-other$/m)
})

test('scenarios are listed where the engine keeps silent, and only what it alone knows is left open', async () => {
  engine.behave('silent')
  const {code, out} = await pghaLab(['scenarios', '--name', 'lab'])
  expect(code).toBe(0)
  expect(out).toMatch(/^What can be played on the lab lab \(profile fast\):$/m)
  expect(out).toMatch(/^ {2}kill-leader +~\d+ s {2}yes$/m)
  expect(out).toMatch(/^ {2}leader-isolated +~\d+ s {2}\? /m)
  expect(out).toMatch(/^\? means that nobody can tell: the Docker engine did not answer within 0\.3 s/m)
})

test('config of a lab that exists asks no engine', async () => {
  engine.behave('silent')
  const {code} = await pghaLab(['config'])
  expect([code, engine.asked]).toEqual([0, []])
})

describe('an engine that falls silent after its first answers', () => {
  test.each(commands.map(argv => [argv.join(' '), argv] as const))(
    '%s ends by itself and says why',
    async (_, argv) => {
      let answers = 2
      engine.behave(() => (answers-- > 0 ? 'answers' : 'silent'))
      const {code, err} = await pghaLab(argv)
      expect(code, err).toBe(3)
      expect(err).toMatch(/the Docker engine did not answer within/)
    },
  )
})

describe('the first Ctrl-C, with a limit that is far away', () => {
  test.each([...commands, ['doctor']].map(argv => [argv.join(' '), argv] as const))('ends %s', async (_, argv) => {
    engine.behave('silent')
    const {child, ended} = asProcess(argv, '5s')
    await vi.waitUntil(() => engine.asked.length > 0, {timeout: 15_000})
    child.kill('SIGINT')
    const {code, signal} = await ended
    expect(signal ?? code).toSatisfy(one => one === 'SIGINT' || one === 130)
  })
})

test.each(['silent', 'resets'] as const)(
  'heal on an engine that is %s before anybody knows whose lab it is says what is still in force, and what to do',
  async how => {
    plan('lab', {id: 'crash/start node1', fault: 'crash', mend: {do: 'start-host', host: 'node1'}})
    engine.behave(how)
    const {code, err} = await pghaLab(['heal'])
    expect(code).toBe(3)
    expect(err).toMatch(
      /^(no Docker engine answers|the Docker engine did not answer .*); still to do in lab lab: start node1 again\n {2}next: (?:.*\n)+ {8}pgha-lab heal\n$/,
    )
    expect(inForce('lab')).toHaveLength(1)
  },
)

test('heal on an engine that falls silent names what is still in force, and how it is healed later', async () => {
  plan('lab', {id: 'crash/start node1', fault: 'crash', mend: {do: 'start-host', host: 'node1'}})
  let answers = 4 // whose lab it is
  engine.behave(() => (answers-- > 0 ? 'answers' : 'silent'))
  const {code, err} = await pghaLab(['heal'])
  expect(code).toBe(5)
  expect(err).toMatch(/lab lab is not healed: start node1 again: the Docker engine did not answer/)
  expect(err).toMatch(/next: to go on healing:\n {8}pgha-lab heal\n {8}to remove the lab:\n {8}pgha-lab down\n/)
  expect(inForce('lab')).toHaveLength(1)
})

test('none of them leaves anything behind that keeps the program from ending', async () => {
  oneProgram.stdin.end()
  const {exitCode, signal, stderr} = await oneProgram
  expect({exitCode, signal, stderr}).toEqual({exitCode: 0, signal: undefined, stderr: ''})
})
