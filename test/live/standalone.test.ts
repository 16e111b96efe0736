import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {DockerComposeEnvironment, type StartedDockerComposeEnvironment, Wait} from 'testcontainers'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {expectExit} from './cli.ts'

// The reaper's image would have to be pulled; the environment is taken down below.
process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'

const name = 'live-standalone'

describe('the file that `config` prints, started by docker compose with nothing of ours around it', () => {
  let folder: string
  let environment: StartedDockerComposeEnvironment

  beforeAll(async () => {
    await expectExit(0, ['down', '--name', name])
    folder = mkdtempSync(join(tmpdir(), 'standalone-'))
    const {out} = await expectExit(0, ['config', '--name', name, '--profile', 'fast'])
    writeFileSync(join(folder, 'compose.yaml'), out, {mode: 0o600})
    environment = await new DockerComposeEnvironment(folder, 'compose.yaml')
      .withProjectName(`pgha-lab-${name}`)
      .withDefaultWaitStrategy(Wait.forSuccessfulCommand('true'))
      .up()
  })
  afterAll(async () => {
    await environment?.down({removeVolumes: true, timeout: 0})
    rmSync(folder, {recursive: true, force: true})
  })

  async function on(host: string, argv: string[]): Promise<{out: string; code: number}> {
    // Its `output` is both streams in one, and patronictl says on stderr what it had to wait for.
    const {stdout, exitCode} = await environment.getContainer(host).exec(argv)
    return {out: stdout, code: exitCode}
  }

  async function members(): Promise<{Member: string; Role: string; State: string}[]> {
    const {out, code} = await on('node1', ['patronictl', '-c', '/etc/patroni/patroni.yml', 'list', '-f', 'json'])
    return code === 0 ? JSON.parse(out) : []
  }

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      if (await holds()) return
      await sleep(200)
    }
    throw new Error(`waited 60 s for ${what}`)
  }

  test('becomes a cluster of one leader and two streaming replicas', async () => {
    await until('three members', async () => {
      const all = await members()
      return (
        all.filter(one => one.Role === 'Leader').length === 1 &&
        all.filter(one => one.State === 'streaming').length === 2
      )
    })
  })

  test('is refused a second life by `up` under the same name, with the way out', async () => {
    const {err} = await expectExit(3, ['up', '--name', name])
    expect(err).toMatch(/pgha-lab down --name live-standalone/)
  })

  describe('with Patroni, PostgreSQL and etcd that live and die separately', () => {
    const pidOf = async (host: string, pattern: string) => (await on(host, ['pgrep', '-o', '-f', pattern])).out.trim()

    test('each is there', async () => {
      for (const pattern of ['postgres -D', 'python3 .*patroni-with-etcd', '^(/usr/bin/)?etcd'])
        expect(await pidOf('node2', pattern), pattern).toMatch(/^\d+$/)
    })

    test('PostgreSQL outlives its Patroni, and Patroni comes back', async () => {
      const [postgres, patroni] = [
        await pidOf('node2', 'postgres -D'),
        await pidOf('node2', 'python3 .*patroni-with-etcd'),
      ]
      await on('node2', ['kill', '-9', patroni])
      expect(await pidOf('node2', 'postgres -D')).toBe(postgres)
      await until(
        'a new Patroni',
        async () => !['', patroni].includes(await pidOf('node2', 'python3 .*patroni-with-etcd')),
      )
      await until('all to stream', async () => (await members()).filter(one => one.State === 'streaming').length === 2)
      expect(await pidOf('node2', 'postgres -D')).toBe(postgres)
    })

    test('etcd outlives PostgreSQL, and comes back when it dies itself', async () => {
      const [etcd, postgres] = [await pidOf('node3', '^(/usr/bin/)?etcd'), await pidOf('node3', 'postgres -D')]
      await on('node3', ['kill', '-9', postgres])
      expect(await pidOf('node3', '^(/usr/bin/)?etcd')).toBe(etcd)
      await until('a new postmaster', async () => !['', postgres].includes(await pidOf('node3', 'postgres -D')))
      await on('node3', ['kill', '-9', etcd])
      await until('a new etcd', async () => !['', etcd].includes(await pidOf('node3', '^(/usr/bin/)?etcd')))
    })

    test('no zombie is left behind: PID 1 reaps', async () => {
      for (const host of ['node2', 'node3'])
        expect((await on(host, ['sh', '-c', "ps -eo stat= | grep -c '^Z' || true"])).out.trim()).toBe('0')
    })
  })
})
