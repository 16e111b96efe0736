/** The etcd probe against members that are small HTTP servers of ours: who is first wins, nothing is told twice or lost. */
import http from 'node:http'
import type {AddressInfo} from 'node:net'
import {setTimeout as pause} from 'node:timers/promises'
import {afterEach, describe, expect, it} from 'vitest'
import {base64} from '../../../lab/cluster/etcd-messages.ts'
import type {Event, Happening} from '../../../lab/history/event.ts'
import {Recorder} from '../../../lab/history/history.ts'
import type {Reach} from '../../../lab/observer/ask.ts'
import {Tunnel} from '../../../lab/observer/tunnel.ts'
import {etcd} from '../../../lab/probes/etcd.ts'
import {localLab, locally} from '../local-lab.ts'

const key = `/service/pgha/leader`

/** One member: answers status and range, and keeps the watches so that a test can tell them something. */
class Member {
  readonly server: http.Server
  readonly watches: {from: number; response: http.ServerResponse}[] = []
  readonly id: string
  silent = false
  /** It opens no watch. */
  shy = false
  /** Whole seconds left of the lease, of 20. */
  left = () => 19

  constructor(id: string) {
    this.id = id
    this.server = http.createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      if (this.silent) return
      const header = {member_id: this.id, revision: '10', raft_term: '3'}
      switch (request.url) {
        case '/v3/maintenance/status':
          return void response.end(JSON.stringify({header, leader: '1', raftTerm: '3'}))
        case '/v3/kv/range':
          return void response.end(
            JSON.stringify({header, kvs: [{key: base64(key), value: base64('node1'), mod_revision: '8', lease: '77'}]}),
          )
        case '/v3/lease/timetolive':
          return void response.end(JSON.stringify({header, ID: '77', TTL: String(this.left()), grantedTTL: '20'}))
        case '/v3/cluster/member/list':
          return void response.end(
            JSON.stringify({
              header,
              members: [
                {ID: '1', name: 'node1'},
                {ID: '2', name: 'node2'},
              ],
            }),
          )
        case '/v3/watch':
          if (this.shy) return void response.destroy()
          this.watches.push({from: Number(JSON.parse(body).create_request.start_revision), response})
          response.write(`${JSON.stringify({result: {header, created: true}})}\n`)
      }
    })
  }

  /** Tells its newest watch a change, in two pieces that are cut in the middle of the line. */
  async tell(revision: number, holder: string | null): Promise<void> {
    const kv = {key: base64(key), mod_revision: String(revision), ...(holder === null ? {} : {value: base64(holder)})}
    const event = holder === null ? {type: 'DELETE', kv} : {kv}
    const line = `${JSON.stringify({result: {header: {revision: String(revision), raft_term: '3'}, events: [event]}})}\n`
    const {response} = this.watches.at(-1)!
    response.write(line.slice(0, 40))
    await pause(5)
    response.write(line.slice(40))
  }
}

const cleanUp: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const one of cleanUp.splice(0)) await one()
})

/** Starts two members and the probe on them. */
async function start(by: (connect: Reach['connect']) => Reach | undefined = () => undefined) {
  const members = [new Member('1'), new Member('2')] as const
  for (const {server} of members) await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const ports = members.map(({server}) => (server.address() as AddressInfo).port)
  const recorder = new Recorder()
  const stop = new AbortController()
  const done = etcd.run({
    lab: localLab('etcd', ports, by(locally(ports).connect)),
    record: (happening: Happening, at?: number) => recorder.record(happening, at),
    now: () => recorder.now(),
    signal: stop.signal,
  })
  cleanUp.push(async () => {
    stop.abort()
    await done
    for (const {server} of members) {
      server.closeAllConnections()
      server.close()
    }
  })
  await until(() => members.every(one => one.watches.length > 0))
  const holders = () =>
    recorder.events.filter(one => one.kind === 'leader-key').map(one => [one.revision, one.holder, one.told])
  return {members, events: recorder.events as readonly Event[], holders, stop, done}
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 8000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('it never came to hold')
    await pause(10)
  }
}

it('a change is recorded once, from the member that told it first', async () => {
  const {members, holders} = await start()
  await members[1].tell(11, null)
  await until(() => holders().length === 2)
  await members[0].tell(11, null)
  await members[0].tell(12, 'node2')
  await until(() => holders().length === 3)
  await members[1].tell(12, 'node2')
  await pause(50)
  expect(holders()).toEqual([
    [8, 'node1', 'node1'],
    [11, null, 'node2'],
    [12, 'node2', 'node1'],
  ])
})

it('a watch begins after the revision that was read, and resumes after the last that it told itself', async () => {
  const {members, holders} = await start()
  expect(members.map(one => one.watches[0]!.from)).toEqual([11, 11])
  await members[0].tell(15, 'node2')
  await until(() => holders().length === 2)
  members[0].watches[0]!.response.destroy()
  members[1].watches[0]!.response.destroy()
  await until(() => members.every(one => one.watches.length === 2))
  expect(members.map(one => one.watches[1]!.from)).toEqual([16, 11])
})

it('a member that falls silent is told as down, and its watch is opened anew when it is back', async () => {
  const {members, events} = await start()
  const states = () =>
    events
      .filter(one => one.kind === 'etcd-member' && one.host === 'node2')
      .map(one => 'up' in one && one.up)
      .filter((up, index, all) => up !== all[index - 1])
  await until(() => states().length === 1)
  members[1].silent = true
  await until(() => states().length === 2)
  await until(() => members[1].watches[0]!.response.destroyed)
  members[1].silent = false
  await until(() => members[1].watches.length === 2 && states().length === 3)
  expect(states()).toEqual([true, false, true])
}, 15_000)

it('what a member says while its watch is not open yet is told again when it is: before that nobody has looked', async () => {
  const {members, events} = await start()
  const told = () => events.filter(one => one.kind === 'etcd-member' && one.host === 'node2')
  members[1].shy = true
  members[1].watches[0]!.response.destroy()
  await until(() => events.some(one => one.kind === 'watching' && one.host === 'node2' && one.failures === one.samples))
  const before = told().length
  members[1].shy = false
  await until(() => members[1].watches.length === 2)
  await until(() => told().length === before + 1)
  const {at: _, ...last} = told().at(-1)!
  const {at: __, ...earlier} = told().at(-2)!
  expect(last).toEqual(earlier)
}, 15_000)

it('members and leases are named, and each second has its account', async () => {
  const {events} = await start()
  for (const kind of ['lease', 'watching', 'etcd-member'] as const)
    await until(() => events.some(one => one.kind === kind))
  await until(() => events.some(one => one.kind === 'etcd-member' && one.host === 'node2'))
  expect(events.find(one => one.kind === 'etcd-member' && one.host === 'node2')).toMatchObject({
    up: true,
    leader: 'node1',
    term: 3,
  })
  expect(events.find(one => one.kind === 'lease')).toMatchObject({lease: '77', leftSeconds: 19, grantedSeconds: 20})
})

it('ends with its signal', async () => {
  const {stop, done} = await start()
  stop.abort()
  const began = performance.now()
  await done
  expect(performance.now() - began).toBeLessThan(1000)
})

it('with no way into the lab no member is told as down, and what was told meanwhile is told after', async () => {
  let open = true
  const noWay = new Tunnel(() => Promise.reject(new Error('the observer is down')))
  const {members, events, holders} = await start(connect => ({
    connect: to => (open ? connect(to) : noWay.connect(to)),
    knock() {},
    heardAt: Number.POSITIVE_INFINITY,
  }))
  await until(() => events.some(one => one.kind === 'etcd-member'))
  open = false
  for (const {watches, server} of members) {
    watches[0]!.response.destroy()
    server.closeAllConnections()
  }
  await pause(1500)
  open = true
  await until(() => members.every(one => one.watches.length === 2))
  await members[1].tell(11, 'node2')
  await until(() => holders().length === 2)
  expect(events.filter(one => one.kind === 'etcd-member' && !one.up)).toEqual([])
  // Told with the next report of that probe, which comes once a second.
  await until(() => events.some(one => one.kind === 'watching' && one.worstMicros > 1_000_000))
})

describe('changes that were compacted away before a watch had told them', () => {
  const cancel = `${JSON.stringify({result: {header: {revision: '60', raft_term: '3'}, canceled: true, compact_revision: '50'}})}\n`
  const isTold = (one: Event) => one.kind === 'watching' && one.host === 'node1' && one.compacted === true

  it('are told to be missing where no other watch was there all the time', async () => {
    const {members, events} = await start()
    for (const {watches} of members) watches[0]!.response.destroy()
    // Each of them is open again when the other one is told.
    await until(() => members.every(one => one.watches.length === 2))
    await pause(50)
    members[0].watches[1]!.response.write(cancel)
    await until(() => events.some(isTold))
    await until(() => members[0].watches[2]?.from === 50)
  }, 15_000)

  it('are not where another one stayed open, which has told them', async () => {
    const {members, events} = await start()
    await pause(1700)
    members[0].watches[0]!.response.destroy()
    await until(() => members[0].watches.length === 2)
    members[0].watches[1]!.response.write(cancel)
    await until(() => members[0].watches[2]?.from === 50)
    await pause(1200)
    expect(events.filter(isTold)).toEqual([])
  }, 15_000)
})

it('what is told first of a lease is when it was refreshed, as soon as a second of it passes', async () => {
  const {members, events} = await start()
  const expiresAt = performance.now() + 14_350
  for (const member of members) member.left = () => Math.floor((expiresAt - performance.now()) / 1000)
  const leases = () => events.filter(one => one.kind === 'lease')
  await until(() => leases().length > 0)
  const {at, leftSeconds, refreshedAt} = leases()[0]!
  expect(at - refreshedAt!).toBeCloseTo((20 - leftSeconds - 1) * 1e6, -5)
})
