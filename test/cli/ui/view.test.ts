import {describe, expect, test} from 'vitest'
import {roleOf, stateOf} from '../../../cli/ui/shown-role.ts'
import {longestGap, openGap, recent, scaleOf} from '../../../cli/ui/throughput.ts'
import {emptyView, fold, type View, view, withoutWriters, withWriters} from '../../../cli/ui/view.ts'
import type {Event} from '../../../lab/history/event.ts'
import {strikeOf} from '../../lab/strike-of.ts'
import {killedAt, op, patroni, postgres, story, storyUntil, topology} from './story.ts'

const s = (seconds: number) => Math.round(seconds * 1_000_000)
const whole = view(story())

const roles = (so: View) => Object.fromEntries(so.members.map(one => [one.host, roleOf(so, one)]))
const states = (so: View) => Object.fromEntries(so.members.map(one => [one.host, stateOf(so, one)]))
/** Seconds after the fault. */
const phasesOf = (so: View) =>
  Object.fromEntries(
    Object.entries(so.failover?.phases ?? {}).map(([phase, at]) => [phase, (at - so.failover!.at) / 1e6]),
  )
const says = (so: View) => so.lines.map(line => line.says)

const started: Event = {
  at: 0,
  kind: 'run-started',
  run: 'r',
  scenario: {name: 'x', about: '', needs: {postgres: 1, etcd: 1}, clients: [], steps: [], expect: []},
  lab: 'l',
  topology,
  versions: {},
  startedAt: '',
}
const leads = (at: number, holder: string | null, revision = 1): Event => ({
  at,
  kind: 'leader-key',
  scope: 'pgha',
  holder,
  revision,
  lease: null,
  term: 1,
  told: 'node2',
})
const injected = (hosts: readonly string[], at = s(1), id = 'f'): Event => ({
  at,
  kind: 'fault-injecting',
  id,
  fault: 'kill',
  what: 'kill host',
  hosts,
  strike: strikeOf('kill', {what: 'host'}, hosts),
})
const mended = (host: string, ok = true): Event => ({
  at: s(2),
  kind: 'fault-mended',
  id: 'f',
  mend: {do: 'start-host', host},
  ok,
})

const proxyUp: Event = {
  at: 0,
  kind: 'proxy',
  proxy: 'proxy1',
  backend: 'primary',
  server: 'node2',
  status: 'UP',
  up: true,
  check: '',
}

describe('the members', () => {
  test('before the fault node1 leads and the others stream', () => {
    const so = view(storyUntil(6.9))
    expect(roles(so)).toEqual({node1: 'leader', node2: 'replica', node3: 'replica'})
    expect(states(so)).toEqual({node1: 'running', node2: 'streaming', node3: 'streaming'})
    expect(so.members.map(one => one.lagBytes)).toEqual([null, 0, 0])
    expect(so.etcdLeader).toEqual({host: 'node3', term: 2})
  })

  test('the killed leader is stopped and still holds the key until its lease is over', () => {
    const so = view(storyUntil(20))
    expect(roles(so)).toEqual({node1: 'stopped', node2: 'replica', node3: 'replica'})
    expect(so.holder).toBe('node1')
    expect(view(storyUntil(26.5)).holder).toBeNull()
  })

  test('with the key and not yet out of recovery a replica is promoting', () => {
    expect(roles(view(storyUntil(28.55))).node2).toBe('promoting')
    expect(roles(view(storyUntil(28.85))).node2).toBe('leader')
  })

  test('a started host is starting until its PostgreSQL answers, then a replica on the new timeline', () => {
    expect(roles(view(storyUntil(33))).node1).toBe('starting')
    expect(roles(whole).node1).toBe('replica')
    expect(states(whole).node1).toBe('streaming')
    expect(whole.members.map(one => one.timeline)).toEqual([5, 5, 5])
  })

  test('two servers that take writes at once are both shown as taking writes, and only one as the leader', () => {
    const both = ['node1', 'node2'].map(host => ({...postgres(2, 'node1'), host}) as Event)
    expect(roles(view([started, leads(0, 'node1'), ...both]))).toMatchObject({node1: 'leader', node2: 'primary'})
  })

  test('who was never asked is unknown, and who does not answer is silent', () => {
    expect(roles(view([started])).node1).toBe('unknown')
    expect(roles(view([started, {...postgres(10, 'node1')}])).node1).toBe('silent')
  })
})

describe('the failover', () => {
  test('every phase is found at its time after the fault', () => {
    expect(whole.failover).toMatchObject({after: 'kill on node1', from: 'node1', to: 'node2', at: killedAt})
    const {keyGone, election, promotion, newServerUp, firstWrite} = phasesOf(whole)
    expect([keyGone, election, newServerUp]).toEqual([19.4, 21.5, 21.8])
    // The samples of PostgreSQL are 0.1 s apart, the writes 0.05 s.
    expect(promotion).toBeCloseTo(21.6, 1)
    expect(firstWrite).toBeCloseTo(22.0, 1)
  })

  test('phases do not move when the cluster changes later', () => {
    const later = fold(whole, {...leads(s(50), 'node3', 99)})
    expect(phasesOf(later)).toEqual(phasesOf(whole))
  })

  test('the old leader taking writes again is no promotion', () => {
    const so = view([started, leads(0, 'node1'), postgres(1, 'node1'), injected(['node1'], s(2)), postgres(3, 'node1')])
    expect(phasesOf(so)).toEqual({})
  })

  test('a proxy that had the new leader UP all along has not routed to it because of the failover', () => {
    const up: Event = {...proxyUp, at: s(0.5)}
    const so = view([started, leads(0, 'node1'), up, injected(['node1']), leads(s(20), null), leads(s(22), 'node2')])
    expect(phasesOf(so)).toEqual({keyGone: 19, election: 21})
    expect(phasesOf(fold(fold(so, {...up, at: s(23), up: false}), {...up, at: s(24)}))).toMatchObject({newServerUp: 23})
  })

  test('a write that the old leader acknowledges late is not the first write of the new one', () => {
    const taken = [
      started,
      leads(0, 'node1'),
      postgres(0.5, 'node1'),
      injected(['node1']),
      leads(s(20), null),
      leads(s(22), 'node2'),
    ]
    expect(phasesOf(view([...taken, op(23, 'write', 'ok', 'node1')]))).not.toHaveProperty('firstWrite')
    expect(phasesOf(view([...taken, op(23, 'write', 'ok', 'node2')]))).toMatchObject({firstWrite: 22})
  })

  test('a fault on a replica makes nobody wait for a failover', () => {
    const so = view([started, leads(0, 'node1'), injected(['node3'])])
    expect(so.failover).toMatchObject({strikesLeader: false})
  })

  test('a second fault during a failover does not restart its clock', () => {
    const so = view([started, leads(0, 'node1'), injected(['node1'], s(1)), injected(['node3'], s(2), 'g')])
    expect(so.failover).toMatchObject({at: s(1), hosts: ['node1']})
  })
})

describe('the faults', () => {
  test('a fault is in force until each of its hosts is mended', () => {
    const broken = [started, injected(['node1', 'node2'])]
    expect(view(broken).faults).toMatchObject([{hosts: ['node1', 'node2'], holds: null}])
    expect(view([...broken, mended('node1')]).faults).toMatchObject([{hosts: ['node2']}])
    expect(view([...broken, mended('node1'), mended('node2')]).faults).toEqual([])
  })

  test('a fault that could not be mended stays in force, and a line says so', () => {
    const so = view([started, injected(['node1']), mended('node1', false)])
    expect(so.faults).toHaveLength(1)
    expect(so.lines.at(-1)).toMatchObject({
      tone: 'bad',
      says: expect.stringContaining('NOT healed, f: start node1 again'),
    })
  })

  test('one proof that fails is enough for a fault that does not hold', () => {
    const proof = (holds: boolean): Event => ({at: s(1), kind: 'fault-proof', id: 'f', holds, says: ''})
    expect(view([started, injected(['node1']), proof(false), proof(true)]).faults[0]?.holds).toBe(false)
  })
})

describe('the clients', () => {
  test('each outcome is counted', () => {
    const {write, read} = whole.clients.counts
    const ops = story().filter(event => event.kind === 'op')
    const number = (kind: string, outcome: string) =>
      ops.filter(one => one.op === kind && one.outcome === outcome).length
    expect(write).toEqual({ok: number('write', 'ok'), fail: number('write', 'fail'), unknown: 3})
    expect(read).toEqual({ok: number('read', 'ok'), fail: 0, unknown: 0})
  })

  test('a gap opens 250 ms after the last acknowledged write; failed ones do not end it', () => {
    const {clients} = view([op(1, 'write', 'ok', 'node1'), op(1.5, 'write', 'fail', null)])
    expect(openGap(clients, s(1.2))).toBeNull()
    expect(openGap(clients, s(3))).toBe(s(2))
    expect(longestGap(clients, s(3))).toBe(s(2))
  })

  test('the longest gap of the story is the 22 s without a leader', () => {
    expect(longestGap(whole.clients, s(41)) / 1e6).toBeCloseTo(22.0, 0)
  })

  test('an answer that comes late and lies inside a gap cuts the gap in two', () => {
    const late = [op(1, 'write', 'ok', 'n'), op(5, 'write', 'ok', 'n'), op(2, 'write', 'ok', 'n')]
    expect(longestGap(view(late).clients, s(5.1))).toBe(s(3))
  })

  test('silence after the writers were stopped is no gap', () => {
    expect(openGap(whole.clients, s(60))).toBeNull()
  })

  test('a second without an answer is zero in the sparkline, and before the first answer there is nothing', () => {
    const {clients} = view([op(2.5, 'write', 'ok', 'n'), op(4.5, 'write', 'ok', 'n')])
    expect(recent(clients, 'writes', s(6.1), {columns: 6})).toEqual([null, null, 1, 0, 1, 0])
  })

  test('a pause that is longer than the columns has seconds is drawn whole, and so it is until it is out of sight', () => {
    const flow = Array.from({length: 20}, (_, second) => op(second, 'write', 'ok', 'n'))
    const open = view(flow).clients
    const columns = 40
    const gapAt = (clients: typeof open, now: number) => {
      const scale = scaleOf(clients, s(now), columns)
      return {
        scale,
        drawn: recent(clients, 'writes', s(now), {columns, scale})
          .map(rate => (rate === null ? ' ' : rate > 0 ? '#' : '.'))
          .join(''),
      }
    }
    expect(gapAt(open, 21)).toMatchObject({scale: 1, drawn: expect.stringMatching(/#\.$/)})
    expect(gapAt(open, 61)).toMatchObject({scale: 2, drawn: expect.stringMatching(/#{9,10}\.{20}$/)})
    expect(gapAt(open, 130)).toMatchObject({scale: 5, drawn: expect.stringMatching(/#{3,4}\.{22}$/)})
    const over = view([...flow, op(130, 'write', 'ok', 'n'), op(131, 'write', 'ok', 'n')]).clients
    expect(gapAt(over, 132)).toMatchObject({scale: 5, drawn: expect.stringMatching(/#{3,4}\.+#?$/)})
    const later = Array.from({length: 44}, (_, second) => op(132 + second, 'write', 'ok', 'n'))
    expect(scaleOf(view([...flow, ...later]).clients, s(175.2), columns)).toBe(1)
  })

  test('who was stopped and begins again has had no pause', () => {
    const stopped = withoutWriters(view([op(1, 'write', 'ok', 'n')]), s(1.1))
    const again = fold(withWriters(stopped, s(59)), op(60, 'write', 'ok', 'n'))
    expect([openGap(again.clients, s(60.1)), longestGap(again.clients, s(60.1))]).toEqual([null, 0])
    expect(openGap(again.clients, s(63))).toBe(s(3))
    expect(again.lines).toEqual([])
  })
})

describe('the lease', () => {
  const status = (at: number): Event => ({
    at,
    kind: 'status-key',
    scope: 'pgha',
    optime: 1,
    revision: 2,
    term: 1,
    told: 'node2',
  })

  test('has a whole ttl left after each refresh, also when the events come in the wrong order', () => {
    const so = view([started, leads(0, 'node1'), status(s(3)), status(s(2))])
    expect(so.lease).toEqual({refreshedAt: s(3), expiresAt: s(23)})
  })

  test('lasts longer when a new etcd leader starts it afresh', () => {
    const told: Event = {
      at: s(10),
      kind: 'lease',
      scope: 'pgha',
      lease: 'a',
      leftSeconds: 20,
      grantedSeconds: 20,
      told: 'node2',
    }
    expect(view([started, leads(0, 'node1'), status(s(3)), told]).lease?.expiresAt).toBe(s(30))
  })

  test('is gone with the key', () => {
    expect(view([started, leads(0, 'node1'), leads(s(1), null)]).lease).toBeNull()
  })
})

describe('the steps', () => {
  test('those of the scenario wait; what began runs; what ended has a result', () => {
    expect(view(storyUntil(1)).steps.map(step => step.says)).toEqual([
      'hold 2 s',
      'crash: kill host on leader',
      'until new-leader',
      'hold 3 s',
      'heal crash',
      'until rejoined',
      'hold 2 s',
    ])
    expect(
      view(storyUntil(10))
        .steps.map(step => step.state)
        .slice(0, 4),
    ).toEqual(['done', 'done', 'running', 'pending'])
    expect(whole.steps.every(step => step.state === 'done')).toBe(true)
  })

  test('a step that could not be done is failed', () => {
    const so = view([
      {at: 0, kind: 'step-started', index: 0, says: 'until x'},
      {at: 1, kind: 'step-ended', index: 0, ok: false, says: 'not within 3 s'},
    ])
    expect(so.steps).toMatchObject([{state: 'failed', result: 'not within 3 s'}])
  })
})

describe('the notable lines', () => {
  test('tell the story in order', () => {
    const told = says(whole)
    const chapters = [
      'FAULT kill host on leader: node1',
      'the container of node1 died, exit code 137',
      'proxy1: node1 is DOWN for writes (L4TOUT 1000ms)',
      'the leader key of node1 is gone',
      'node2 holds the leader key',
      'node2 takes writes on timeline 5',
      'proxy1: node2 is UP for writes (L7OK 200 3ms)',
      'healed crash: start node1 again',
      'node1 streams from the leader',
      'node2 holds 4,000 rows, 0 twice',
      'the run is complete',
    ]
    expect(told.filter(line => chapters.includes(line))).toEqual(chapters)
    expect(told).toContainEqual(expect.stringMatching(/^writes are acknowledged again after 2[12]\.\d s$/))
  })

  test('what a server was when the watching began is no news', () => {
    expect(says(view(storyUntil(0.7))).filter(line => line.startsWith('proxy1'))).toEqual([])
  })

  test("somebody else's words lose their escape sequences and line breaks", () => {
    const so = view([{at: 0, kind: 'note', says: 'red \u001b[31malert\u001b[0m\nsecond\u0007 line'}])
    expect(says(so)).toEqual(['red alert second line'])
  })
})

test('a sample that says what is known leaves the view as it is', () => {
  const seen = [...storyUntil(5), postgres(5, 'node2'), patroni(5, 'node2')].reduce(fold, emptyView)
  for (const event of [postgres(5, 'node2'), patroni(5, 'node2')])
    expect(fold(seen, {...event, at: s(5.3)}).members).toBe(seen.members)
  const silent: Event = {...patroni(5, 'node2'), at: s(5.4), code: null} as Event
  expect(fold(seen, silent).members).not.toBe(seen.members)
})

test('folding changes nothing that was there before', () => {
  let so = emptyView
  for (const event of story(5)) {
    so = fold(deepFreeze(so), deepFreeze(event))
  }
  expect(so.ended).toBe('complete')
})

test('a hundred thousand events are folded in a few seconds, even on a busy machine', () => {
  const events = story(1000)
  let so = emptyView
  const began = performance.now()
  for (let n = 0; n < 100_000; n++) so = fold(so, events[n % events.length]!)
  expect(performance.now() - began).toBeLessThan(5000)
})

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}
