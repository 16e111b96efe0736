import {createHash} from 'node:crypto'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import Dockerode from 'dockerode'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {addressInUse, contextInUse, mustBeLocal, reachContext} from '../../../lab/engine/context.ts'
import {Docker} from '../../../lab/engine/docker.ts'
import {examine} from '../../../lab/setup/doctor.ts'
import {ensureEngine} from '../../../lab/setup/engine.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-lab-doctor-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, {recursive: true})
})

function dockerAt(socketPath: string): Docker {
  vi.stubEnv('DOCKER_HOST', `unix://${socketPath}`) // for the docker command
  return new Docker(new Dockerode({socketPath}))
}

test('without an engine the doctor says so and names a fix', async () => {
  const examined = await examine(dockerAt(join(folder, 'none.sock')))
  const engine = examined.find(one => one.what === 'Docker engine')
  expect(engine?.state).toBe('fail')
  expect(engine?.fix).not.toBeNull()
})

test('an engine that keeps silent is not waited for, and is told from one that answers', async () => {
  const socket = join(folder, 'silent.sock')
  const server = createServer().listen(socket)
  try {
    const examined = await examine(dockerAt(socket)) // waiting for it would run into this test's time limit
    expect(examined.find(one => one.what === 'Docker engine')?.state).toBe('fail')
  } finally {
    server.close()
  }
})

test('every row that is not ok names its fix, and every row that is ok has none', async () => {
  for (const one of await examine(dockerAt(join(folder, 'none.sock'))))
    expect([one, one.fix === null]).toEqual([one, one.state === 'ok'])
})

test('an engine elsewhere that does not answer is never replaced by one installed here', async () => {
  const told: string[] = []
  const docker = dockerAt(join(folder, 'none.sock'))
  await expect(ensureEngine(({step}) => told.push(step), {docker})).rejects.toMatchObject({
    code: 'docker-missing',
    message: `no Docker engine answers at DOCKER_HOST=unix://${folder}/none.sock`,
  })
  expect(told).toEqual([])
})

test('the address of the Docker context in use is found as the docker command finds it', () => {
  expect(contextInUse({DOCKER_CONFIG: folder})).toBeNull()
  expect(addressInUse({DOCKER_CONFIG: folder})).toBeNull()
  writeFileSync(join(folder, 'config.json'), JSON.stringify({currentContext: 'desktop'}))
  expect(() => contextInUse({DOCKER_CONFIG: folder})).toThrow('the Docker context "desktop" does not exist')
  const meta = join(folder, 'contexts', 'meta', createHash('sha256').update('desktop').digest('hex'))
  mkdirSync(meta, {recursive: true})
  writeFileSync(
    join(meta, 'meta.json'),
    JSON.stringify({Name: 'desktop', Endpoints: {docker: {Host: 'unix:///x.sock'}}}),
  )
  expect(contextInUse({DOCKER_CONFIG: folder})).toEqual({address: 'unix:///x.sock', tls: {}})
  expect(addressInUse({DOCKER_CONFIG: folder})).toBe('unix:///x.sock')
  expect(addressInUse({DOCKER_CONFIG: folder, DOCKER_HOST: 'tcp://y:1'})).toBe('tcp://y:1')
  expect(contextInUse({DOCKER_CONFIG: folder, DOCKER_HOST: 'tcp://y:1'})).toBeNull()
  expect(contextInUse({DOCKER_CONFIG: folder, DOCKER_CONTEXT: 'default'})).toBeNull()
})

test("what a context says is dockerode's to reach it by, with the context's own certificates", () => {
  const plain = (address: string) => reachContext({address, tls: {}}, 1000)
  expect(plain('unix:///run/user/1000/docker.sock')).toEqual({socketPath: '/run/user/1000/docker.sock'})
  expect(plain('npipe:////./pipe/docker_engine')).toEqual({socketPath: '//./pipe/docker_engine'})
  expect(plain('tcp://10.0.0.5:2375')).toMatchObject({host: '10.0.0.5', port: '2375', protocol: 'http'})
  expect(plain('ssh://me@db1:2222')).toMatchObject({protocol: 'http', agent: {address: 'ssh://me@db1:2222'}})
  expect(() => plain('tcp://[')).toThrow('no address that can be read: tcp://[')
  const tls = join(folder, 'contexts', 'tls', createHash('sha256').update('safe').digest('hex'), 'docker')
  const meta = join(folder, 'contexts', 'meta', createHash('sha256').update('safe').digest('hex'))
  for (const made of [tls, meta]) mkdirSync(made, {recursive: true})
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({Endpoints: {docker: {Host: 'tcp://10.0.0.5:2400'}}}))
  writeFileSync(join(tls, 'ca.pem'), 'of the CA')
  const found = contextInUse({DOCKER_CONFIG: folder, DOCKER_CONTEXT: 'safe'})!
  expect(reachContext(found, 1000)).toMatchObject({port: '2400', protocol: 'https', ca: Buffer.from('of the CA')})
})

test('an engine on another machine is used only by who says so', () => {
  for (const local of [
    undefined,
    '',
    'unix:///var/run/docker.sock',
    'tcp://127.0.0.1:2375',
    'tcp://[::1]:2375',
    'tcp://localhost',
  ])
    expect(() => mustBeLocal(local === undefined ? {} : {DOCKER_HOST: local}), local).not.toThrow()
  for (const remote of [
    'tcp://10.0.0.5:2376',
    'ssh://me@localhost.example.org',
    'ssh://db1',
    'ssh://me@127.0.0.1:2222',
    'tcp://127.0.0.1.example.org:1',
  ]) {
    expect(() => mustBeLocal({DOCKER_HOST: remote}), remote).toThrow(`is not on this machine (${remote})`)
    expect(() => mustBeLocal({DOCKER_HOST: remote, PGHA_LAB_ALLOW_REMOTE: '1'})).not.toThrow()
  }
})
