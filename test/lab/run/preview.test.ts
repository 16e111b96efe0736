/** What a fault would hit, on a lab that is made up. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {anyMoment, failoverBudget} from '../../../lab/budget/index.ts'
import {previewFault} from '../../../lab/run/preview.ts'
import {inForce} from '../../../lab/state/journal.ts'
import {type Faked, fakeLab} from '../fake/lab.ts'

let state: string
let faked: Faked
beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'pgha-lab-preview-'))
  vi.stubEnv('XDG_STATE_HOME', state)
  faked = await fakeLab()
})
afterEach(async () => {
  await faked[Symbol.asyncDispose]()
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true, force: true})
})

test('it names whom a selector means now, what it means to clients, and touches nothing', async () => {
  const {lab} = faked
  const {hosts, leader, ...seen} = await vi.waitFor(
    () => previewFault(lab, 'kill', {on: 'leader', params: {what: 'host'}}),
    20_000,
  )
  expect(hosts).toEqual([leader])
  expect(seen).toMatchObject({says: 'kill host on leader', from: null, limitMs: null, destroys: null})
  const [least, most] = seen.outage!
  expect(least).toBeGreaterThan(1_000_000)
  expect(most).toBeGreaterThan(least)
  // What the screen shows beside the moments after it.
  const told = failoverBudget(lab.topology, anyMoment(lab.topology, 'host-killed'))
  expect('why' in told ? null : told.total.at).toEqual(seen.outage)
  expect(inForce(lab.name)).toEqual([])
})

test('what takes data away says what, and what has a limit for how long', async () => {
  const seen = await previewFault(faked.lab, 'lose-etcd-data', {on: 'node2'})
  expect(seen).toMatchObject({destroys: 'the data of that member of etcd', limitMs: 180_000, outage: null})
})

test('where the leader keeps its key it says why, and no outage', async () => {
  const cut = {on: 'leader', params: {from: 'replicas', services: ['replication']}}
  const seen = await vi.waitFor(() => previewFault(faked.lab, 'partition', cut), 20_000)
  expect(seen.outage).toBeNull()
  expect(seen.keepsKey).toContain('leaves the leader its key')
})

test('whom a parameter names is found, too', async () => {
  const seen = await previewFault(faked.lab, 'partition', {on: 'node1', params: {from: 'node3', limit: '30s'}})
  expect(seen).toMatchObject({hosts: ['node1'], from: ['node3'], limitMs: 30_000})
})

test.each([
  ['kill', {on: 'leder', params: {what: 'host'}}, 'names nobody in lab fake, did you mean `leader`?'],
  ['partition', {on: 'node1', params: {from: 'node9'}}, '`node9` names nobody in lab fake'],
  ['kill', {on: 'leader', params: {}}, 'the parameters of kill: what: `what` is one of'],
] as const)('%s %j is refused before anybody is asked', async (name, options, says) => {
  await expect(previewFault(faked.lab, name, options)).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining(says),
  })
})
