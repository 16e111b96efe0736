/** The engines of one lab as one: who is asked for what, who is named when one does not answer, and what makes them one swarm. */
import Dockerode from 'dockerode'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {engineLimits} from '../../../lab/engine/engine-limits.ts'
import {SeveralEngines} from '../../../lab/engine/several.ts'
import type {LabError} from '../../../lab/words/errors.ts'
import {fakeTopology} from '../fake/lab.ts'
import {type Behaviour, type FakeEngine, fakeEngine} from '../fake-engine.ts'

let big: FakeEngine
let small: FakeEngine
let docker: SeveralEngines

const topology = {...fakeTopology, engines: {node1: 'big', node2: 'tcp://10.0.0.2:2375'}}

beforeEach(async () => {
  big = await fakeEngine([
    {lab: 'lab', host: 'node1', owner: 'me'},
    {lab: 'lab', host: 'app1', owner: 'me'},
  ])
  small = await fakeEngine([{lab: 'lab', host: 'node2', owner: 'me'}])
  docker = new SeveralEngines(topology, engineLimits({PGHA_LAB_ENGINE_TIMEOUT: '500ms'}), name =>
    name === 'big' ? wayTo(big) : wayTo(small),
  )
})
afterEach(async () => {
  await big[Symbol.asyncDispose]()
  await small[Symbol.asyncDispose]()
})

const wayTo = ({socketPath}: FakeEngine) => new Dockerode({socketPath})
const changes = ({asked}: FakeEngine) => asked.filter(one => !one.startsWith('GET '))
const caught = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error as LabError,
  )

test('containers are those of all, and a host is asked for and killed on its own engine', async () => {
  expect((await docker.containers('lab')).map(one => one.host)).toEqual(['node1', 'app1', 'node2'])
  expect((await docker.container('lab', 'node2')).id).toBe('id-node2')
  expect(await caught(docker.several.of('node1').container('lab', 'node2'))).toMatchObject({code: 'no-target'})
  await docker.several.of('node2').kill('id-node2')
  expect([changes(big), changes(small)]).toEqual([[], ['POST /containers/id-node2/kill']])
})

test('one of them that does not answer is named, by whatever is asked of it', async () => {
  small.behave('silent')
  const error = {
    code: 'timeout',
    message: expect.stringMatching(/^tcp:\/\/10\.0\.0\.2:2375: the Docker engine did not /),
  }
  for (const asked of [() => docker.version(), () => docker.containers('lab'), () => docker.belongings('lab')])
    expect(await caught(asked())).toMatchObject(error)
  expect(await docker.clockMs()).toBeGreaterThan(0)
})

test('what a lab has is removed where it lies, and its network when nothing is left in it', async () => {
  const network = {
    ...{Id: 'net', Name: 'pgha-lab-lab_lab', Created: '2026-01-01T00:00:00Z', Scope: 'swarm', Driver: 'overlay'},
    Labels: {'pgha-lab.lab': 'lab', 'pgha-lab.owner': 'me'},
  }
  const swarm =
    (isManager: boolean) =>
    (asked: string): Behaviour => {
      if (asked === 'GET /networks') return said([network])
      if (asked === 'GET /info') return said(info({node: isManager ? 'n1' : 'n2', isManager}))
      return 'answers'
    }
  big.behave(swarm(true))
  small.behave(swarm(false))
  const belongings = await docker.belongings('lab')
  expect(belongings.map(({kind, id}) => `${kind} ${id}`).toSorted()).toEqual([
    ...['container id-app1', 'container id-node1', 'container id-node2', 'network net'],
  ])
  expect(await docker.remove(belongings, true)).toEqual({containers: 3, networks: 1, volumes: 0})
  expect(changes(big).at(-1)).toBe('DELETE /networks/net')
  expect(changes(small)).toEqual(['DELETE /containers/id-node2'])
})

test('without one that does not answer the others are one, and what they have is removed; its network where that works', async () => {
  const network = {
    ...{Id: 'net', Name: 'pgha-lab-lab_lab', Created: '2026-01-01T00:00:00Z', Scope: 'swarm', Driver: 'overlay'},
    Labels: {'pgha-lab.lab': 'lab', 'pgha-lab.owner': 'me'},
  }
  let inUse = true
  big.behave(asked => {
    if (asked === 'GET /networks') return said([network])
    if (asked === 'GET /info') return said(info({node: 'n1', isManager: true}))
    if (asked === 'DELETE /networks/net' && inUse) return refused(409, 'it is held')
    if (asked === 'DELETE /networks/net') return refused(500, 'network net is busy')
    return 'answers'
  })
  small.behave('silent')
  const {docker: there, absent} = await docker.several.reachable()
  expect(absent).toEqual([{engine: 'tcp://10.0.0.2:2375', error: expect.objectContaining({code: 'timeout'})}])
  const belongings = await there.belongings('lab')
  expect(belongings.map(one => one.id).toSorted()).toEqual(['id-app1', 'id-node1', 'net'])
  expect(await there.remove(belongings, true)).toEqual({containers: 2, networks: 1, volumes: 0})
  inUse = false
  expect(await there.remove(belongings, true)).toEqual({containers: 2, networks: 0, volumes: 0})
})

test('when all of them answer there is nothing absent, and when none does the first says why', async () => {
  expect(await docker.several.reachable()).toEqual({docker, absent: []})
  big.behave('silent')
  small.behave('silent')
  expect(await caught(docker.several.reachable())).toMatchObject({
    code: 'timeout',
    message: expect.stringMatching(/^big: /),
  })
})

test('a context that is not there is told of the engine that is called so, before anything is asked', () => {
  const lost = {...topology, engines: {node1: 'default', node2: 'no-such-context'}}
  expect(() => new SeveralEngines(lost)).toThrow(
    expect.objectContaining({code: 'docker-missing', engine: 'no-such-context'}),
  )
})

describe('one swarm', () => {
  const nodes = (...ids: readonly string[]) => ids.map(ID => ({ID, Status: {State: 'ready'}}))
  const member = (of: FakeEngine, as: Info, known: readonly unknown[] = []) =>
    of.behave(asked => {
      if (asked === 'GET /info') return said(info(as))
      if (asked === 'GET /nodes') return said(known)
      return asked === 'POST /networks/create' ? said({Id: 'net'}) : 'answers'
    })
  const amiss = () => caught(docker.several.mustBeOneSwarm())

  test('a manager that sees them all makes the network, once', async () => {
    member(big, {node: 'n2', isManager: false})
    member(small, {node: 'n1', isManager: true}, nodes('n1', 'n2'))
    await docker.several.mustBeOneSwarm()
    const network = {subnet: '10.213.7.0/24', gateway: '10.213.7.1', owner: {id: 'me', home: null}}
    const known = await docker.several.makeNetwork('lab', network, 'pgha-lab/host:x')
    // A worker knows it while something is in it.
    expect([changes(big), changes(small)]).toEqual([
      ['POST /containers/create', 'POST /containers/created/start'],
      ['POST /networks/create'],
    ])
    await known[Symbol.asyncDispose]()
    expect(changes(big).at(-1)).toBe('DELETE /containers/created')
  })

  test('none of them in a swarm: what forms one can be pasted, and nothing is done', async () => {
    member(big, {id: 'e1'})
    member(small, {id: 'e2'})
    const error = await amiss()
    expect(error).toMatchObject({code: 'engine', engine: 'big', exitCode: 3})
    expect(error?.message).toBe('big is in no swarm, and a lab on several engines needs them in one')
    expect(error?.hint).toContain('docker --context big swarm init --advertise-addr ITS-ADDRESS')
    expect(error?.hint).toContain(
      'docker -H tcp://10.0.0.2:2375 swarm join --token "$(docker --context big swarm join-token -q worker)" ITS-ADDRESS:2377',
    )
    expect([changes(big), changes(small)]).toEqual([[], []])
  })

  test('one that is not in it is told how it joins, at the address of the manager', async () => {
    member(big, {node: 'n1', isManager: true}, nodes('n1'))
    member(small, {id: 'e2'})
    const error = await amiss()
    expect(error).toMatchObject({engine: 'tcp://10.0.0.2:2375'})
    expect(error?.message).toBe('tcp://10.0.0.2:2375 is not in the swarm of big')
    expect(error?.hint).toMatch(/swarm join --token .* 10\.0\.0\.9:2377$/)
  })

  test('one that is in another swarm, or that its manager does not see', async () => {
    member(big, {node: 'n1', isManager: true}, nodes('n1'))
    member(small, {node: 'n7', isManager: true}, nodes('n7'))
    expect((await amiss())?.message).toMatch(/^tcp:\/\/10\.0\.0\.2:2375 is in another swarm than big, or that one does/)
    member(big, {node: 'n1', isManager: true}, [...nodes('n1'), {ID: 'n7', Status: {State: 'down'}}])
    expect((await amiss())?.message).toMatch(/does not see it right now$/)
  })

  test('without a manager among them nobody could make the network', async () => {
    member(big, {node: 'n1', isManager: false})
    member(small, {node: 'n2', isManager: false})
    expect(await amiss()).toMatchObject({
      ...{code: 'engine', message: expect.stringMatching(/none of these engines is a manager/)},
      hint: expect.stringContaining('docker node promote n1'),
    })
  })

  test('two names of one engine', async () => {
    member(big, {id: 'same', node: 'n1', isManager: true}, nodes('n1'))
    member(small, {id: 'same', node: 'n1', isManager: true}, nodes('n1'))
    expect(await amiss()).toMatchObject({code: 'config', message: 'tcp://10.0.0.2:2375 is the same engine as big'})
  })

  test('one that does not answer', async () => {
    member(big, {node: 'n1', isManager: true}, nodes('n1'))
    small.behave('resets')
    expect(await amiss()).toMatchObject({code: 'docker-missing', engine: 'tcp://10.0.0.2:2375'})
  })
})

interface Info {
  readonly id?: string
  readonly node?: string
  readonly isManager?: boolean
}

function info({node, id = `of ${node}`, isManager = false}: Info) {
  const managers = isManager ? [{NodeID: node, Addr: '10.0.0.9:2377'}] : null
  const inSwarm = {NodeID: node, LocalNodeState: 'active', ControlAvailable: isManager, RemoteManagers: managers}
  const inNone = {NodeID: '', LocalNodeState: 'inactive', ControlAvailable: false, RemoteManagers: null}
  return {SystemTime: new Date().toISOString(), ID: id, Swarm: node === undefined ? inNone : inSwarm}
}

function said(value: unknown): Behaviour {
  return {body: JSON.stringify(value), type: 'application/json'}
}

function refused(status: number, message: string): Behaviour {
  return {body: JSON.stringify({message}), type: 'application/json', status}
}
