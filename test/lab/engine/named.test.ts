/** Engines by their names: in use, of a lab, and refused. */
import {createHash} from 'node:crypto'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {Docker} from '../../../lab/engine/docker.ts'
import {
  addressOf,
  checkEngineName,
  engineNameInUse,
  environmentOf,
  isElsewhere,
  ownSocketOf,
} from '../../../lab/engine/named.ts'
import {engineOfLab} from '../../../lab/state/engine-of-lab.ts'
import {loadLab, saveLab} from '../../../lab/state/state.ts'
import {allocation, topology} from '../../compose/a-lab.ts'
import {type FakeEngine, fakeEngine} from '../fake-engine.ts'

let folder: string
let engine: FakeEngine

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-named-'))
  engine = await fakeEngine([{lab: 'x', host: 'node1'}])
  vi.stubEnv('DOCKER_HOST', undefined)
  vi.stubEnv('DOCKER_CONTEXT', undefined)
  vi.stubEnv('DOCKER_CONFIG', folder)
  vi.stubEnv('XDG_STATE_HOME', folder)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await engine[Symbol.asyncDispose]()
  rmSync(folder, {recursive: true})
})

function context(name: string, address: string): void {
  const meta = join(folder, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'))
  mkdirSync(meta, {recursive: true})
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({Endpoints: {docker: {Host: address}}}))
}

function keep(lab: string, on?: string): void {
  const saved = {schema: 2 as const, topology: topology('fast'), allocation: {...allocation(), lab}}
  saveLab(on === undefined ? saved : {...saved, engine: on}, '')
}

test.each([
  [{}, 'default'],
  [{DOCKER_CONTEXT: 'far'}, 'far'],
  [{DOCKER_HOST: 'unix:///x.sock', DOCKER_CONTEXT: 'far'}, 'unix:///x.sock'],
  [{DOCKER_HOST: '10.0.0.5:2375'}, 'tcp://10.0.0.5:2375'],
])('%j is the engine %s', (env, name) => {
  expect(engineNameInUse({DOCKER_CONFIG: folder, ...env})).toBe(name)
})

test('the docker command is told one engine, and nothing of another', () => {
  expect(environmentOf('far')).toEqual({DOCKER_HOST: undefined, DOCKER_CONTEXT: 'far'})
  expect(environmentOf('ssh://me@there')).toEqual({DOCKER_HOST: 'ssh://me@there', DOCKER_CONTEXT: undefined})
})

test.each(['', '-H', '--context', 'a b', 'x\ny', 'gopher://x', 'unix://', 'tcp://a b'])('%j names no engine', name => {
  expect(() => checkEngineName(name)).toThrow(expect.objectContaining({code: 'usage'}))
})

test('where an engine is: here, behind a context, on another machine', () => {
  context('far', 'tcp://10.0.0.5:2376')
  context('near', 'unix:///x.sock')
  vi.stubEnv('DOCKER_HOST', 'tcp://10.9.9.9:1')
  expect([addressOf('default'), addressOf('near'), addressOf('ssh://there')]).toEqual([
    ...[null, 'unix:///x.sock', 'ssh://there'],
  ])
  expect(['default', 'near', 'far', 'ssh://there', 'tcp://127.0.0.1:1'].map(isElsewhere)).toEqual([
    ...[false, false, true, true, false],
  ])
})

describe('a lab', () => {
  test('is on the engine that it was raised on, whatever is in use', async () => {
    context('mine', `unix://${engine.socketPath}`)
    keep('x', 'mine')
    vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent.sock')
    expect((await engineOfLab('x').containers('x')).map(one => one.host)).toEqual(['node1'])
    keep('y', `unix://${engine.socketPath}`)
    expect((await engineOfLab('y').containers('x')).map(one => one.host)).toEqual(['node1'])
  })

  test('that was raised by an older version, or is not here, is on the engine in use', () => {
    keep('old')
    expect(loadLab('old')).not.toHaveProperty('engine')
    vi.stubEnv('DOCKER_HOST', `unix://${engine.socketPath}`)
    expect([engineOfLab('old').name, engineOfLab('nowhere').name]).toEqual([
      `unix://${engine.socketPath}`,
      `unix://${engine.socketPath}`,
    ])
  })

  test('is on another machine only where that was allowed, and on no context that is gone', () => {
    keep('far', 'tcp://10.0.0.5:2376')
    expect(() => engineOfLab('far')).toThrow(expect.objectContaining({code: 'remote-engine'}))
    vi.stubEnv('PGHA_LAB_ALLOW_REMOTE', '1')
    expect(engineOfLab('far')).toMatchObject({name: 'tcp://10.0.0.5:2376', elsewhere: true})
    keep('gone', 'mine')
    expect(() => engineOfLab('gone')).toThrow(
      'lab gone is on the engine mine: the Docker context "mine" does not exist',
    )
  })

  test('whose record names no engine that could be is not read', () => {
    keep('bad', '--host=x')
    expect(() => loadLab('bad')).toThrow(expect.objectContaining({code: 'no-lab'}))
  })
})

test('the default engine is asked at its own socket though DOCKER_HOST names another', () => {
  vi.stubEnv('DOCKER_HOST', `unix://${engine.socketPath}`)
  expect(new Docker('default')).toMatchObject({name: 'default', elsewhere: false})
})

describe('the socket that a container is given', () => {
  test.each([
    ['default', '/var/run/docker.sock'],
    ['unix:///run/other/docker.sock', '/run/other/docker.sock'],
  ])('of %s is that of its engine', (name, socket) => {
    expect(ownSocketOf(name)).toBe(socket)
  })

  test.each(['tcp://127.0.0.1:2375', 'ssh://me@there'])('of %s nobody here knows', name => {
    expect(() => ownSocketOf(name)).toThrow(
      `a reaper needs the socket of the engine on this machine, and the engine in use is at ${name}`,
    )
  })
})
