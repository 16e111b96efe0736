/** The one way to etcd and Patroni: noticed when it is gone, brought back, and left behind by nobody. */
import {setTimeout as sleep} from 'node:timers/promises'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {Docker, NoWay, openLab} from '../../lab/index.ts'
import {expectExit, expectStatus, pghaLab, untilSaid} from './cli.ts'

const name = 'reach-observer'
const container = `pgha-lab-${name}-observer`

const docker = async (...argv: readonly string[]) => (await execa('docker', argv)).stdout
/** The commands that are connected to its relay. */
const commands = async () =>
  (await docker('top', container, '-o', 'pid,args')).split('\n').filter(one => /socat /.test(one))

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await holds()) return
    await sleep(100)
  }
  throw new Error(`waited 10 s for ${what}`)
}

beforeAll(async () => {
  await expectExit(0, ['up', '--name', name, '--profile', 'fast'])
})
afterAll(() => expectExit(0, ['down', '--name', name]))

describe('the observer', () => {
  test('is no host, and has no right beyond asking', async () => {
    const hosts = await new Docker().containers(name)
    expect(hosts.map(one => one.host).toSorted()).toEqual(['app1', 'node1', 'node2', 'node3', 'proxy1'])
    const [seen] = JSON.parse(await docker('inspect', container)) as {
      HostConfig: {
        PortBindings: object
        Memory: number
        PidsLimit: number
        Privileged: boolean
        ReadonlyRootfs: boolean
      }
      Mounts: object[]
      Config: {Env: string[]}
    }[]
    expect(seen?.HostConfig).toMatchObject({PortBindings: {}, Privileged: false, ReadonlyRootfs: true, PidsLimit: 64})
    expect(seen?.HostConfig.Memory).toBe(256 * 1024 ** 2)
    expect(seen?.Mounts).toEqual([])
    const {passwords} = openLab(new Docker(), name).allocation
    for (const password of Object.values(passwords)) expect(seen?.Config.Env.join('\n')).not.toContain(password)
    const status = await docker('exec', container, 'cat', '/proc/self/status')
    expect(status).toMatch(/^CapEff:\s0+$/m)
    expect(status).toMatch(/^CapBnd:\s0+$/m)
    expect(status).toMatch(/^NoNewPrivs:\s1$/m)
    expect(status).toMatch(/^Uid:\s65534/m)
  })

  test.each([
    ['killed', () => docker('kill', container), 'down'],
    ['frozen', () => docker('pause', container), 'paused'],
    ['removed', () => docker('rm', '-f', container), 'missing'],
  ] as const)('that was %s is told by `status` and brought back by `heal`', async (_, harm, state) => {
    await harm()
    const {out} = await expectStatus(['--name', name])
    expect(out).toContain(`not healthy: the observer is ${state}`)
    expect(out).toContain('broken; to do: start the observer again')
    const {err} = await expectExit(0, ['heal', '--name', name])
    expect(err).toContain('mended: start the observer again')
    expect((await expectStatus(['--name', name])).out).toContain('): healthy\n')
  })

  test('that was removed is brought back by `up`, which touches nothing else', async () => {
    const before = (await new Docker().containers(name)).map(one => one.id)
    await docker('rm', '-f', container)
    const {err} = await expectExit(0, ['up', '--name', name])
    expect(err).toContain('start the observer again')
    expect((await new Docker().containers(name)).map(one => one.id).toSorted()).toEqual(before.toSorted())
  })

  test('that dies under a question leaves that one unasked; the next one after its start is answered', async () => {
    await using lab = openLab(new Docker(), name)
    const ask = () => lab.ask('node1', 'patroni', '/patroni', {withinMs: 3000})
    expect((await ask()).code).toBeGreaterThan(0)
    const watch = await lab.request('node1', 'etcd', '/v3/watch', {
      method: 'POST',
      body: {create_request: {key: 'AA=='}},
    })
    const broken = new Promise<unknown>(resolve => {
      watch.on('response', response => response.resume().on('error', resolve))
      watch.on('error', resolve)
    })
    await docker('kill', container)
    await broken
    await expect(ask()).rejects.toBeInstanceOf(NoWay)
    await docker('start', container)
    await sleep(300) // a relay that could not be reached is not tried again at each question
    expect((await ask()).code).toBeGreaterThan(0)
  })

  test('tells a service that is down from a host that is: one refuses at once, the other says nothing', async () => {
    await using lab = openLab(new Docker(), name)
    const ask = () => lab.ask('node1', 'patroni', '/patroni', {withinMs: 500})
    await docker('exec', `pgha-lab-${name}-node1`, 's6-svc', '-d', '/run/service/patroni')
    await until('Patroni to be down', async () => {
      const error = await ask().catch((one: NodeJS.ErrnoException) => one)
      return 'code' in error && error.code === 'ECONNREFUSED'
    })
    await docker('kill', `pgha-lab-${name}-node1`)
    await expect(ask()).rejects.toMatchObject({code: expect.stringMatching(/^(ETIMEDOUT|EHOSTUNREACH)$/)})
    await expectExit(0, ['heal', '--name', name])
  })

  test('keeps nothing of a command that has ended, nor of one that was killed', async () => {
    await expectStatus(['--name', name])
    await until('nobody to be connected', async () => (await commands()).length === 0)
    const running = pghaLab(['chaos', 'kill-leader', '--name', name, '--plain'])
    await untilSaid(running, /-- steps/)
    expect(await commands()).toHaveLength(1)
    running.kill('SIGKILL')
    await running
    await until('nobody to be connected', async () => (await commands()).length === 0)
    await expectExit(0, ['heal', '--name', name])
  })
})
