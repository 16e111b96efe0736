/** What a watch hears of faults that are none of its own, on a lab that is made up. */
import {appendFileSync, mkdirSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import type {Event, Of} from '../../../lab/history/event.ts'
import {nothingRead, readOn, unfolded} from '../../../lab/history/unfolding.ts'
import {type Watched, watchLab} from '../../../lab/run/watch.ts'
import {labFolder} from '../../../lab/state/folders.ts'
import {mended, plan} from '../../../lab/state/journal.ts'
import {tellFault} from '../../../lab/state/told-faults.ts'
import {type Faked, fakeLab} from '../fake/lab.ts'

let state: string
let faked: Faked
let heard: Event[]
let watched: Watched
beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'pgha-lab-watch-'))
  vi.stubEnv('XDG_STATE_HOME', state)
  mkdirSync(labFolder('fake'), {recursive: true})
  faked = await fakeLab()
  heard = []
  watched = await watchLab(faked.lab, {event: event => heard.push(event)})
})
afterEach(async () => {
  await watched[Symbol.asyncDispose]()
  await faked[Symbol.asyncDispose]()
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true, force: true})
})

const until = (holds: () => void) => vi.waitFor(holds, 20_000)
const faultsHeard = () => heard.filter((event): event is Of<'fault-injecting'> => event.kind === 'fault-injecting')
const leader = () => heard.findLast((event): event is Of<'leader-key'> => event.kind === 'leader-key')?.holder

async function led(): Promise<string> {
  await until(() => expect(leader()).toBeTruthy())
  return leader()!
}

/** As another process says it. */
function tellByAnother(happening: Parameters<typeof tellFault>[1], agoMs = 0): void {
  const line = JSON.stringify({pid: process.pid + 1, atMs: Date.now() - agoMs, happening})
  appendFileSync(join(labFolder('fake'), 'told-faults.ndjson'), `${line}\n`)
}

test("a leader's host that somebody kills is followed to the new leader, as after a fault of its own", async () => {
  const was = await led()
  await faked.engine.kill(faked.world.host(was).id)
  await until(() => {
    const so = heard.reduce(readOn, nothingRead)
    expect(faultsHeard()).toHaveLength(1)
    expect(unfolded(so, so.followed.at(-1)!)).toMatchObject({newLeader: expect.not.stringMatching(was)})
  })
  expect(faultsHeard()[0]).toMatchObject({hosts: [was], strike: {struck: [{host: was, fault: 'host-killed'}]}})
})

test('a fault of another command is told as that one says it, and again when it is mended', async () => {
  const was = await led()
  const mend = {do: 'start-host', host: was} as const
  const fault = {
    kind: 'fault-injecting' as const,
    ...{id: 'kill', fault: 'kill', what: 'kill host on leader', hosts: [was]},
    strike: {struck: [{host: was, fault: 'host-killed'} as const], dead: [was]},
  } as const
  plan('fake', {id: 'kill/start', fault: 'kill', mend})
  tellByAnother(fault)
  await faked.engine.kill(faked.world.host(was).id)
  await until(() => expect(heard.some(event => event.kind === 'container' && event.action === 'die')).toBe(true))
  expect(faultsHeard()).toMatchObject([{id: 'kill', what: 'kill host on leader', hosts: [was]}])
  expect(heard.some(event => event.kind === 'fault-mended')).toBe(false)
  mended('fake', 'kill/start')
  await until(() =>
    expect(heard.slice(-50)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({kind: 'fault-mending', id: 'kill'}),
        expect.objectContaining({kind: 'fault-mended', id: 'kill', mend, ok: true}),
      ]),
    ),
  )
})

test('what was broken before the watch began, and what it breaks itself, is not told by that', async () => {
  await led()
  const cut = (id: string) => ({
    kind: 'fault-injecting' as const,
    ...{id, fault: 'kill', what: 'kill', hosts: ['node2'], strike: {struck: []}},
  })
  tellFault('fake', cut('mine'))
  tellByAnother(cut('old'), 3_600_000)
  tellByAnother(cut('new'))
  await until(() => expect(faultsHeard().map(one => one.id)).toContain('new'))
  expect(faultsHeard().map(one => one.id)).toEqual(['new'])
})
