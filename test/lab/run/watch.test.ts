/** A lab that is watched, made up: what it hears, what it keeps, and when it locks. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {z} from 'zod'
import type {Fault} from '../../../lab/breaking/fault.ts'
import {faults} from '../../../lab/faults/index.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {type Quorum, type Watched, watchLab} from '../../../lab/run/watch.ts'
import {inForce} from '../../../lab/state/journal.ts'
import {lockLab, worksOn} from '../../../lab/state/lock.ts'
import {LabError} from '../../../lab/words/errors.ts'
import type {Micros} from '../../../lab/words/quantity.ts'
import {type Faked, fakeLab} from '../fake/lab.ts'

let brokeAt: Micros
const cut: Fault<{blow?: boolean | undefined; fails?: boolean | undefined}> = {
  area: 'nothing',
  about: 'a cut that is made up',
  neverDrawn: 'it is made up',
  params: z.strictObject({blow: z.boolean().optional(), fails: z.boolean().optional()}),
  strikes: () => ({struck: []}),
  async inject({hosts: [host], mend, broke, proof, now}, {blow, fails}) {
    if (blow !== true) await mend({do: 'start-host', host: host!}, async () => null)
    await broke(async () => {
      brokeAt = now()
      if (fails) throw new LabError('engine', 'no')
    })
    proof(true, 'cut')
  },
}
Object.assign(faults, {cut}) // in this file's own process

let state: string
let faked: Faked
let heard: Event[]
let quorums: Quorum[]
let watched: Watched
beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'pgha-lab-watch-'))
  vi.stubEnv('XDG_STATE_HOME', state)
  faked = await fakeLab()
  heard = []
  quorums = []
  watched = await watchLab(faked.lab, {event: event => heard.push(event), quorum: told => quorums.push(told)})
})
afterEach(async () => {
  await watched[Symbol.asyncDispose]()
  await faked[Symbol.asyncDispose]()
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true, force: true})
})

const kinds = () => new Set(heard.map(event => event.kind))

test('it hears the whole cluster, and locks nothing by that', async () => {
  await vi.waitFor(() => {
    for (const kind of ['run-started', 'leader-key', 'postgres', 'patroni', 'etcd-member', 'proxy'] as const)
      expect(kinds()).toContain(kind)
    expect(quorums.at(-1)).toEqual({led: 3, silent: 0, members: 3, needed: 2, isLost: false, alarms: []})
  }, 20_000)
  expect(worksOn('fake')).toBeNull()
})

test('the lab is locked from a fault of its own until that is mended, and what mends it is told', async () => {
  const injected = await watched.break('cut', {on: 'node2'})
  expect(injected.hosts).toEqual(['node2'])
  expect(worksOn('fake')).toMatchObject({doing: 'watch'})
  expect(watched.broken).toHaveLength(1)
  await watched.mend()
  expect([worksOn('fake'), watched.broken, inForce('fake')]).toEqual([null, [], []])
  expect([...kinds()]).toEqual(expect.arrayContaining(['fault-injecting', 'fault-proof', 'fault-mended']))
})

test('a fault reads all times on the clock of the watch', async () => {
  await watched.break('cut', {on: 'node2', params: {blow: true}})
  expect(brokeAt).toBeLessThanOrEqual(watched.now())
  const told = heard.find(event => event.kind === 'fault-injecting')
  expect(told!.at).toBeLessThanOrEqual(brokeAt)
  expect(told!.at).toBeGreaterThan(heard[0]!.at)
})

test('a blow with nothing to mend leaves no lock, and neither does one that fails', async () => {
  await watched.break('cut', {on: 'node2', params: {blow: true}})
  expect([worksOn('fake'), watched.broken]).toEqual([null, []])
  await expect(watched.break('cut', {on: 'node2', params: {fails: true}})).rejects.toThrow('no')
  expect([worksOn('fake'), watched.broken, inForce('fake')]).toEqual([null, [], []])
})

test('a screen has no use for twenty looks a second, and a fault of its own has: it is seen as exactly as in a run', async () => {
  /** Between two questions to the same server, in ms. */
  const pauses = (from: number) => {
    const asked = heard.filter(event => event.kind === 'postgres' && event.host === 'node1' && event.askedAt >= from)
    const at = asked.map(event => (event as Of<'postgres'>).askedAt)
    return at.slice(1).map((one, index) => (one - at[index]!) / 1000)
  }
  // One look that is late makes the next pause shorter, and not all of them.
  const mean = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / all.length
  await vi.waitFor(() => expect(pauses(0).length).toBeGreaterThan(7), 20_000)
  expect(mean(pauses(0))).toBeGreaterThan(150)
  await watched.break('cut', {on: 'node2'})
  const from = watched.now()
  await vi.waitFor(() => expect(Math.min(...pauses(from))).toBeLessThan(150), 20_000)
  await watched.mend()
  const mended = watched.now() + 500_000
  await vi.waitFor(() => expect(pauses(mended).length).toBeGreaterThan(7), 20_000)
  expect(mean(pauses(mended))).toBeGreaterThan(150)
})

test('while another command works on the lab nothing is broken', async () => {
  using _lock = lockLab('fake', 'chaos kill-leader')
  await expect(watched.break('cut', {on: 'node2'})).rejects.toMatchObject({code: 'busy'})
  expect(inForce('fake')).toEqual([])
})

test('whoever ends it has its own faults mended first', async () => {
  await watched.break('cut', {on: 'node2'})
  await watched[Symbol.asyncDispose]()
  expect(inForce('fake')).toEqual([])
  expect(worksOn('fake')).toBeNull()
})
