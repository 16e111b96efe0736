/** Two owners on one engine, each with a state directory of its own. Nothing here sweeps without a name: the engine is a person's. */
import {cpSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import Dockerode from 'dockerode'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {Docker} from '../../lab/engine/docker.ts'
import {labels} from '../../lab/topology/topology.ts'
import {expectExit, expectStatus, pghaLab} from './cli.ts'

const name = 'live-ownership'
const docker = new Docker()
const none = {containers: 0, networks: 0, volumes: 0}

interface Person {
  readonly state: string
  readonly env: {readonly env: Readonly<Record<string, string>>}
}

function person(who: string): Person {
  const state = mkdtempSync(join(tmpdir(), `${who}-`))
  return {state, env: {env: {XDG_STATE_HOME: state, PGHA_LAB_OWNER: ''}}}
}

const [ann, bob] = [person('ann'), person('bob')]
const running = async () => (await docker.containers(name)).filter(one => one.state === 'running').map(one => one.id)

afterAll(async () => {
  for (const {env} of [ann, bob]) {
    await pghaLab(['down', '--name', name], env)
    await pghaLab(['down', '--stale', '--name', name], env)
  }
  for (const {state} of [ann, bob]) rmSync(state, {recursive: true, force: true})
  expect(await docker.leftovers(name)).toEqual(none)
})

describe('a running lab', () => {
  let hosts: string[]
  beforeAll(async () => {
    await expectExit(0, ['up', '--name', name, '--profile', 'fast'], ann.env)
    hosts = (await running()).sort()
  })

  test('says whose it is on every container, network and volume, and on none of the containers where that one lives', async () => {
    const all = await docker.belongings(name)
    expect(all.map(one => one.kind)).toEqual([...Array(6).fill('container'), 'network', ...Array(3).fill('volume')])
    expect(new Set(all.map(one => one.owner)).size).toBe(1)
    for (const one of all)
      if (one.kind === 'container') expect(one.home).toBeNull()
      else expect(one.home).toContain(` ${ann.state}/pgha-lab`)
  })

  test.each(['up', 'down', 'down --stale', 'heal', 'chaos kill-leader', 'chaos --storm 10s', 'shell node1', 'status'])(
    'survives `%s` of somebody else, who is told whose it is',
    async command => {
      const says = command === 'down --stale' ? 0 : 3
      const {err} = await expectExit(says, [...command.split(' '), '--name', name], bob.env)
      expect(err).toMatch(/lab live-ownership runs and belongs to somebody else \(owner [0-9a-f]{32}, kept in \/\S+\)/)
      expect((await running()).sort()).toEqual(hosts)
    },
  )

  test('is told by `status --all` of somebody else, as text and as JSON', async () => {
    const text = await expectStatus(['--all'], bob.env)
    expect(text.out).toContain(`lab ${name} runs and belongs to somebody else`)
    const json = JSON.parse((await expectStatus(['--all', '--json'], bob.env)).out)
    expect(json).toContainEqual({lab: name, foreign: expect.objectContaining({running: true, stale: false})})
  })

  test('is nobody else’s even for one whose directory knows a lab of that name', async () => {
    cpSync(join(ann.state, 'pgha-lab', 'labs'), join(bob.state, 'pgha-lab', 'labs'), {recursive: true})
    rmSync(join(bob.state, 'pgha-lab', 'labs', name, 'owner'))
    for (const argv of [['heal'], ['chaos', 'kill-leader'], ['up']])
      expect((await expectExit(3, [...argv, '--name', name], bob.env)).err).toContain('belongs to somebody else')
    rmSync(join(bob.state, 'pgha-lab', 'labs'), {recursive: true})
    expect((await running()).sort()).toEqual(hosts)
  })

  test('is refused by the engine itself to whoever took it for one that has stopped', async () => {
    const all = await docker.belongings(name)
    await expect(docker.remove(all, false)).rejects.toMatchObject({code: 'not-yours'})
    expect((await running()).sort()).toEqual(hosts)
    expect(await docker.belongings(name)).toHaveLength(all.length)
  })

  test('is its owner’s: `up` finds it healthy', async () => {
    const {err} = await expectExit(0, ['up', '--name', name], ann.env)
    expect(err).toContain('is up and healthy already')
  })

  test('that has stopped altogether is told, and `down --stale` removes it all', async () => {
    await Promise.all(hosts.map(id => docker.kill(id)))
    // What only helps the hosts still runs, and so does the lab.
    expect((await expectExit(3, ['down', '--name', name], bob.env)).err).toContain('belongs to somebody else')
    const others = (await docker.belongings(name)).filter(one => one.state === 'running')
    await Promise.all(others.map(one => docker.kill(one.id)))
    expect((await expectExit(3, ['up', '--name', name], bob.env)).err).toContain(`pgha-lab down --stale --name ${name}`)
    expect((await expectExit(3, ['down', '--name', name], bob.env)).err).toContain('nothing of it runs any more')
    const {out} = await expectExit(0, ['down', '--stale', '--json', '--name', name], bob.env)
    expect(JSON.parse(out)).toMatchObject({
      removed: [{lab: name, removed: {containers: 6, networks: 1, volumes: 3}}],
      left: [],
    })
    expect(await docker.leftovers(name)).toEqual(none)
  })
})

describe('an owner who is gone', () => {
  // Elsewhere nobody can tell, and the lab would have to be stopped first.
  test.runIf(process.platform === 'linux')('leaves a lab that runs, and the next home removes it', async () => {
    const gone = person('gone')
    const up = pghaLab(['up', '--name', name, '--profile', 'fast'], gone.env)
    while ((await running()).length < 5) await new Promise(resolve => setTimeout(resolve, 100))
    up.kill('SIGKILL')
    await up
    expect((await expectExit(3, ['down', '--name', name], bob.env)).err).toContain('belongs to somebody else')
    rmSync(gone.state, {recursive: true})
    const {err} = await expectExit(0, ['down', '--stale', '--name', name], bob.env)
    expect(err).toMatch(/its owner is gone .*; removed: 6 containers, 1 network/)
    expect(await docker.leftovers(name)).toEqual(none)
  })
})

describe('half a lab', () => {
  const api = new Dockerode()
  const of = {[labels.lab]: name, [labels.owner]: 'somebody'}
  afterEach(async () => {
    expect(await docker.leftovers(name)).toEqual(none)
  })

  test('of an older version, a network or a volume alone, is in the way of `up` until `down --stale`', async () => {
    await api.createNetwork({Name: `pgha-lab-${name}_lab`, Labels: {[labels.lab]: name}})
    await api.createVolume({Name: `pgha-lab-${name}_node1`, Labels: {[labels.lab]: name}})
    await expectExit(3, ['up', '--name', name], bob.env)
    expect(await docker.leftovers(name)).toEqual({containers: 0, networks: 1, volumes: 1})
    await expectExit(0, ['down', '--stale', '--name', name], bob.env)
  })

  test('that somebody is just making is left alone', async () => {
    const network = await api.createNetwork({Name: `pgha-lab-${name}_lab`, Labels: of})
    const {err} = await expectExit(0, ['down', '--stale', '--name', name], bob.env)
    expect(err).toContain('is being raised or removed by somebody else right now')
    await network.remove()
  })
})

test('two who raise one name at the same time: one has it, and the other hears so and takes nothing of it', async () => {
  const both = await Promise.all([ann, bob].map(({env}) => pghaLab(['up', '--name', name, '--profile', 'fast'], env)))
  expect(both.map(one => one.exitCode).sort()).toEqual([0, 3])
  const [won, lost] = both[0]?.exitCode === 0 ? [ann, bob] : [bob, ann]
  expect(String(both.find(one => one.exitCode === 3)?.stderr)).toMatch(
    /lab live-ownership (is in use by its owner|is being raised|runs and belongs)/,
  )
  expect(await running()).toHaveLength(5)
  expect(new Set((await docker.belongings(name)).map(one => one.owner)).size).toBe(1)
  await expectExit(3, ['down', '--name', name], lost.env)
  await expectExit(0, ['down', '--name', name], won.env)
})
