/**
 * Engines that are reached by SSH, at an address and behind a Docker context, with servers, keys and engines of the test's own: a suite
 * over both, a lab by its name alone; and what is said where there is no way, without a question on the terminal.
 */
import {existsSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {expectExit, pghaLab} from '../cli.ts'
import {OwnEngine} from './own-engine.ts'
import {OwnSshd} from './own-sshd.ts'
import {PseudoTerminal} from './pseudo-terminal.ts'

const context = 'pgha-by-ssh'
const engines: OwnEngine[] = []
const servers: OwnSshd[] = []
let folder: string

/** Both servers' keys: the second one's client has what the first one's has, in its own folder. */
const env = () => ({
  XDG_STATE_HOME: folder,
  DOCKER_CONFIG: join(folder, 'docker'),
  PGHA_LAB_ALLOW_REMOTE: '1',
  PATH: servers[0]!.path,
})
const run = (code: number, argv: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  expectExit(code, argv, {env: {...env(), ...more}, timeout: 400_000})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-by-ssh-'))
  for (const number of [1, 2]) {
    const engine = await OwnEngine.start({name: `pgha-by-ssh-${number}`})
    engines.push(engine)
    servers.push(await OwnSshd.start({port: 2221 + number, socket: engine.socket, beside: servers[0]}))
  }
  const [, second] = servers
  await execa('docker', ['context', 'create', context, '--docker', `host=${second!.address}`], {
    env: {DOCKER_CONFIG: env().DOCKER_CONFIG},
  })
}, 600_000)
afterAll(async () => {
  for (const one of [...servers.toReversed(), ...engines]) await one[Symbol.asyncDispose]()
  rmSync(folder, {recursive: true, force: true})
}, 120_000)

test('a suite over an address and a context passes on both, with its evidence here', async () => {
  const names = [servers[0]!.address, context]
  const argv = ['chaos', '--suite', 'process', '--name', 'by-ssh', '--engines', names.join(','), '--parallel', '1']
  const {exitCode, stdout, stderr} = await pghaLab([...argv, '--json'], {env: env(), timeout: 1_200_000})
  expect(exitCode, `${stdout}\n${stderr}`).toBe(0)
  const {scenarios} = JSON.parse(String(stdout)) as {
    scenarios: readonly {ending: string; engine: string; folder: string}[]
  }
  expect(new Set(scenarios.map(one => one.ending))).toEqual(new Set(['passed']))
  expect(new Set(scenarios.map(one => one.engine))).toEqual(new Set(names))
  for (const one of scenarios) expect(existsSync(join(one.folder, 'events.ndjson'))).toBe(true)
}, 1_500_000)

test('a lab behind a context is asked, broken, healed and removed by its name alone', async () => {
  await run(0, ['up', '--name', 'there', '--profile', 'fast'], {DOCKER_CONTEXT: context})
  const containers = async (engine: OwnEngine) => String((await engine.docker(['ps', '--all', '--quiet'])).stdout)
  expect(await containers(engines[0]!)).toBe('')
  expect(await containers(engines[1]!)).not.toBe('')
  expect(JSON.parse((await run(0, ['status', '--name', 'there', '--json'])).out)).toMatchObject({healthy: true})
  expect((await run(0, ['psql', '--name', 'there', '--', '-Atc', 'select 6 * 7'])).out.trim()).toBe('42')
  expect((await run(0, ['shell', 'node1', '--name', 'there', '--', 'cat', '/etc/hostname'])).out.trim()).toBe('node1')
  expect((await run(0, ['logs', 'node1', '--name', 'there'])).out).toContain('node1')
  await run(0, ['chaos', 'kill-leader', '--name', 'there'])
  await run(0, ['down', '--name', 'there'])
  expect(await containers(engines[1]!)).toBe('')
}, 900_000)

describe('where there is no way, a command ends by itself with what to do', () => {
  afterEach(() => servers[0]!.knows('right', 'right'))

  const refused = async (address: string) => {
    const began = performance.now()
    const {err} = await run(3, ['up', '--name', 'nowhere'], {DOCKER_HOST: address})
    expect(performance.now() - began).toBeLessThan(60_000) // it waits for nobody
    return err
  }

  test('a host key that is not known', async () => {
    servers[0]!.knows('right', 'none')
    const err = await refused(servers[0]!.address)
    expect(err).toMatch(/^the SSH host key of root@127\.0\.0\.1:2222 is not known here/m)
    expect(err).toContain('ssh -l root -p 2222 127.0.0.1 true')
  })

  test('a host key that is another than the known one', async () => {
    servers[0]!.knows('right', 'other')
    const err = await refused(servers[0]!.address)
    expect(err).toContain('root@127.0.0.1:2222 shows another SSH host key than the one that is known')
    expect(err).toContain("ssh-keygen -R '[127.0.0.1]:2222'")
  })

  test('a key that is refused', async () => {
    servers[0]!.knows('refused', 'right')
    const err = await refused(servers[0]!.address)
    expect(err).toContain('root@127.0.0.1:2222 accepts no SSH key of yours, and no password is asked for')
    expect(err).toContain('ssh-copy-id -p 2222 root@127.0.0.1')
  })

  test('a port on which nobody listens', async () => {
    const err = await refused('ssh://root@127.0.0.1:2')
    expect(err).toContain('root@127.0.0.1:2 cannot be reached by SSH: Connection refused')
  })

  test('an engine that has stopped behind a server that answers', async () => {
    await engines[0]!.kill()
    try {
      expect(await refused(servers[0]!.address)).toMatch(
        /on root@127\.0\.0\.1:2222 the docker command reaches no engine: /,
      )
    } finally {
      await engines[0]!.startDockerd()
    }
  })

  test('a suite says which engine it is, and plays nothing', async () => {
    servers[0]!.knows('right', 'none')
    const argv = ['chaos', '--suite', 'process', '--engines', `${context},${servers[0]!.address}`]
    // The client of the second server is the same one: nothing is known to it.
    const {err} = await run(3, argv)
    expect(err).toMatch(/engine \S+: the SSH host key of root@127\.0\.0\.1:\d+ is not known here/)
  })

  test('and nobody is asked anything on a terminal', async () => {
    await using terminal = await PseudoTerminal.open(200, 40)
    for (const [name, value] of Object.entries(env())) await terminal.type(`export ${name}='${value}'\n`)
    for (const [key, hostKey] of [
      ['right', 'none'],
      ['refused', 'right'],
    ] as const) {
      servers[0]!.knows(key, hostKey)
      await terminal.type(`clear; export DOCKER_HOST=${servers[0]!.address}\n`)
      for (const command of ['doctor', 'up']) {
        await terminal.run(command, ';', 'echo', '"ended:"$?')
        const screen = await terminal.until(/ended:3/, 60_000)
        expect(screen).not.toMatch(/password:|continue connecting/)
        await terminal.type('clear\n')
      }
    }
  }, 300_000)

  test('on another machine only where that is allowed, also when its address is of this one', async () => {
    const {err} = await run(2, ['up', '--name', 'nowhere'], {
      ...{DOCKER_HOST: servers[0]!.address, PGHA_LAB_ALLOW_REMOTE: ''},
    })
    expect(err).toContain('is not on this machine')
  })
})
