/** A lab for as long as a block lasts, on an engine that behaves. */
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {beforeEach, describe, expect, test, vi} from 'vitest'
import {health} from '../../../lab/cluster/health.ts'
import {Lab} from '../../../lab/engine/lab.ts'
import type {RaiseEngine} from '../../../lab/run/raise.ts'
import {raise} from '../../../lab/run/raise.ts'
import {RaisedLab, type RaiseLabOptions, raiseLab} from '../../../lab/run/raised-lab.ts'
import {allocate} from '../../../lab/state/allocate.ts'
import {runsFolder} from '../../../lab/state/folders.ts'
import {inForce} from '../../../lab/state/journal.ts'
import {worksOn} from '../../../lab/state/lock.ts'
import {loadLab} from '../../../lab/state/state.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {disposedOf, eachWithItsOwnState} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import {FakeCompose, freePorts} from '../fake/compose.ts'
import {FakeEngine} from '../fake/engine.ts'
import {images} from '../fake/images.ts'
import {fakeTopology} from '../fake/lab.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
vi.setConfig({testTimeout: 60_000}) // minutes of virtual time, on a machine that may be busy
eachWithItsOwnState()

let engine: FakeEngine
let compose: FakeCompose
beforeEach(() => {
  engine = disposedOf(new FakeEngine())
  compose = new FakeCompose(engine, 'mine')
})

const allocated: typeof allocate = async (...given) => {
  const allocation = await allocate(...given)
  return {...allocation, ports: await freePorts(allocation.ports)}
}
const means = () => ({
  docker: engine as RaiseEngine,
  raise: ((docker, options) =>
    raise(docker, options, {ready: async () => images, allocate: allocated})) as typeof raise,
})
const raised = (more: RaiseLabOptions = {}): Promise<RaisedLab> =>
  passing(raiseLab({topology: fakeTopology, name: 'mine', ...more}, means()))

test('it is there as long as its block, and locked; then nothing of it is left', async () => {
  const remove = vi.spyOn(engine, 'remove')
  {
    const lab = await raised()
    expect(await passing(health(lab.lab))).toMatchObject({healthy: true})
    expect(worksOn('mine')).toMatchObject({doing: 'a program that uses the library'})
    expect(await passing(lab.leader())).toBe('node1')
    await passing(lab[Symbol.asyncDispose]())
  }
  expect(loadLab('mine')).toBeUndefined()
  expect(worksOn('mine')).toBeNull()
  const gone = remove.mock.calls.at(-1)![0].filter(one => one.kind === 'container')
  expect(gone).toHaveLength(5)
})

test('one that is to be kept, and one that was there before, stay', async () => {
  await passing((await raised({keep: true}))[Symbol.asyncDispose]())
  expect(loadLab('mine')).toBeDefined()
  await passing((await raised())[Symbol.asyncDispose]())
  expect(loadLab('mine')).toBeDefined()
  expect(await engine.containers('mine')).toHaveLength(5)
})

test('one that cannot be raised is gone when that is told, and its name is free', async () => {
  compose.failsAfter = {hosts: 2, error: new LabError('engine', 'docker compose failed: out of memory')}
  await expect(raised()).rejects.toMatchObject({message: 'docker compose failed: out of memory'})
  expect(loadLab('mine')).toBeUndefined()
  expect(worksOn('mine')).toBeNull()
})

test('its connection strings lead an app in, with the password', async () => {
  const lab = await raised()
  const [write, read] = [lab.uri('read-write'), lab.uri('read-only')].map(uri => new URL(uri))
  const {ports, passwords} = lab.lab.allocation
  expect([write!.port, read!.port]).toEqual([String(ports.proxy1!.primary), String(ports.proxy1!.replicas)])
  expect(decodeURIComponent(write!.password)).toBe(passwords.app)
  await passing(lab[Symbol.asyncDispose]())
})

test('no app of this machine is led to ports that are published on another', async () => {
  const {topology, allocation} = (await raised()).lab
  const far = new RaisedLab(
    disposedOf(new Lab(engine, topology, {...allocation, elsewhere: true})),
    ...([new AbortController().signal, async () => {}] as const),
  )
  expect(() => far.uri()).toThrow(expect.objectContaining({code: 'cannot-run-here', hint: expect.any(String)}))
})

test('a fault is in force until its block ends', async () => {
  const lab = await raised()
  const cut = await passing(lab.break('kill', {what: 'host', on: 'leader'}))
  expect(cut).toMatchObject({id: 'kill', hosts: ['node1'], held: true})
  expect(inForce('mine').map(one => one.fault)).toEqual(['kill'])
  await passing(cut.mend())
  expect(inForce('mine')).toEqual([])
  await passing(lab[Symbol.asyncDispose]())
})

test('a wrong fault, or a parameter that it has not, is refused by its name', async () => {
  const lab = await raised()
  await expect(lab.break('kil', {on: 'leader'})).rejects.toThrow('there is no fault `kil`')
  await expect(lab.break('kill', {on: 'leader', whta: 'host'})).rejects.toThrow('the parameters of kill')
  await passing(lab[Symbol.asyncDispose]())
})

describe('during a fault', () => {
  test('code of the caller runs while it is in force, and the run is judged and kept', async () => {
    const lab = await raised()
    const run = await passing(
      lab.during({inject: 'kill', what: 'host', on: 'replica'}, async ({hosts}) => {
        expect(inForce('mine')).toHaveLength(1)
        return hosts
      }),
    )
    expect(run.value).toEqual(['node2'])
    expect(inForce('mine')).toEqual([])
    expect(run.report).toMatchObject({scenario: 'during', ended: null, faults: [{id: 'kill', held: true}]})
    expect(run.report.findings.map(one => one.check)).toEqual(['one-writable-primary', 'no-lost-writes', 'recovered'])
    expect(JSON.parse(readFileSync(join(run.folder, 'report.json'), 'utf8'))).toMatchObject({scenario: 'during'})
    expect(existsSync(join(runsFolder('mine'), 'latest', 'events.ndjson'))).toBe(true)
    await passing(lab[Symbol.asyncDispose]())
  })

  test('what it throws is thrown when everything is mended, and its record says that it ended early', async () => {
    const lab = await raised()
    const during = lab.during({inject: 'kill', what: 'host', on: 'replica'}, async () => {
      throw new Error('an assertion of the caller')
    })
    await expect(passing(during).then(() => {})).rejects.toThrow('an assertion of the caller')
    expect(inForce('mine')).toEqual([])
    const report = readFileSync(join(runsFolder('mine'), 'latest', 'report.json'), 'utf8')
    expect(JSON.parse(report)).toMatchObject({verdict: 'unknown', ended: {how: 'error'}})
    await passing(lab[Symbol.asyncDispose]())
  })
})

test('a topology that is a value takes no settings beside it', async () => {
  await expect(raiseLab({topology: fakeTopology, set: ['patroni.ttl=40s']}, means())).rejects.toThrow('in it')
})
