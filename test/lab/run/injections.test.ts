/** Faults of a run on a lab that behaves: what happens to them while hosts restart and limits run out. */
import {setTimeout as sleep} from 'node:timers/promises'
import {beforeEach, expect, test, vi} from 'vitest'
import {z} from 'zod'
import type {Fault} from '../../../lab/breaking/fault.ts'
import type {Lab} from '../../../lab/engine/lab.ts'
import {faults} from '../../../lab/faults/index.ts'
import {Recorder} from '../../../lab/history/history.ts'
import {Injections} from '../../../lab/run/injections.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()

const told: string[] = []
let apply: () => Promise<void>
let limitMs: number | null

const cut: Fault<object> = {
  about: 'a cut that is made up',
  neverDrawn: 'it is made up',
  params: z.looseObject({}),
  limitMs: () => limitMs,
  strikes: () => ({struck: []}),
  async inject({hosts: [host], mend, broke, proof, again}) {
    await mend({do: 'start-host', host: host!})
    await broke(async () => {})
    again(host!, () => apply())
    proof(true, 'cut')
  },
}
Object.assign(faults, {cut}) // in this file's own process

let lab: Lab
beforeEach(async () => {
  const faked = await healthyLab()
  lab = faked.lab
  faked.engine.start = async () => void told.push('mended')
  told.length = 0
  limitMs = null
  apply = async () => void told.push('again')
})

const step = {do: 'inject', fault: 'cut', on: 'node1', as: 'cut', params: {}} as const
const restart = {kind: 'container', host: 'node1', action: 'start', exitCode: null} as const
const kinds = (history: Recorder) =>
  history.events.map(event => event.kind).filter(kind => /again|lost|mended/.test(kind))

test('a host that restarts is given the fault again, until it is mended', async () => {
  using history = new Recorder()
  using injections = new Injections(lab, history, new AbortController().signal)
  await passing(injections.inject(step))
  history.record(restart)
  await passing(sleep(5))
  expect(kinds(history)).toEqual(['fault-again'])
  await passing(injections.mend())
  history.record(restart)
  await passing(sleep(5))
  expect(told).toEqual(['again', 'mended'])
})

test('a mend waits for what is being put in force again, or it would be undone', async () => {
  using history = new Recorder()
  using injections = new Injections(lab, history, new AbortController().signal)
  apply = async () => {
    await sleep(50)
    told.push('again')
  }
  await passing(injections.inject(step))
  history.record(restart)
  await passing(injections.mend())
  expect(told).toEqual(['again', 'mended'])
  expect(kinds(history)).toEqual(['fault-again', 'fault-mended'])
})

test('a host that cannot be given the fault again has lost it', async () => {
  using history = new Recorder()
  using injections = new Injections(lab, history, new AbortController().signal)
  apply = async () => {
    throw new Error('no shell')
  }
  await passing(injections.inject(step))
  history.record(restart)
  await passing(sleep(5))
  expect(kinds(history)).toEqual(['fault-lost'])
})

test('a fault whose limit runs out before its mend is lost; one that was mended in time is not', async () => {
  using history = new Recorder()
  using injections = new Injections(lab, history, new AbortController().signal)
  limitMs = 20
  await passing(injections.inject(step))
  await passing(sleep(60))
  expect(kinds(history)).toEqual(['fault-lost'])
  await passing(injections.mend())

  await passing(injections.inject({...step, as: 'second'}))
  await passing(injections.mend())
  await passing(sleep(60))
  expect(kinds(history)).toEqual(['fault-lost', 'fault-mended', 'fault-mended'])
})
