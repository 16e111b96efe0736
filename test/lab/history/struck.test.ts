import {describe, expect, test} from 'vitest'
import {struckBy} from '../../../lab/history/struck.ts'

const struck = (fault: string, params: unknown, what = `${fault} on leader`) =>
  struckBy({fault, what, ...(params !== undefined && {params})})

describe('a fault of the model is told', () => {
  test.each([
    ['kill', {what: 'host'}, 'host-killed'],
    ['kill', {what: 'patroni'}, 'patroni-killed'],
    ['kill', {what: 'postgres'}, 'postgres-killed'],
    ['stop', {what: 'host'}, 'stopped'],
    ['stop', {what: 'patroni'}, 'stopped'],
    ['stop', {what: 'postgres'}, 'postgres-killed'],
    ['pause', {what: 'host'}, 'host-paused'],
    ['pause', {what: 'patroni'}, 'patroni-frozen'],
    ['freeze-watchdog', {}, 'patroni-frozen'],
    ['switchover', {}, 'switchover'],
    ['failover', {to: 'node2'}, 'switchover'],
  ])('%s %j', (fault, params, expected) => {
    expect(struck(fault, params)).toEqual({fault: expected})
  })

  test.each([
    [{services: ['etcd']}, {fault: 'cut-from-etcd', cut: 'drop'}],
    [
      {from: 'etcd', services: ['etcd'], how: 'reject'},
      {fault: 'cut-from-etcd', cut: 'reject'},
    ],
    [
      {from: 'etcd', services: ['etcd', 'etcd-peer'], ways: 'out'},
      {fault: 'cut-from-etcd', cut: 'drop'},
    ],
    [{}, {fault: 'isolated', cut: 'drop', proxyReaches: false}],
    [
      {how: 'reject', shape: 'split'},
      {fault: 'isolated', cut: 'reject', proxyReaches: false},
    ],
    [{from: 'servers'}, {fault: 'isolated', cut: 'drop', proxyReaches: false}],
    [{from: ['all', 'proxy']}, {fault: 'isolated', cut: 'drop', proxyReaches: false}],
    [{from: 'replica'}, {why: 'the timing model has no bounds for a cut in part'}],
  ])('partition %j', (params, expected) => {
    expect(struck('partition', params)).toEqual(expected)
  })

  test('from the text, where parameters were not recorded', () => {
    expect(struck('kill', undefined, 'kill host on leader')).toEqual({fault: 'host-killed'})
    expect(struck('pause', undefined, 'pause patroni on node2')).toEqual({fault: 'patroni-frozen'})
  })
})

describe('what the model has no bounds for says so', () => {
  test.each([
    ['kill', {what: 'etcd'}],
    ['kill', {what: 'backend'}],
    ['pause', {what: 'postgres'}],
    ['fill-disk', {}],
    ['partition', {services: ['replication']}],
    ['partition', {shape: 'ring'}],
    ['partition', {ways: 'in'}],
    ['partition', {from: 'node3'}],
    ['partition', {from: ['node2', 'node3'], services: ['etcd']}],
    ['partition', {services: ['etcd', 'patroni']}],
  ])('%s %j', (fault, params) => {
    expect(struck(fault, params)).toEqual({why: expect.stringMatching(/bounds|leaves the leader its key/)})
  })
})
