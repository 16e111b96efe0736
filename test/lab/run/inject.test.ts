/** A fault by itself, on a lab that is made up. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {z} from 'zod'
import type {Fault} from '../../../lab/breaking/fault.ts'
import type {ContainerState} from '../../../lab/engine/docker.ts'
import {faults} from '../../../lab/faults/index.ts'
import {Recorder} from '../../../lab/history/history.ts'
import {inject} from '../../../lab/run/inject.ts'
import {inForce} from '../../../lab/state/journal.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {FakeEngine} from '../fake/engine.ts'
import {images} from '../fake/images.ts'
import {localLab} from '../local-lab.ts'

let breaks: () => Promise<void>
let took: boolean
let mends: () => Promise<void>

const cut: Fault<{deep?: boolean | undefined}> = {
  area: 'nothing',
  about: 'a cut that is made up',
  neverDrawn: 'it is made up',
  params: z.strictObject({deep: z.boolean({error: '`deep` is true or false'}).optional()}),
  strikes: () => ({struck: []}),
  async inject({hosts: [host], mend, broke, proof}) {
    await mend({do: 'start-host', host: host!}, async () => null)
    await broke(() => breaks())
    proof(took, took ? 'cut' : 'whole')
  },
}
Object.assign(faults, {cut}) // in this file's own process

/** Every host of it is down, and comes up as a test says. */
class Engine extends FakeEngine {
  override async container(lab: string, host: string): Promise<ContainerState> {
    return {...{id: 'c1', name: host, host, lab, state: 'exited'}, image: images.host}
  }
  override start(): Promise<void> {
    return mends()
  }
}
const lab = localLab('patroni', [1, 2], undefined, new Engine())

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'pgha-lab-inject-'))
  vi.stubEnv('XDG_STATE_HOME', state)
  breaks = async () => {}
  took = true
  mends = async () => {}
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true, force: true})
})

const kinds = (history: Recorder) => history.events.map(event => event.kind).filter(kind => kind.startsWith('fault-'))

test('it is in force until its block ends, whatever ends it', async () => {
  using history = new Recorder()
  const block = async () => {
    await using injected = await inject(lab, history, 'cut', {on: 'node2', params: {deep: true}})
    expect(injected).toMatchObject({id: 'cut', hosts: ['node2'], held: true})
    expect(inForce(lab.name).map(one => one.fault)).toEqual(['cut'])
    throw new Error('an assertion of the caller')
  }
  await expect(block()).rejects.toThrow('an assertion of the caller')
  expect(inForce(lab.name)).toEqual([])
  expect(kinds(history)).toEqual([
    ...['fault-injecting', 'fault-injected', 'fault-proof'],
    ...['fault-mending', 'fault-mended'],
  ])
})

test('mended by hand it is mended once', async () => {
  using history = new Recorder()
  {
    await using injected = await inject(lab, history, 'cut', {on: 'node1'})
    await injected.mend()
    expect(inForce(lab.name)).toEqual([])
  }
  expect(kinds(history).filter(kind => kind === 'fault-mended')).toHaveLength(1)
})

test('two in force at once are told apart, and each mends its own', async () => {
  using history = new Recorder()
  const first = await inject(lab, history, 'cut', {on: 'node1'})
  const second = await inject(lab, history, 'cut', {on: 'node2'})
  expect([first.id, second.id]).toEqual(['cut', 'cut-2'])
  await first.mend()
  expect(inForce(lab.name).map(one => one.fault)).toEqual(['cut-2'])
  await expect(inject(lab, history, 'cut', {on: 'node1', as: 'cut-2'})).rejects.toMatchObject({code: 'usage'})
  await second.mend()
})

test('one that breaks half is mended, and its error is told', async () => {
  using history = new Recorder()
  breaks = async () => {
    throw new LabError('engine', 'no')
  }
  await expect(inject(lab, history, 'cut', {on: 'node1'})).rejects.toMatchObject({code: 'engine', message: 'no'})
  expect(inForce(lab.name)).toEqual([])
})

test('one that did not take hold says so, and one that cannot be mended stays in the journal', async () => {
  using history = new Recorder()
  took = false
  const injected = await inject(lab, history, 'cut', {on: 'node1'})
  expect(injected.held).toBe(false)
  mends = async () => {
    throw new Error('no engine')
  }
  await expect(injected.mend()).rejects.toMatchObject({
    code: 'heal-failed',
    message: expect.stringContaining('no engine'),
  })
  expect(inForce(lab.name).map(one => one.fault)).toEqual(['cut'])
})

test('a name, a parameter or a whom that is none is refused before anything is touched', async () => {
  using history = new Recorder()
  for (const [name, options, says] of [
    ['cutt', {on: 'node1'}, 'there is no fault `cutt`, did you mean `cut`?'],
    ['cut', {on: 'node1', params: {deep: 'very'}}, 'the parameters of cut: deep: `deep` is true or false'],
    ['cut', {}, 'cut needs `on`: a selector such as leader, or a host'],
    ['toString', {on: 'node1'}, 'there is no fault `toString`'],
  ] as const)
    await expect(inject(lab, history, name, options)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(says),
    })
  expect(history.events).toEqual([])
})

test('left alone it stays in force, for whoever heals the lab', async () => {
  using history = new Recorder()
  const injected = await inject(lab, history, 'cut', {on: 'node1'})
  injected.leave()
  expect(inForce(lab.name).map(one => one.mend)).toEqual([{do: 'start-host', host: 'node1'}])
  expect(kinds(history)).not.toContain('fault-mending')
})

test('a whom that is none is refused at once, with the one that was meant', async () => {
  using history = new Recorder()
  await expect(inject(lab, history, 'cut', {on: 'nod1'})).rejects.toMatchObject({
    ...{code: 'usage', message: '`nod1` names nobody in lab x, did you mean `node1`?'},
    instead: [{written: 'nod1', meant: 'node1'}],
  })
})
