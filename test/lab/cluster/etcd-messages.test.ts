import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {
  base64,
  decodeLease,
  decodeMembers,
  decodeRange,
  decodeStatus,
  decodeWatchLine,
  LineSplitter,
  meaning,
  rangeEnd,
} from '../../../lab/cluster/etcd-messages.ts'

const header = {cluster_id: '1', member_id: '2', revision: '42', raft_term: '7'}
const prefix = '/service/pgha/'

describe('a line of a watch', () => {
  it('tells puts and deletions with their revisions', () => {
    const line = JSON.stringify({
      result: {
        header,
        events: [
          {kv: {key: base64(`${prefix}leader`), value: base64('node2'), mod_revision: '41', lease: '8488032434'}},
          {type: 'DELETE', kv: {key: base64(`${prefix}leader`), mod_revision: '42'}},
        ],
      },
    })
    expect(decodeWatchLine(line)).toEqual({
      header: {revision: 42, term: 7},
      changes: [
        {key: `${prefix}leader`, value: 'node2', revision: 41, lease: '8488032434'},
        {key: `${prefix}leader`, value: null, revision: 42, lease: null},
      ],
      canceled: null,
    })
  })

  it('without events says that the watch is open', () => {
    expect(decodeWatchLine(JSON.stringify({result: {header, created: true}}))).toMatchObject({
      changes: [],
      canceled: null,
    })
  })

  it('tells that the watch is over and where another can begin', () => {
    const line = JSON.stringify({result: {header, canceled: true, compact_revision: '40', cancel_reason: 'compacted'}})
    expect(decodeWatchLine(line).canceled).toEqual({why: 'compacted', resumeAt: 40})
  })

  it('that is an error throws', () => {
    expect(() => decodeWatchLine('{"error":{"grpc_code":14,"message":"transport is closing"}}')).toThrow(
      'transport is closing',
    )
    expect(() => decodeWatchLine('oops')).toThrow()
  })
})

describe("what Patroni's keys mean", () => {
  const change = {revision: 5, lease: null}

  it('the leader key names its holder, or that it is gone', () => {
    expect(
      meaning(
        {...change, key: `${prefix}leader`, value: 'node1', lease: '9'},
        {scope: 'pgha', namespace: '/service/'},
        3,
        'node2',
      ),
    ).toEqual({
      kind: 'leader-key',
      scope: 'pgha',
      holder: 'node1',
      revision: 5,
      lease: '9',
      term: 3,
      told: 'node2',
    })
    expect(
      meaning({...change, key: `${prefix}leader`, value: null}, {scope: 'pgha', namespace: '/service/'}, 3, 'node2'),
    ).toMatchObject({
      holder: null,
    })
  })

  it('the status key has the WAL position', () => {
    const value = '{"optime":67109120,"slots":{"node1":67109120},"retain_slots":["node1"]}'
    expect(
      meaning({...change, key: `${prefix}status`, value}, {scope: 'pgha', namespace: '/service/'}, 3, 'node2'),
    ).toMatchObject({
      kind: 'status-key',
      scope: 'pgha',
      optime: 67109120,
    })
    expect(
      meaning({...change, key: `${prefix}status`, value: null}, {scope: 'pgha', namespace: '/service/'}, 3, 'node2'),
    ).toBeNull()
    expect(
      meaning({...change, key: `${prefix}status`, value: '{'}, {scope: 'pgha', namespace: '/service/'}, 3, 'node2'),
    ).toBeNull()
  })

  it('the sync key names the synchronous standbys', () => {
    const sync = (value: string | null) =>
      meaning({...change, key: `${prefix}sync`, value}, {scope: 'pgha', namespace: '/service/'}, 3, 'node2')
    expect(sync('{"leader":"node1","sync_standby":"node2,node3"}')).toMatchObject({
      leader: 'node1',
      standbys: ['node2', 'node3'],
    })
    expect(sync('{"leader":"node1","sync_standby":null}')).toMatchObject({leader: 'node1', standbys: []})
    expect(sync(null)).toMatchObject({leader: null, standbys: []})
  })

  it('the config key has the dynamic configuration', () => {
    const told = (value: string | null) =>
      meaning({...change, key: `${prefix}config`, value}, {scope: 'pgha', namespace: '/service/'}, 3, 'node2')
    const config = {ttl: 20, pause: true, postgresql: {parameters: {work_mem: '4MB'}}}
    expect(told(JSON.stringify(config))).toEqual({
      ...{kind: 'config-key', scope: 'pgha', config, revision: 5, told: 'node2'},
    })
    expect(told(null)).toMatchObject({config: null})
    expect(told('{')).toMatchObject({config: null})
  })

  it('other keys mean nothing here', () => {
    expect(
      meaning(
        {...change, key: `${prefix}members/leader`, value: '{}'},
        {scope: 'pgha', namespace: '/service/'},
        3,
        'node2',
      ),
    ).toBeNull()
    expect(
      meaning({...change, key: `${prefix}history`, value: '[]'}, {scope: 'pgha', namespace: '/service/'}, 3, 'node2'),
    ).toBeNull()
  })
})

describe('other answers of etcd', () => {
  it('a field that etcd leaves out is zero or absent', () => {
    expect(decodeRange(JSON.stringify({header}))).toEqual({header: {revision: 42, term: 7}, changes: []})
    expect(decodeStatus(JSON.stringify({header, raftTerm: '8'}))).toEqual({
      member: '2',
      leader: null,
      term: 8,
      alarms: [],
    })
    expect(decodeStatus(JSON.stringify({header, leader: '10276657743932975437', raftTerm: '8'})).leader).toBe(
      '10276657743932975437',
    )
    expect(decodeLease('{"header":{},"ID":"5","TTL":"17","grantedTTL":"20"}')).toEqual({
      leftSeconds: 17,
      grantedSeconds: 20,
    })
    expect(decodeLease('{"header":{},"ID":"5","TTL":"-1"}')).toEqual({leftSeconds: -1, grantedSeconds: 0})
    expect(decodeMembers('{"members":[{"ID":"5","name":"node1"},{"ID":"6","isLearner":true}]}')).toEqual([
      {ID: '5', name: 'node1', learner: false},
      {ID: '6', name: '', learner: true},
    ])
    expect(() => decodeStatus('{}')).toThrow('without its id')
  })

  it('the alarms of all members stand in the status of each', () => {
    const errors = ['etcdserver: no leader', 'memberID:12 alarm:NOSPACE ', 'memberID:7 alarm:CORRUPT ']
    expect(decodeStatus(JSON.stringify({header, errors})).alarms).toEqual([
      {member: '12', alarm: 'NOSPACE'},
      {member: '7', alarm: 'CORRUPT'},
    ])
  })

  it('the range of a prefix ends right after its last key', () => {
    expect(Buffer.from(rangeEnd(prefix), 'base64').toString()).toBe('/service/pgha0')
  })
})

it('lines come out whole, wherever the chunks are cut', () => {
  const lines = ['{"a":1}', 'zwölf ☃ 🚲', 'x']
  const all = Buffer.from(`${lines.join('\n')}\n`)
  fc.assert(
    fc.property(fc.array(fc.integer({min: 0, max: all.length})), cuts => {
      const splitter = new LineSplitter()
      const edges = [0, ...cuts.toSorted((a, b) => a - b), all.length]
      const out = edges.slice(1).flatMap((end, index) => splitter.push(all.subarray(edges[index], end)))
      expect(out).toEqual(lines)
    }),
  )
})

it('a line that is not finished does not come out', () => {
  const splitter = new LineSplitter()
  expect(splitter.push(Buffer.from('abc'))).toEqual([])
  expect(splitter.push(Buffer.from('def\ngh'))).toEqual(['abcdef'])
})
