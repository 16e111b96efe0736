/** Patroni's dynamic configuration, changed in etcd while nobody of the cluster lives. */
import {expect, test} from 'vitest'
import {patched} from '../../../lab/cluster/config-patch.ts'
import {editConfig} from '../../../lab/cluster/edit-config.ts'
import {base64} from '../../../lab/cluster/etcd-messages.ts'
import type {Lab} from '../../../lab/engine/lab.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

/** An etcd with one key. @param refusals how often nobody listens yet. @param races how often somebody else is quicker. */
function labWith(config: object, {refusals = 0, races = 0} = {}) {
  const stored = {value: JSON.stringify(config), revision: 7}
  const asked: string[] = []
  const ask = async (host: string, service: string, path: string, {body}: {body: Record<string, never>}) => {
    asked.push(`${host} ${service} ${path}`)
    if (asked.length <= refusals) throw new Error('ECONNREFUSED')
    const header = {revision: String(stored.revision)}
    if (path === '/v3/kv/range') {
      const kvs = [{key: body.key, value: base64(stored.value), mod_revision: String(stored.revision)}]
      return {code: 200, body: JSON.stringify({header, kvs})}
    }
    const {compare, success} = body as unknown as {
      compare: [{mod_revision: string}]
      success: [{request_put: {value: string}}]
    }
    if (races-- > 0) stored.revision++
    if (compare[0].mod_revision !== String(stored.revision)) return {code: 200, body: JSON.stringify({header})}
    stored.value = Buffer.from(success[0].request_put.value, 'base64').toString()
    stored.revision++
    const now = {revision: String(stored.revision)}
    return {code: 200, body: JSON.stringify({succeeded: true, header: now})}
  }
  const lab = {name: 'x', topology: loadTopology({topology: 'standby-cluster'}), ask} as unknown as Lab
  return {lab, stored, asked}
}

test('a patch removes what is null, merges mappings, and leaves the rest', () => {
  const config = {ttl: 20, postgresql: {parameters: {a: 1, b: 2}}, standby_cluster: {host: 'x'}}
  expect(patched(config, {standby_cluster: null, postgresql: {parameters: {b: 3}}})).toEqual({
    ...{ttl: 20, postgresql: {parameters: {a: 1, b: 3}}},
  })
})

test("it goes to the cluster's own etcd, and tells the revision", async () => {
  const {lab, stored, asked} = labWith({ttl: 20})
  expect(await editConfig(lab, {standby_cluster: {host: 'y'}})).toBe(8)
  expect(JSON.parse(stored.value)).toEqual({ttl: 20, standby_cluster: {host: 'y'}})
  expect(new Set(asked)).toEqual(new Set(['etcd1 etcd /v3/kv/range', 'etcd1 etcd /v3/kv/txn']))
})

test('an etcd that has just been started is waited for', async () => {
  const {lab, stored} = labWith({}, {refusals: 2})
  await editConfig(lab, {ttl: 30})
  expect(JSON.parse(stored.value)).toEqual({ttl: 30})
})

test('what somebody else changed at the same moment is not overwritten: it is read again', async () => {
  const {lab, asked} = labWith({ttl: 20}, {races: 1})
  expect(await editConfig(lab, {ttl: 30})).toBe(9)
  expect(asked.filter(one => one.endsWith('txn'))).toHaveLength(2)
})
