/** The clients of a lab that is only watched, made up: what they write, whom they give way to, what was lost, and how they end. */
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {agentLimits} from '../../../lab/clients/agent/protocol.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type LoadTold, lightLoad} from '../../../lab/run/light-load.ts'
import {type Watched, watchLab} from '../../../lab/run/watch.ts'
import {worksOn} from '../../../lab/state/lock.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {type Faked, fakeLab, fakeTopology} from '../fake/lab.ts'

let state: string
let faked: Faked
let heard: Event[]
let told: LoadTold[]
let watched: Watched | undefined
let other: ChildProcess | undefined
beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'pgha-lab-load-'))
  vi.stubEnv('XDG_STATE_HOME', state)
  faked = await fakeLab()
  heard = []
  told = []
  await until(() => expect(faked.world.cluster.leader).not.toBeNull())
})
afterEach(async () => {
  await watched?.[Symbol.asyncDispose]()
  watched = undefined
  await unlock()
  await faked[Symbol.asyncDispose]()
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true, force: true})
})

const until = (holds: () => void) => vi.waitFor(holds, {timeout: 15_000, interval: 50})

async function watch(): Promise<void> {
  const listener = {event: (event: Event) => heard.push(event), load: (one: LoadTold) => told.push(one)}
  watched = await watchLab(faked.lab, listener, {load: true})
}

/** Another command, in a process of its own. */
async function lockAs(doing: string): Promise<void> {
  const lock = JSON.stringify(join(import.meta.dirname, '../../../lab/state/lock.ts'))
  const script = `import(${lock}).then(({lockLab}) => { lockLab('fake', ${JSON.stringify(doing)}); console.log('locked'); setInterval(() => {}, 1000) })`
  other = spawn(process.execPath, ['--no-warnings', '-e', script], {stdio: ['ignore', 'pipe', 'inherit']})
  await once(other.stdout!, 'data')
}
async function unlock(): Promise<void> {
  if (other === undefined) return
  const ended = once(other, 'exit')
  other.kill('SIGKILL')
  await ended
  other = undefined
}

const acknowledged = () => heard.filter(one => one.kind === 'op' && one.op === 'write' && one.outcome === 'ok')
const writers = () => new Set(acknowledged().flatMap(one => (one.kind === 'op' ? one.client : [])))
const agentsBegun = () => faked.engine.asked.filter(call => /^exec app1 (node|python3)$/.test(call)).length

test('it writes on a table of its own by both ways in, and locks nothing', async () => {
  faked.world.cluster.table = 'pgha_writes_1234'
  await watch()
  await until(() => expect(told.at(-1)).toEqual({state: 'on', says: null, lost: 0}))
  await until(() => expect([...writers()]).toEqual(expect.arrayContaining(['w1', 'psycopg-mw1'])))
  expect(faked.world.cluster.table).toBe('pgha_writes_1234')
  expect(faked.world.cluster.lightTables).toHaveLength(1)
  expect(worksOn('fake')).toBeNull()
})

test('it is light, and its agents end by themselves long before those of a run', async () => {
  const perSecond = lightLoad(fakeTopology).reduce((sum, one) => sum + one.perSecond, 0)
  expect(perSecond).toBeLessThanOrEqual(agentLimits.perSecond / 50)
  await watch()
  await until(() => expect(told.at(-1)?.state).toBe('on'))
  const lives = faked.engine.agentConfigs.map(one => one.maxMs)
  expect(lives).toHaveLength(2)
  for (const maxMs of lives) expect(maxMs).toBeLessThanOrEqual(agentLimits.maxMs / 3)
})

test('without being asked for, nobody writes', async () => {
  watched = await watchLab(faked.lab, {event: event => heard.push(event)})
  await until(() => expect(heard.some(one => one.kind === 'postgres')).toBe(true))
  expect([agentsBegun(), faked.world.cluster.lightTables]).toEqual([0, []])
})

test('it gives way to a run of another command, says to whom, and begins anew when that is over', async () => {
  await watch()
  await until(() => expect(acknowledged().length).toBeGreaterThan(5))
  await lockAs('chaos kill-leader')
  await until(() =>
    expect(told.at(-1)).toMatchObject({state: 'waits', says: expect.stringContaining('chaos kill-leader')}),
  )
  await until(() => expect(faked.world.cluster.lightTables).toEqual([]))
  const written = faked.world.cluster.ids.length
  await new Promise(resolve => setTimeout(resolve, 1500))
  expect(faked.world.cluster.ids).toHaveLength(written)
  await unlock()
  await until(() => expect(told.at(-1)?.state).toBe('on'))
  await until(() => expect(faked.world.cluster.ids.length).toBeGreaterThan(3))
})

test('where a run goes on already it does not begin', async () => {
  await lockAs('workshop: chaos kill-leader')
  await watch()
  await until(() => expect(told.at(-1)?.state).toBe('waits'))
  expect(agentsBegun()).toBe(0)
})

test.each(['break kill host on leader', 'heal'])(
  'it goes on while `%s` works on the lab: that has no clients',
  async doing => {
    await watch()
    await until(() => expect(acknowledged().length).toBeGreaterThan(5))
    await lockAs(doing)
    await new Promise(resolve => setTimeout(resolve, 1500))
    expect(told.at(-1)?.state).toBe('on')
  },
)

test('after a failover the table is read, and what was acknowledged and is not there is lost', async () => {
  await watch()
  await until(() => expect(acknowledged().length).toBeGreaterThan(10))
  const {cluster} = faked.world
  cluster.timeline++ // promoted, without the last three
  cluster.ids.splice(-3)
  await until(() => expect(told.at(-1)).toMatchObject({lost: null}))
  await until(() => expect(told.at(-1)).toMatchObject({state: 'on', lost: 3}))
})

test('a new leader that loses nothing loses nothing', async () => {
  await watch()
  await until(() => expect(acknowledged().length).toBeGreaterThan(10))
  faked.world.cluster.timeline++
  await until(() => expect(told.at(-1)).toMatchObject({lost: null}))
  await until(() => expect(told.at(-1)).toMatchObject({lost: 0}))
})

test('tables of those who may still watch stay, and one that nobody can be writing any more goes', async () => {
  const secondsAgo = (ago: number) => `pgha_watch_${Math.floor(Date.now() / 1000 - ago).toString(16)}_aa`
  const [old, young] = [secondsAgo(3600), secondsAgo(60)]
  faked.world.cluster.lightTables.push(old, young)
  await watch()
  await until(() => expect(told.at(-1)?.state).toBe('on'))
  expect(faked.world.cluster.lightTables).toHaveLength(2)
  expect(faked.world.cluster.lightTables).toContain(young)
})

test('with the end of the watch its clients are gone, and so is its table', async () => {
  await watch()
  await until(() => expect(acknowledged().length).toBeGreaterThan(5))
  await watched?.[Symbol.asyncDispose]()
  const written = faked.world.cluster.ids.length
  expect(faked.world.cluster.lightTables).toEqual([])
  await new Promise(resolve => setTimeout(resolve, 500))
  expect(faked.world.cluster.ids).toHaveLength(written)
})

test('a lab that takes no writes has no load yet, with the reason, and has it when it does', async () => {
  faked.world.cluster.refusesWrites = true
  await watch()
  await until(() => expect(told.at(-1)).toMatchObject({state: 'off', says: expect.stringMatching(/./)}))
  faked.world.cluster.refusesWrites = false
  await until(() => expect(told.at(-1)?.state).toBe('on'))
})

test('clients that do not start leave no table behind', async () => {
  faked.engine.hinder = call => (call === 'exec app1 python3' ? new LabError('engine', 'no') : undefined)
  await watch()
  await until(() => expect(told.at(-1)).toMatchObject({state: 'off', says: 'no'}))
  expect(faked.world.cluster.lightTables).toEqual([])
})
