/** Raising on an engine that behaves: from nothing, from half a lab, and what a refusal or an interrupt leaves. */
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {beforeEach, describe, expect, test, vi} from 'vitest'
import {health} from '../../../lab/cluster/health.ts'
import type {Docker, Several} from '../../../lab/engine/docker.ts'
import {EngineAmiss} from '../../../lab/engine/one-swarm.ts'
import {type RaiseOptions, raise} from '../../../lab/run/raise.ts'
import {allocate} from '../../../lab/state/allocate.ts'
import {composeFile, labFolder} from '../../../lab/state/folders.ts'
import {plan} from '../../../lab/state/journal.ts'
import {loadLab} from '../../../lab/state/state.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {disposedOf, eachWithItsOwnState} from '../fake/at-rest.ts'
import {breaks} from '../fake/breaks.ts'
import {passing} from '../fake/clock.ts'
import {FakeCompose, freePorts} from '../fake/compose.ts'
import {FakeEngine} from '../fake/engine.ts'
import {images} from '../fake/images.ts'
import {fakeTopology} from '../fake/lab.ts'

let engine: FakeEngine
let compose: FakeCompose

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
vi.setConfig({testTimeout: 60_000}) // minutes of virtual time, on a machine that may be busy
eachWithItsOwnState()
beforeEach(() => {
  engine = disposedOf(new FakeEngine())
  compose = new FakeCompose(engine, 'mine')
})

const told: string[] = []
const released: (string | undefined)[] = []
let isThere = true
beforeEach(() => void told.splice(0))
beforeEach(() => void released.splice(0))

/** The block of ports that a lab is given may be another process's a moment later: here the system gives them. */
const allocated: typeof allocate = async (...given) => {
  const allocation = await allocate(...given)
  return {...allocation, ports: await freePorts(allocation.ports)}
}

async function raised(more: Partial<RaiseOptions> = {}) {
  const result = await passing(
    raise(
      engine,
      {
        ...{name: 'mine', topology: undefined, fallback: () => fakeTopology, signal: new AbortController().signal},
        progress: ({step, state, says}) => void told.push(`${step}: ${says ?? state}`),
        ...more,
      },
      {
        ready: async (_, __, {release} = {}) => {
          released.push(release)
          isThere = true
          return images
        },
        allocate: allocated,
      },
    ),
  )
  disposedOf(result.lab)
  return result
}

test('where there is no engine yet nothing is asked of it before it was made ready', async () => {
  isThere = false
  const hasReaper = engine.hasReaper.bind(engine)
  engine.hasReaper = async () => {
    if (!isThere) throw new LabError('docker-missing', 'no Docker engine answers')
    return hasReaper()
  }
  expect((await raised()).how).toBe('created')
})

const states = () => [...(engine.world?.hosts.values() ?? [])].map(host => host.state)
const changes = () => engine.asked.filter(call => /^(start|stop|kill|connect|unpause|limit|run|exec) /.test(call))

test('from nothing: a lab that is healthy and writable, known on disk, and its name claimed no longer than that takes', async () => {
  const {lab, how, writableMs, tookMs} = await raised()
  expect(how).toBe('created')
  expect(await passing(health(lab))).toMatchObject({healthy: true, leader: 'node1'})
  expect(loadLab('mine')?.allocation).toEqual(lab.allocation)
  expect(loadLab('mine')).toMatchObject({engine: engine.name})
  expect(lab.allocation).not.toHaveProperty('elsewhere')
  expect(compose.ups).toEqual([[]])
  expect((await engine.belongings()).filter(one => one.kind === 'volume')).toEqual([])
  expect(0 < writableMs && writableMs <= tookMs).toBe(true)
})

test('images are made of the release that was asked for, of the one that the lab has, or of the usual one', async () => {
  await raised({topology: {...fakeTopology, release: 'forky'}})
  await raised()
  expect(released).toEqual(['forky', 'forky'])
  expect(loadLab('mine')?.topology.release).toBe('forky')
})

test('a lab that is healthy already is left as it is', async () => {
  await raised()
  engine.asked.length = 0
  expect((await raised()).how).toBe('already')
  expect(compose.ups).toHaveLength(1)
  expect(changes().filter(call => !/^(exec \w+ sh|exec observer socat)$/.test(call))).toEqual([])
})

test('half a lab goes on where it stopped, with what it was given at first', async () => {
  compose.failsAfter = {hosts: 2, error: new LabError('engine', 'docker compose failed: out of memory')}
  await expect(raised()).rejects.toMatchObject({message: 'docker compose failed: out of memory'})
  expect(states()).toEqual(['running', 'running', 'exited', 'exited', 'exited'])
  const before = loadLab('mine')
  compose.failsAfter = null
  const {lab, how} = await raised()
  expect(how).toBe('started')
  expect(lab.allocation).toEqual(before?.allocation)
  expect(await passing(health(lab))).toMatchObject({healthy: true})
})

test('what an earlier run left broken is healed and said; hosts that are merely down are no news', async () => {
  await raised()
  const world = engine.world!
  plan('mine', {id: 'cut', fault: 'cut', mend: await breaks['open-network']({engine, world}, 'node3')})
  await breaks['unpause-host']({engine, world}, 'node2')
  await breaks['start-host']({engine, world}, 'node1')
  told.length = 0
  const {lab} = await raised()
  expect(told.filter(one => one.startsWith('heal'))).toEqual([
    'heal what an earlier run left broken: open the network of node3 (cut-1), unfreeze node2',
  ])
  expect(await passing(health(lab))).toMatchObject({healthy: true})
})

test('an observer that somebody removed is made again, and it alone', async () => {
  await raised()
  engine.world!.observer = null
  const {lab} = await raised()
  expect(compose.ups).toEqual([[], ['observer']])
  expect(await passing(health(lab))).toMatchObject({healthy: true})
})

test('another topology than the lab has is refused, and nothing is done to the lab', async () => {
  await raised()
  await engine.stop('id-node3')
  engine.asked.length = 0
  const topology = {...fakeTopology, hosts: fakeTopology.hosts.slice(0, 3)}
  await expect(raised({topology})).rejects.toMatchObject({code: 'config'})
  expect(changes()).toEqual([])
  expect(engine.world?.host('node3').state).toBe('exited')
})

test('a parameter that PostgreSQL refuses is said before anything is made, and nothing is left of the lab', async () => {
  engine.refusedParameters.add('bogus')
  const topology = {...fakeTopology, postgresParameters: {bogus: '1'}}
  await expect(raised({topology})).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining('postgresql.parameters.bogus: PostgreSQL says: unrecognized'),
  })
  expect([engine.world, compose.ups, await engine.belongings()]).toEqual([null, [], []])
  expect(existsSync(labFolder('mine'))).toBe(false)
})

test('a name that somebody else has is refused, and nothing is left of ours', async () => {
  vi.stubEnv('PGHA_LAB_OWNER', 'them')
  await raised()
  vi.stubEnv('PGHA_LAB_OWNER', 'us')
  const theirs = labFolder('mine')
  vi.stubEnv('XDG_STATE_HOME', `${theirs}-of-ours`)
  engine.asked.length = 0
  await expect(raised()).rejects.toMatchObject({code: 'not-yours'})
  expect(changes()).toEqual([])
  expect(existsSync(labFolder('mine'))).toBe(false)
})

test('a port that a program has taken is named before the engine starts anything', async () => {
  await raised()
  await engine.world![Symbol.asyncDispose]()
  engine.world = null
  const port = loadLab('mine')!.allocation.ports.node2!.postgres!
  const server = createServer().listen(port, '127.0.0.1')
  disposedOf({[Symbol.asyncDispose]: () => new Promise<void>(resolve => server.close(() => resolve()))})
  await expect(raised()).rejects.toMatchObject({code: 'port-taken', message: expect.stringContaining(`port ${port} `)})
  expect(compose.ups).toHaveLength(1)
})

describe('a network that another lab was given after this one had chosen it', () => {
  test('is no obstacle for a lab that is new: it takes one that is free, in one step, and that is what is known of it', async () => {
    const refused: string[] = []
    // The engine lists a network only once it is made.
    vi.spyOn(engine, 'subnets').mockImplementation(async () => [...refused])
    compose.isOfOthers = subnet => refused.length < 2 && refused.push(subnet) > 0
    const {lab, how} = await raised()
    expect([how, compose.ups, new Set([...refused, lab.allocation.subnet]).size]).toEqual(['created', [[], [], []], 3])
    expect(loadLab('mine')?.allocation).toEqual(lab.allocation)
    expect(readFileSync(composeFile('mine'), 'utf8')).toContain(lab.allocation.subnet)
    expect(told.filter(one => one.startsWith('start 5 hosts'))).toEqual(['start 5 hosts: begin', 'start 5 hosts: done'])
  })

  test('that the engine never lists ends the search, with the way to another', async () => {
    compose.isOfOthers = () => true
    await expect(raised()).rejects.toMatchObject({code: 'network-taken', hint: expect.stringContaining('down')})
    expect(compose.ups).toHaveLength(10)
  })

  test('stays that of a lab that was known before, which says how it gets another', async () => {
    const {lab} = await raised()
    await engine.world![Symbol.asyncDispose]()
    engine.world = null
    compose.isOfOthers = subnet => subnet === lab.allocation.subnet
    const error = await raised().catch((error: LabError) => error as LabError)
    expect(error).toMatchObject({
      ...{code: 'network-taken'},
      message: 'the addresses of its network are those of another network of the Docker engine',
    })
    expect(String((error as LabError).hint)).toMatch(/to take another one:\n.*down.*\n.*up/)
    expect(loadLab('mine')?.allocation).toEqual(lab.allocation)
  })
})

test('of a lab whose compose file was changed nothing is started, not even to heal it', async () => {
  await raised()
  await engine.kill('id-node2')
  engine.asked.length = 0
  writeFileSync(composeFile('mine'), `${readFileSync(composeFile('mine'), 'utf8')}# mine\n`)
  await expect(raised()).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining('nothing was started'),
  })
  expect(changes()).toEqual([])
  expect(engine.world?.host('node2').state).toBe('exited')
})

test('health that never comes ends the wait after two minutes with what was seen last; the lab stays, and says where to look', async () => {
  compose.made = world => {
    world.cluster.electsNobody = true
  }
  const error = await raised().catch((error: LabError) => error)
  expect(error).toMatchObject({
    code: 'not-ready',
    message: 'waited 120 s for all members to stream from one leader; last seen: the cluster has no leader yet',
  })
  expect(String((error as LabError).hint)).toContain('logs')
  expect(states()).toEqual(Array(5).fill('running'))
  engine.world!.cluster.electsNobody = false
  expect((await raised()).how).toBe('already')
})

describe.each(['on', 'strict', 'quorum'] as const)('a lab in synchronous mode %s', synchronousMode => {
  const topology = {...fakeTopology, patroni: {...fakeTopology.patroni, synchronousMode}}

  test('is healthy only when a standby is named: before that a failover could lose what was acknowledged, or strict writes wait', async () => {
    const {lab} = await raised({topology})
    expect(engine.world?.cluster.standbys).toEqual(['node2'])
    expect((await passing(health(lab))).members.filter(one => one.sync).map(one => one.host)).toEqual(['node2'])
    expect(told).toContainEqual(expect.stringContaining('no replica is named a synchronous standby of node1 yet'))
  })

  test('of which no standby is ever named is not healthy, and says what is missing', async () => {
    compose.made = world => {
      world.cluster.namesNobody = true
    }
    await expect(raised({topology})).rejects.toMatchObject({
      code: 'not-ready',
      message:
        'waited 120 s for lab mine to be healthy; last seen: no replica is named a synchronous standby of node1 yet',
    })
  })
})

test('a synchronous lab of one member waits for no standby: there is none', async () => {
  const hosts = fakeTopology.hosts.filter(({name}) => !['node2', 'node3'].includes(name))
  const {how} = await raised({
    topology: {...fakeTopology, hosts, patroni: {...fakeTopology.patroni, synchronousMode: 'on'}},
  })
  expect(how).toBe('created')
})

test('what the logs say is told while the wait lasts, and in the end: why nobody leads', async () => {
  compose.made = world => {
    world.cluster.electsNobody = true
  }
  engine.saysInLog.set('node2', [
    'patroni  | 2026-11-27 13:22:54,338 INFO: trying to bootstrap a new cluster',
    'patroni  | 2026-11-27 13:22:54,338 ERROR: Configuration requires watchdog, but watchdog could not be configured. Cancelling bootstrap',
    'postgres | 2026-11-27 13:22:55.338 UTC [7] FATAL:  the database system is starting up',
  ])
  const why =
    'the log of node2: patroni: ERROR: Configuration requires watchdog, but watchdog could not be configured. Cancelling bootstrap'
  await expect(raised()).rejects.toMatchObject({
    code: 'not-ready',
    message: `waited 120 s for all members to stream from one leader; last seen: the cluster has no leader yet; ${why}`,
  })
  expect(told).toContain(`wait until the cluster is healthy: ${why}`)
})

test('a replica that never streams is named', async () => {
  compose.made = world => {
    const {streams} = world.cluster
    world.cluster.streams = host => host !== 'node3' && streams.call(world.cluster, host)
  }
  await expect(raised()).rejects.toMatchObject({
    message: expect.stringMatching(/last seen: node3 does not stream from node1 yet$/),
  })
})

test('an interrupt leaves the lab as far as it came, and the next time it goes on', async () => {
  const interrupt = new AbortController()
  const progress: RaiseOptions['progress'] = ({step}) => {
    if (step === 'wait until the cluster is healthy') interrupt.abort()
  }
  await expect(raised({signal: interrupt.signal, progress})).rejects.toMatchObject({code: 'interrupted'})
  expect(states()).toEqual(Array(5).fill('running'))
  const {lab} = await raised()
  expect(await passing(health(lab))).toMatchObject({healthy: true})
})

test('containers of a lab that nothing is known of any more are refused, and left alone', async () => {
  await raised()
  vi.stubEnv('XDG_STATE_HOME', `${labFolder('mine')}-elsewhere`)
  engine.asked.length = 0
  await expect(raised()).rejects.toMatchObject({code: expect.stringMatching(/^(no-lab|not-yours)$/)})
  expect(changes()).toEqual([])
})

describe('on several engines', () => {
  const topology = {...fakeTopology, engines: {node1: 'big', node2: 'small'}}
  /** Nothing here relays what is asked of PostgreSQL elsewhere. */
  const started = {says: 'it is started', wait: async () => {}}
  let done: string[]
  let amiss: EngineAmiss | undefined

  beforeEach(() => {
    done = []
    amiss = undefined
    const several: Several = {
      engines: [],
      of: () => engine as unknown as Docker,
      reachable: async () => ({docker: engine as unknown as Docker, absent: []}),
      async mustBeOneSwarm() {
        done.push('one swarm')
        if (amiss !== undefined) throw amiss
      },
      async shareImages(images, _signal, share) {
        done.push(`share ${images.join(' ')}`)
        await share('small', async () => {})
      },
      async makeNetwork(lab, {subnet, gateway}) {
        done.push(`network of ${lab} ${subnet} ${gateway}, ${compose.ups.length} times up`)
        return {[Symbol.asyncDispose]: async () => void done.push(`let go, ${compose.ups.length} times up`)}
      },
    }
    Object.assign(engine, {several})
  })

  test('they are one swarm before all else, have the images and the network before the hosts, and lie elsewhere', async () => {
    const {lab} = await raised({topology, until: started})
    const {images: of, subnet} = lab.allocation
    expect(done).toEqual([
      ...['one swarm', `share ${of.host} ${of.app}`],
      ...[`network of mine ${subnet} ${subnet.replace('0/24', '1')}, 0 times up`, 'let go, 1 times up'],
    ])
    expect(told).toContain('copy the images to small: done')
    expect(lab.allocation).toMatchObject({elsewhere: true})
    expect(loadLab('mine')?.topology.engines).toEqual({node1: 'big', node2: 'small'})
  })

  test('what is wrong with one of them is told with its place, and nothing is made', async () => {
    amiss = new EngineAmiss('small', new LabError('engine', 'small is in no swarm', {hint: 'docker swarm init'}))
    const toldAt: RaiseOptions['toldAt'] = (path, error) =>
      new LabError(error.code, `at ${path.join('.')}: ${error.message}`, {hint: error.next})
    await expect(raised({topology, toldAt})).rejects.toMatchObject({
      ...{code: 'engine', message: 'at engines.node2: small is in no swarm', hint: 'docker swarm init'},
    })
    await expect(raised({topology})).rejects.toBe(amiss)
    expect([engine.asked, released, existsSync(labFolder('mine'))]).toEqual([[], [], false])
  })

  test('which engines a lab lies on is a part of what it is', async () => {
    await raised({topology, until: started})
    const moved = {...topology, engines: {node1: 'small', node2: 'big'}}
    await expect(raised({topology: moved})).rejects.toMatchObject({code: 'config'})
  })
})
