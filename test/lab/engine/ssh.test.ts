/** An engine at an ssh:// address is reached by the system's ssh, as the docker command does it; here a program stands in for ssh. */
import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {execa} from 'execa'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {Docker} from '../../../lab/engine/docker.ts'
import {engineLimits} from '../../../lab/engine/engine-limits.ts'
import {type FakeEngine, fakeEngine} from '../fake-engine.ts'

const root = join(import.meta.dirname, '..', '..', '..')
let folder: string
let engine: FakeEngine

/** Leads to the engine's socket, after it has done as it was told; and keeps a record. */
const standIn = `#!${process.execPath}
const {appendFileSync, readFileSync} = require('node:fs')
const {connect} = require('node:net')
const {SSH_RECORD: record, SSH_SAYS: says, SSH_CODE: code, SSH_SOCKET: socket} = process.env
const note = what => appendFileSync(record, JSON.stringify(what) + '\\n')
note({began: process.argv.slice(2)})
const already = readFileSync(record, 'utf8').split('began').length - 1
if (says && already <= Number(process.env.SSH_TIMES ?? Infinity)) {
  process.stderr.write(says)
  process.exit(Number(code))
}
if (socket) {
  const engine = connect({path: socket, allowHalfOpen: true})
  engine.once('data', () => note('answered'))
  process.stdin.pipe(engine)
  engine.pipe(process.stdout)
  engine.on('end', () => process.exit()) // as dial-stdio does
  engine.on('close', () => process.exit())
} else process.stdin.resume()
`

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-ssh-'))
  engine = await fakeEngine([{lab: 'x', host: 'node1'}])
  writeFileSync(join(folder, 'ssh'), standIn)
  chmodSync(join(folder, 'ssh'), 0o755)
  writeFileSync(join(folder, 'record'), '')
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
  vi.stubEnv('SSH_RECORD', join(folder, 'record'))
  vi.stubEnv('SSH_SOCKET', engine.socketPath)
  vi.stubEnv('DOCKER_HOST', undefined)
  vi.stubEnv('DOCKER_CONTEXT', undefined)
  vi.stubEnv('PGHA_LAB_ALLOW_REMOTE', '1')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await engine[Symbol.asyncDispose]()
  rmSync(folder, {recursive: true})
})

const record = () =>
  readFileSync(join(folder, 'record'), 'utf8')
    .trim()
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as 'answered' | {readonly began: readonly string[]})
const begun = () => record().flatMap(one => (one === 'answered' ? [] : [one.began]))

test.each([
  ['ssh://me@there:2222', ['-l', 'me', '-p', '2222', '--', 'there', 'docker', 'system', 'dial-stdio']],
  ['ssh://there', ['--', 'there', 'docker', 'system', 'dial-stdio']],
  [
    'ssh://[::1]/run/user/1000/docker.sock',
    ['--', '::1', 'docker', '--host', 'unix:///run/user/1000/docker.sock', 'system', 'dial-stdio'],
  ],
])('%s is asked through ssh, which asks nobody for a password', async (address, argv) => {
  expect((await new Docker(address).containers('x')).map(one => one.host)).toEqual(['node1'])
  const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=9', '-o', 'ServerAliveInterval=30']
  expect(begun()).toEqual([[...options, '-T', ...argv]])
})

test('DOCKER_HOST is reached the same way', async () => {
  vi.stubEnv('DOCKER_HOST', 'ssh://me@there')
  await new Docker().containers('x')
  expect(begun()[0]).toContain('BatchMode=yes')
})

test('one connection serves one question after the other', async () => {
  const docker = new Docker('ssh://there')
  for (let count = 0; count < 5; count++) await docker.containers('x')
  expect(begun()).toHaveLength(1)
})

test('many questions at once begin no more than four connections at a time, as sshd would turn others away', async () => {
  const docker = new Docker('ssh://there')
  await Promise.all(Array.from({length: 12}, () => docker.containers('x')))
  let most = 0
  record().reduce((open, one) => {
    const now = one === 'answered' ? open - 1 : open + 1
    most = Math.max(most, now)
    return now
  }, 0)
  expect(most).toBeGreaterThan(1)
  expect(most).toBeLessThanOrEqual(4)
})

test('a server that turns a connection away before anybody has logged in is tried again, and not for ever', async () => {
  vi.stubEnv('SSH_SAYS', 'kex_exchange_identification: read: Connection reset by peer\r\n')
  vi.stubEnv('SSH_CODE', '255')
  vi.stubEnv('SSH_TIMES', '2')
  expect(await new Docker('ssh://there').containers('x')).toHaveLength(1)
  expect(begun()).toHaveLength(3)
  vi.stubEnv('SSH_TIMES', undefined)
  await expect(new Docker('ssh://there').version()).rejects.toMatchObject({code: 'docker-missing'})
  expect(begun()).toHaveLength(7)
})

test('a program in a container is told and heard over it, and a log is followed', async () => {
  const docker = new Docker('ssh://there')
  await using running = await docker.exec('id-node1', ['sh'])
  running.stdin.end('exit\n')
  const log = await docker.logs('id-node1', {follow: true})
  log.destroy()
  expect(engine.asked).toEqual(expect.arrayContaining(['POST /exec/exec/start', 'GET /containers/id-node1/logs']))
})

test('idle connections hold no process, and none is left behind', async () => {
  const program = `
    import {Docker} from ${JSON.stringify(join(root, 'lab/engine/docker.ts'))}
    console.log((await new Docker('ssh://there').containers('x')).length)
  `
  const {stdout} = await execa(process.execPath, ['--input-type=module', '-e', program], {timeout: 15_000})
  expect(stdout).toBe('1')
  const left = async () =>
    (await execa('pgrep', ['-f', join(folder, 'ssh')], {reject: false})).stdout.split('\n').filter(pid => pid !== '')
  await expect.poll(left, {timeout: 10_000}).toEqual([])
})

describe('why there is no way is one sentence with the next step', () => {
  const to = 'ssh://me@there:2222'
  test.each([
    [
      255,
      'No ED25519 host key is known for [there]:2222 and you have requested strict checking.\r\nHost key verification failed.\r\n',
      'the SSH host key of me@there:2222 is not known here, so nobody is talked to',
      'ssh -l me -p 2222 there true',
    ],
    [
      255,
      '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\nHost key verification failed.\r\n',
      'me@there:2222 shows another SSH host key than the one that is known',
      "ssh-keygen -R '[there]:2222'",
    ],
    [
      255,
      'me@there: Permission denied (publickey,password).\r\n',
      'me@there:2222 accepts no SSH key of yours, and no password is asked for',
      'ssh-copy-id -p 2222 me@there',
    ],
    [
      255,
      'ssh: connect to host there port 2222: Connection refused\r\n',
      'me@there:2222 cannot be reached by SSH: Connection refused',
      'ssh -l me -p 2222 there docker version',
    ],
    [
      255,
      'ssh: Could not resolve hostname there: Name or service not known\r\n',
      'me@there:2222 cannot be reached by SSH: Name or service not known',
      'ssh -l me -p 2222 there docker version',
    ],
    [
      127,
      'sh: 1: docker: not found\n',
      'there is no docker command on me@there:2222, and that is what leads to its engine',
      'ssh -l me -p 2222 there docker version',
    ],
    [
      1,
      'error during connect: dial unix /var/run/docker.sock: connect: permission denied\n',
      'on me@there:2222 the docker command reaches no engine: error during connect: dial unix /var/run/docker.sock: connect: permission denied',
      'ssh -l me -p 2222 there docker version',
    ],
    [
      255,
      'kex_exchange_identification: read: Connection reset by peer\r\n',
      'the SSH connection to me@there:2222 ended: kex_exchange_identification: read: Connection reset by peer',
      'ssh -l me -p 2222 there docker version',
    ],
  ])('%i, %j', async (code, says, sentence, command) => {
    vi.stubEnv('SSH_SAYS', says)
    vi.stubEnv('SSH_CODE', String(code))
    await expect(new Docker(to).version()).rejects.toMatchObject({
      ...{code: 'docker-missing', message: expect.stringContaining(sentence), hint: expect.stringContaining(command)},
    })
  })

  test('no ssh command', async () => {
    vi.stubEnv('PATH', join(folder, 'nothing'))
    await expect(new Docker(to).version()).rejects.toMatchObject({
      ...{code: 'docker-missing', message: expect.stringContaining('the ssh command, which is missing')},
      hint: expect.stringContaining('openssh-client'),
    })
  })

  test('one that says nothing is given up', async () => {
    vi.stubEnv('SSH_SOCKET', undefined)
    const docker = new Docker(to, engineLimits({PGHA_LAB_ENGINE_TIMEOUT: '500ms'}))
    await expect(docker.version()).rejects.toMatchObject({code: 'timeout'})
  })

  test('an engine that hangs behind it is given up, as any other', async () => {
    const docker = new Docker(to, engineLimits({PGHA_LAB_ENGINE_TIMEOUT: '500ms'}))
    await docker.containers('x')
    engine.behave('silent')
    await expect(docker.version()).rejects.toMatchObject({code: 'timeout'})
  })

  test('a connection that breaks leaves no question waiting', async () => {
    const docker = new Docker(to)
    await docker.containers('x')
    engine.behave('resets')
    await expect(docker.version()).rejects.toMatchObject({code: 'docker-missing'})
  })

  test.each(['ssh://me:secret@there', 'ssh:///run/docker.sock'])('an address that no ssh takes: %s', address => {
    expect(() => new Docker(address)).toThrow(expect.objectContaining({code: 'docker-missing'}))
  })

  test('a password in an address is never shown', () => {
    expect(() => new Docker('ssh://me:secret@there')).toThrow(
      expect.objectContaining({message: expect.not.stringContaining('secret')}),
    )
  })
})
