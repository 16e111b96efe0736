/** Each command where something else answers than an engine: a sentence and what to do, never a bug of ours. */
import {existsSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi} from 'vitest'
import {render} from '../../compose/render.ts'
import {allocate} from '../../lab/state/allocate.ts'
import {owner, saveOwner} from '../../lab/state/owner.ts'
import {saveLab} from '../../lab/state/state.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {type FakeEngine, fakeEngine, foreign} from '../lab/fake-engine.ts'
import {ask} from '../one-program.ts'

const root = join(import.meta.dirname, '..', '..')
const programFolder = mkdtempSync(join(tmpdir(), 'pgha-one-program-'))
const socket = join(programFolder, 'socket')
let oneProgram: ReturnType<typeof program>
const program = () =>
  execa(process.execPath, [join(root, 'test', 'one-program.ts'), socket], {stdin: 'pipe', reject: false})

beforeAll(async () => {
  oneProgram = program()
  await vi.waitUntil(() => existsSync(socket), {timeout: 20_000})
}, 30_000)
afterAll(() => {
  oneProgram.kill()
  rmSync(programFolder, {recursive: true})
})

let folder: string
let engine: FakeEngine

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-foreign-engine-'))
  vi.stubEnv('XDG_STATE_HOME', folder)
  const topology = loadTopology({profile: 'fast'})
  const allocation = await allocate('lab', topology, {host: 'fake/host:1', app: 'fake/app:1'}, [])
  const me = owner()
  saveLab({schema: 2, topology, allocation}, render(topology, allocation, me))
  saveOwner('lab', me)
  engine = await fakeEngine(topology.hosts.map(({name}) => ({lab: 'lab', host: name, owner: me.id})))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await engine[Symbol.asyncDispose]()
  rmSync(folder, {recursive: true})
})

const pghaLab = (words: readonly string[]) =>
  ask(socket, {
    words,
    cwd: root,
    env: {
      ...process.env,
      DOCKER_HOST: `unix://${engine.socketPath}`,
      PGHA_LAB_ENGINE_TIMEOUT: '400ms',
      PGHA_LAB_SETUP: 'never',
    },
  })

const commands: readonly (readonly string[])[] = [
  ['up'],
  ['down'],
  ['down', '--stale'],
  ['status'],
  ['status', '--json'],
  ['heal'],
  ['chaos', 'kill-leader'],
  ['chaos', '--storm', '10s'],
  ['logs'],
  ['psql'],
  ['shell', 'node1'],
]
const leaked = /TypeError|undefined|Cannot read|is not a function|is not iterable|at position|\bNaN\b/
/** Of these something is an answer to some question: there is no such container, no such image. */
const mayAnswer = new Set(['an empty list'])

describe.each(Object.entries(foreign))('what answers %s to everything', (shape, says) => {
  test.each(commands.map(words => [words.join(' '), words] as const))('%s names it', async (_, words) => {
    engine.behave(asked => (asked.endsWith('_ping') ? 'answers' : says))
    const {code, out, err} = await pghaLab(words)
    expect(`${out}${err}`).not.toMatch(leaked)
    if (mayAnswer.has(shape) && !err.includes('is no Docker engine')) return expect([0, 3]).toContain(code)
    expect([3, 5], err).toContain(code)
    expect(err).toContain(`what answers at unix://${engine.socketPath} is no Docker engine`)
    expect(err).toMatch(/next: (?:.*\n)*? *curl --unix-socket /)
  })

  test.each([['doctor'], ['scenarios', '--name', 'lab'], ['config', '--name', 'other'], ['predict']])(
    '%s has no word of it that is ours',
    async (...words) => {
      engine.behave(asked => (asked.endsWith('_ping') ? 'answers' : says))
      const {code, out, err} = await pghaLab(words)
      expect(`${out}${err}`).not.toMatch(leaked)
      expect([0, 3], err).toContain(code)
    },
  )
})

describe.each(
  Object.entries(foreign).filter(([shape]) => ['an empty list', 'an empty object', 'a page'].includes(shape)),
)('an engine that answers %s after its first two answers', (_shape, says) => {
  test.each(commands.map(words => [words.join(' '), words] as const))('%s is no bug of ours', async (_, words) => {
    let right = 2
    engine.behave(asked => (asked.endsWith('_ping') || right-- > 0 ? 'answers' : says))
    const {code, out, err} = await pghaLab(words)
    expect(`${out}${err}`).not.toMatch(leaked)
    expect([0, 3, 5], err).toContain(code)
  })
})
