import http from 'node:http'
import type {AddressInfo} from 'node:net'
import {setTimeout as pause} from 'node:timers/promises'
import {afterEach, describe, expect, it} from 'vitest'
import type {Happening} from '../../../lab/history/event.ts'
import {Recorder} from '../../../lab/history/history.ts'
import type {Reach} from '../../../lab/observer/ask.ts'
import {Tunnel} from '../../../lab/observer/tunnel.ts'
import {decodePatroni, patroni} from '../../../lab/probes/patroni.ts'
import {localLab} from '../local-lab.ts'

const leader = {
  state: 'running',
  role: 'primary',
  timeline: 4,
  xlog: {location: 67197376},
  replication: [
    {application_name: 'node3', state: 'streaming', sync_state: 'async', usename: 'replicator'},
    {application_name: 'node2', state: 'streaming', sync_state: 'sync'},
  ],
}

describe("Patroni's answer", () => {
  it('of a leader tells who streams from it', () => {
    expect(decodePatroni('node1', 200, JSON.stringify(leader), 1500)).toEqual({
      kind: 'patroni',
      host: 'node1',
      code: 200,
      role: 'primary',
      state: 'running',
      timeline: 4,
      lsn: 67197376,
      streaming: [
        {name: 'node2', state: 'streaming', sync: 'sync'},
        {name: 'node3', state: 'streaming', sync: 'async'},
      ],
      tookMicros: 1500,
      paused: false,
      pendingRestart: false,
      tags: {},
    })
  })

  it('tells maintenance mode, a pending restart and tags', () => {
    const body = JSON.stringify({...leader, pause: true, pending_restart: true, tags: {nofailover: true}})
    expect(decodePatroni('node1', 200, body, 1)).toMatchObject({
      paused: true,
      pendingRestart: true,
      tags: {nofailover: true},
    })
  })

  it('that is none of Patroni does not say that there is no maintenance, no pending restart and no tag', () => {
    for (const body of ['<html>', '{"state": 5}']) {
      const seen = decodePatroni('node1', 502, body, 1)
      expect(seen).not.toHaveProperty('paused')
      expect(seen).not.toHaveProperty('pendingRestart')
      expect(seen).not.toHaveProperty('tags')
    }
  })

  it('of a replica has what it has replayed', () => {
    const body = JSON.stringify({
      state: 'streaming',
      role: 'replica',
      timeline: 4,
      xlog: {received_location: 9, replayed_location: 7},
    })
    expect(decodePatroni('node2', 200, body, 1)).toMatchObject({lsn: 7, streaming: []})
  })

  it.each(['', '<html>', 'null', '[]', '{"state": 5}'])('that makes no sense (%j) keeps its code', body => {
    expect(decodePatroni('node1', 503, body, 1)).toMatchObject({
      code: 503,
      role: null,
      state: null,
      lsn: null,
      streaming: [],
    })
  })
})

const cleanUp: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const one of cleanUp.splice(0)) await one()
})

async function start(answer: http.RequestListener, reach?: Reach) {
  let connections = 0
  const server = http.createServer(answer).on('connection', () => connections++)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const recorder = new Recorder()
  const stop = new AbortController()
  const lab = localLab('patroni', [(server.address() as AddressInfo).port], reach)
  const record = (happening: Happening, at?: number) => recorder.record(happening, at)
  const done = patroni.run({lab, record, now: () => recorder.now(), signal: stop.signal})
  cleanUp.push(async () => {
    stop.abort()
    await done
    server.closeAllConnections()
    server.close()
  })
  const events = () => recorder.events.filter(one => one.kind === 'patroni')
  return {recorder, events, connections: () => connections}
}

it('asks at most five times a second, each time on a connection of its own', async () => {
  const {connections} = await start((_, response) => void response.end(JSON.stringify(leader)))
  await pause(2000)
  expect(connections()).toBeGreaterThanOrEqual(4)
  expect(connections()).toBeLessThanOrEqual(10)
})

it('records an answer that stays the same once a second, and a change at once', async () => {
  let state = 'running'
  const {events} = await start((_, response) => void response.end(JSON.stringify({...leader, state})))
  await pause(1800)
  expect(events().length).toBeGreaterThanOrEqual(2)
  expect(events().length).toBeLessThanOrEqual(3)
  state = 'stopping'
  await pause(600)
  expect(events().at(-1)).toMatchObject({code: 200, state: 'stopping'})
})

it.each([
  ['maintenance mode', {pause: true}, {paused: true}],
  ['a pending restart', {pending_restart: true}, {pendingRestart: true}],
  ['a tag', {tags: {nofailover: true}}, {tags: {nofailover: true}}],
])('%s is a change, recorded before the second is over', async (_, said, seen) => {
  let more = {}
  const {events} = await start((_, response) => void response.end(JSON.stringify({...leader, ...more})))
  await pause(1100)
  const before = events().length
  more = said
  await pause(600)
  expect(events().slice(before)[0]).toMatchObject(seen)
})

it('a host that hangs up, or says nothing for a second, is recorded as no answer', async () => {
  let silent = false
  const {events, recorder} = await start((_, response) => void (silent || response.socket?.destroy()))
  await pause(600)
  expect(events().at(-1)).toMatchObject({code: null, role: null})
  silent = true
  await pause(2600)
  expect(events().at(-1)!.tookMicros).toBeGreaterThan(900_000)
  const watching = recorder.events.filter(one => one.kind === 'watching')
  expect(watching.length).toBeGreaterThanOrEqual(2)
  for (const one of watching) expect(one.failures).toBe(one.samples)
})

it('with no way into the lab nothing is said of the host, and that nobody looked shows', async () => {
  const reach = new Tunnel(() => Promise.reject(new Error('the observer is down')))
  const {events, recorder} = await start((_, response) => void response.end(JSON.stringify(leader)), reach)
  await pause(2200)
  expect(events()).toEqual([])
  const watching = recorder.events.filter(one => one.kind === 'watching')
  expect(watching.length).toBeGreaterThanOrEqual(2)
  for (const one of watching) expect(one).toMatchObject({samples: 0, failures: 0})
  expect(watching.at(-1)?.worstMicros).toBeGreaterThan(1_500_000)
})
