import {once} from 'node:events'
import {createServer} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {Docker} from '../../lab/engine/docker.ts'
import {expectExit, expectStatus, pghaLab, untilSaid} from './cli.ts'

const name = 'live-interrupt'
const lab = ['--name', name]

interface Status {
  readonly healthy: boolean
  readonly faultsInForce: readonly unknown[]
}

async function status(): Promise<Status> {
  return JSON.parse((await expectStatus([...lab, '--json'])).out) as Status
}

beforeAll(() => expectExit(0, ['down', ...lab]))
afterAll(() => expectExit(0, ['down', ...lab]))

describe('up', () => {
  test('interrupted while the cluster starts says that the lab is half started, and goes on when asked again', async () => {
    const raising = pghaLab(['up', ...lab, '--profile', 'fast'])
    await untilSaid(raising, /wait until the cluster is healthy/)
    raising.kill('SIGINT')
    const stopped = await raising
    expect(stopped.exitCode).toBe(130)
    expect(stopped.stderr).toMatch(/half started/)
    expect(stopped.stderr).toMatch(/pgha-lab down --name live-interrupt/)
    await expectExit(0, ['up', ...lab])
    expect(await status()).toMatchObject({healthy: true})
  })

  test('ended by SIGTERM says so with 143', async () => {
    const raising = pghaLab(['up', ...lab])
    await untilSaid(raising, /wait until/)
    raising.kill('SIGTERM')
    expect((await raising).exitCode).toBe(143)
  })

  test('says who is working on the lab when two are started at once', async () => {
    const [one, two] = await Promise.all([pghaLab(['up', ...lab]), pghaLab(['up', ...lab])])
    expect([one.exitCode, two.exitCode].sort()).toEqual([0, 3])
    expect(`${one.stderr}${two.stderr}`).toMatch(/lab live-interrupt is in use by `pgha-lab up` \(pid \d+\)/)
  })
})

describe('chaos', () => {
  test('interrupted while the leader is down heals it, and the lab is whole again', async () => {
    const run = pghaLab(['chaos', 'kill-leader', ...lab])
    await untilSaid(run, /not running|kill/i)
    await untilDown()
    run.kill('SIGINT')
    const stopped = await run
    expect(stopped.exitCode).toBe(130)
    expect(stopped.stdout).toMatch(/INCONCLUSIVE/)
    const docker = new Docker()
    expect((await docker.containers(name)).every(one => one.state === 'running')).toBe(true)
    expect((await status()).faultsInForce).toEqual([])
    await expectExit(0, ['heal', ...lab])
  })

  test('whose terminal goes away while the leader is down heals it all the same', async () => {
    const run = pghaLab(['chaos', 'kill-leader', ...lab])
    await untilDown()
    run.stderr?.destroy()
    run.stdout?.destroy()
    run.kill('SIGHUP')
    expect((await run).exitCode).toBe(129)
    expect(await status()).toMatchObject({faultsInForce: []})
    await expectExit(0, ['heal', ...lab])
  })

  test('killed while the leader is down leaves a fault that status names and heal mends', async () => {
    const run = pghaLab(['chaos', 'kill-leader', ...lab])
    await untilDown()
    run.kill('SIGKILL')
    await run
    const {out} = await expectStatus([...lab])
    expect(out).toMatch(/fault in force: crash/)
    const {err} = await expectExit(0, ['heal', ...lab])
    expect(err).toMatch(/mended: start node\d again/)
    expect(await status()).toMatchObject({healthy: true, faultsInForce: []})
  })
})

test('a port that somebody took while the lab was down is named, with its holder', async () => {
  const docker = new Docker()
  const containers = await docker.containers(name)
  await Promise.all(containers.map(one => docker.kill(one.id)))
  const {out} = await expectExit(0, ['config', ...lab, '--json'])
  const port = (JSON.parse(out) as {ports: {proxy1: {primary: number}}}).ports.proxy1.primary
  const thief = createServer()
  await listen(thief, port)
  const {err} = await expectExit(3, ['up', ...lab])
  expect(err).toMatch(new RegExp(`port ${port} on 127\\.0\\.0\\.1 is taken by .* \\(pid ${process.pid}\\)`))
  thief.close()
  await expectExit(0, ['up', ...lab])
})

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

/** Leaves the stream open: a program whose stderr goes away is another test. */
async function untilDown(): Promise<void> {
  const docker = new Docker()
  for (let tries = 0; tries < 600; tries++) {
    if ((await docker.containers(name)).some(one => one.state === 'exited')) return
    await sleep(100)
  }
  throw new Error('no host went down within 60 s')
}

test('down takes only what carries its own label, and nothing of a lab that says no owner while it runs', async () => {
  const docker = new Docker()
  const [image] = (await docker.containers(name)).map(one => one.image)
  const neighbour = ['--name', 'live-neighbour']
  const {stdout: alone} = await execa('docker', [
    'run',
    '-d',
    '--label',
    'pgha-lab.lab=live-neighbour',
    '--label',
    'pgha-lab.host=alone',
    image ?? '',
  ])
  await expectExit(0, ['down', ...lab])
  expect(await docker.leftovers(name)).toEqual({containers: 0, networks: 0, volumes: 0})
  expect(await docker.leftovers('live-neighbour')).toMatchObject({containers: 1})
  for (const command of ['up', 'down']) {
    const {err} = await expectExit(3, [command, ...neighbour])
    expect(err).toMatch(/live-neighbour runs, and whether its owner is still there cannot be told/)
  }
  expect(await docker.leftovers('live-neighbour')).toMatchObject({containers: 1})
  await execa('docker', ['kill', alone])
  await expectExit(0, ['down', '--stale', ...neighbour])
  expect(await docker.leftovers('live-neighbour')).toMatchObject({containers: 0})
})
