/** The same cut gets the same verdict, in whichever way a person has written whom it is from. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {expect, test} from 'vitest'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {judge} from '../../../lab/judge/judge.ts'

const folder = join(import.meta.dirname, '..', '..', 'histories')

interface Line {
  readonly kind: string
  readonly selector?: string
  readonly fault?: string
  readonly params?: object
}

/** The recorded run, had `from` been written like this, and meant these hosts. */
function written(run: string, before: string, from: string | readonly string[], hosts?: readonly string[]) {
  const lines = gunzipSync(readFileSync(join(folder, `${run}.pass.ndjson.gz`)))
    .toString()
    .trimEnd()
    .split('\n')
    .flatMap((text): string[] => {
      const line = JSON.parse(text) as Line
      if (line.kind === 'target' && line.selector === before) {
        const named = typeof from === 'string' ? [[from, hosts]] : from.map(host => [host, [host]])
        return named.map(([selector, meant]) => JSON.stringify({...line, selector, ...(meant && {hosts: meant})}))
      }
      if (line.kind !== 'fault-injecting') return [text]
      return [JSON.stringify({...line, params: {...line.params, from}})]
    })
  const {verdict, findings} = judge(parseHistory(`${lines.join('\n')}\n`))
  return {verdict, says: findings.map(one => `${one.check}: ${one.verdict}: ${one.says}`)}
}

test('leader-isolated: from `servers`, and from the same four hosts', () => {
  const selector = written('leader-isolated', 'servers', 'servers')
  expect(selector.verdict).toBe('pass')
  expect(written('leader-isolated', 'servers', ['node1', 'node2', 'node3', 'proxy1'])).toEqual(selector)
})

test('leader-cut-from-etcd: from `etcd`, and from its three hosts', () => {
  const selector = written('leader-cut-from-etcd', 'etcd', 'etcd')
  expect(selector.verdict).toBe('pass')
  expect(written('leader-cut-from-etcd', 'etcd', ['node1', 'node2', 'node3'])).toEqual(selector)
})

test.each([
  ['node1', 'node2'],
  ['node1', 'node3'],
  ['node3', 'node1'],
])('leader-cut-from-etcd: from an `etcd-majority` of %s and %s, and from those hosts', (...hosts) => {
  const selector = written('leader-cut-from-etcd', 'etcd', 'etcd-majority', hosts)
  expect(written('leader-cut-from-etcd', 'etcd', hosts)).toEqual(selector)
})
