import {describe, expect, it} from 'vitest'
import type {ZodType} from 'zod'
import {faults} from '../../../lab/faults/index.ts'
import {shows} from '../../../lab/faults/set-tags.ts'

function complaint(fault: string, params: unknown): string | undefined {
  return (faults[fault]!.params as ZodType).safeParse(params).error?.issues[0]?.message
}

describe("the operator's actions and the faults of replication", () => {
  it.each([
    ['lag', {}],
    ['lag', {by: '16MB', limit: '1m'}],
    ['pause-replay', {}],
    ['pause-replay', {by: '4MB'}],
    ['switchover', {}],
    ['switchover', {refused: true}],
    ['failover', {refused: false}],
    ['restart', {'pending-only': true, role: 'primary'}],
    ['reinit', {force: true}],
    ['pause-cluster', {}],
    ['set-config', {config: {postgresql: {parameters: {max_connections: 120}}, ttl: null}}],
    ['set-tags', {tags: {nofailover: true, failover_priority: 2, datacenter: 'east'}}],
  ])('%s takes %j', (fault, params) => expect(complaint(fault, params)).toBeUndefined())

  it.each([
    ['lag', {by: 16}, /unit/],
    ['lag', {by: '0MB'}, /`by` is at most 512.0 MB and more than nothing/],
    ['lag', {by: '2GB'}, /`by` is at most 512.0 MB/],
    ['lag', {limit: '2h'}, /between 1s and 30m/],
    ['lag', {bye: '1MB'}, /bye/],
    ['pause-replay', {by: '1GB'}, /`by` is at most/],
    ['switchover', {refused: 'yes'}, /`refused` is true or false/],
    ['restart', {role: 'leader'}, /`role` is primary or replica/],
    ['restart', {'pending-only': 1}, /`pending-only` is true or false/],
    ['set-config', {}, /`config` is a mapping/],
    ['set-config', {config: {}}, /changes nothing/],
    ['set-config', {config: {pause: true}}, /pause-cluster/],
    ['set-tags', {}, /`tags` is a mapping/],
    ['set-tags', {tags: {}}, /`tags` names no tag/],
    ['pause-cluster', {wait: true}, /wait/],
  ])('%s refuses %j', (fault, params, says) => expect(complaint(fault, params)).toMatch(says))

  it('that concern the whole cluster need no `on`', () => {
    for (const fault of ['pause-cluster', 'set-config']) expect(faults[fault]!.on).toBe('all')
  })
})

describe('tags', () => {
  it('are seen when every wanted one is there with its value', () => {
    expect(shows({nofailover: true, other: 1}, {nofailover: true})).toBe(true)
    expect(shows({nofailover: true}, {nofailover: true, nosync: true})).toBe(false)
    expect(shows({}, {nofailover: true})).toBe(false)
  })

  it('that are false may be left out, as Patroni does', () => {
    expect(shows({}, {nofailover: false})).toBe(true)
    expect(shows({nofailover: true}, {nofailover: false})).toBe(false)
  })
})
