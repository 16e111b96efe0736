import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {effectiveTimings} from '../../../lab/budget/index.ts'
import {
  boughtBy,
  comparedFaults,
  neighbours,
  neverComes,
  type PredictedFault,
  predict,
  predictedName,
  predictedNames,
  sayLoopWait,
  worthTelling,
} from '../../../lab/budget/prediction.ts'
import {successionDoubts} from '../../../lab/topology/succession.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {anyTopology, fast, standard} from './topologies.ts'

test('every fault is predicted, each phase with ordered numbers inside its bounds', () => {
  for (const topology of [fast, standard, loadTopology({topology: 'vip'})])
    for (const {phases, outage, name} of predict(topology).faults)
      for (const {bounds, limit, p5, p50, p95, mean} of [...phases.map(one => one.at), outage!.length]) {
        const ordered = [bounds[0], p5, p50, p95, bounds[1], limit]
        expect({name, ordered}).toEqual({name, ordered: ordered.toSorted((a, b) => a - b)})
        expect(mean).toBeGreaterThanOrEqual(bounds[0])
        expect(mean).toBeLessThanOrEqual(bounds[1])
      }
})

test('timings that Patroni would change are predicted as changed, and each change is explained', () => {
  const asked = {...fast, patroni: {...fast.patroni, ttlSeconds: 10, loopWaitSeconds: 15, retryTimeoutSeconds: 2}}
  const {effective, adjustments, faults} = predict(asked, ['kill-host'])
  expect(effective).toEqual({ttlSeconds: 20, loopWaitSeconds: 14, retryTimeoutSeconds: 3})
  expect(adjustments).toEqual([
    'Patroni uses ttl 20s instead of 10s: it accepts no less than 20s',
    'Patroni uses loop_wait 14s instead of 15s: loop_wait + 2 * retry_timeout must not exceed ttl, and 15 + 2 * 3 is more than 20',
    'Patroni uses retry_timeout 3s instead of 2s: it accepts no less than 3s',
  ])
  const kept = predict({...asked, patroni: {...asked.patroni, ...effective}}, ['kill-host'])
  expect(faults[0]!.outage!.length.mean).toBe(kept.faults[0]!.outage!.length.mean)
  expect(kept.adjustments).toEqual([])
})

test('a topology with such timings is refused, unless they are only to be explained', () => {
  const set = ['patroni.ttl=10s']
  expect(() => loadTopology({set})).toThrow(/Patroni would silently use ttl 20s/)
  expect(loadTopology({set, asPatroniWould: true}).patroni.ttlSeconds).toBe(10)
  expect(() => loadTopology({set: ['patroni.ttl=10'], asPatroniWould: true})).toThrow(/did you mean 10s/)
})

test('neighbouring settings are such that Patroni leaves them as they are, and differ (200 runs)', () => {
  fc.assert(
    fc.property(anyTopology, topology => {
      const own = effectiveTimings(topology.patroni)
      for (const one of neighbours(topology)) {
        const {adjusted, ...timings} = effectiveTimings(one.topology.patroni)
        const {adjusted: _, ...was} = own
        if (adjusted.length > 0) return false
        const same = JSON.stringify([timings, one.topology.haproxy]) === JSON.stringify([was, topology.haproxy])
        if (same) return false
      }
      return true
    }),
    {numRuns: 200},
  )
})

describe('what other settings buy', () => {
  const bought = boughtBy(standard)
  const change = (says: string, name: (typeof comparedFaults)[number]) =>
    boughtBy(standard)
      .find(one => one.says === says)!
      .outages.find(one => one.name === name)!.change! / 1e6

  test('a smaller loop_wait: a killed host costs half of what is saved more, a crash half of it less', () => {
    expect(change('loop_wait 5s', 'kill-host')).toBeCloseTo(2.5, 1)
    expect(change('loop_wait 5s', 'crash-postgres')).toBeCloseTo(-2.5, 1)
  })

  test('ttl is paid for second by second, and an orderly stop pays nothing', () => {
    expect(change('ttl 40s', 'kill-host')).toBeCloseTo(10, 1)
    expect(change('ttl 40s', 'stop')).toBe(0)
  })

  test('is said in a sentence, both ways', () => {
    expect(sayLoopWait(standard, bought)).toMatch(
      /^A smaller loop_wait makes .* slower: loop_wait 5s instead of 10s takes 34\.\d+ s instead of 3[12]\.\d+ s/,
    )
    expect(sayLoopWait(fast, boughtBy(fast))).toMatch(/^A larger loop_wait makes .* faster: loop_wait 2s instead of 1s/)
  })
})

test('a case that the topology is already is not told twice', () => {
  const vip = loadTopology({topology: 'vip', profile: 'fast'})
  expect(worthTelling(vip)).toEqual(predictedNames)
  const set = {...fast, patroni: {...fast.patroni, watchdog: 'required' as const, primaryStartTimeoutSeconds: 0}}
  expect(worthTelling(fast).filter(name => !worthTelling(set).includes(name))).toEqual([
    'freeze-patroni-watchdog',
    'crash-postgres-failover',
  ])
})

describe('a fault that never comes in a topology', () => {
  const named = (topology: string) => loadTopology({topology, profile: 'fast'})
  const both = 'kill-host-and-etcd-leader'

  test.each(['single-etcd', 'dedicated-etcd', 'standby-cluster'])(
    'is not told of %s: its etcd is on hosts of its own',
    name => {
      expect(worthTelling(named(name))).not.toContain(both)
      expect(neverComes(named(name), both)).toBe(
        "no host has both PostgreSQL and a member of etcd, so the leader's host is never that of etcd's leader",
      )
      const [told] = predict(named(name), [both]).faults
      expect(told).toMatchObject({outcome: 'none', outage: null, notes: [], why: neverComes(named(name), both)})
    },
  )

  test('is told where it may come', () => {
    for (const name of ['colocated', 'proxy-per-node', 'vip']) {
      expect(neverComes(named(name), both)).toBeNull()
      expect(predict(named(name), [both]).faults[0]).toMatchObject({outcome: 'takeover'})
    }
  })

  test('is refused where it is asked for by name', () => {
    expect(() => predictedName(both, named('single-etcd'))).toThrow(
      /^`kill-host-and-etcd-leader` never comes in this topology: no host has both PostgreSQL and a member of etcd/,
    )
    expect(() => predictedName('kill-vip-holder', fast)).toThrow(/never comes .* no host has a virtual address/)
    expect(predictedName(both, named('colocated'))).toBe(both)
  })

  test('is not compared with one where it comes', () => {
    expect(predict(named('single-etcd'), worthTelling(named('colocated'))).faults.map(one => one.name)).toContain(both)
  })
})

describe('the holder of a virtual address', () => {
  const vip = loadTopology({topology: 'vip', profile: 'fast'})
  const names = ['kill-vip-holder', 'freeze-vip-holder', 'isolate-vip-holder', 'kill-vip-haproxy'] as const

  test('is lost in four ways, each told phase by phase', () => {
    expect(worthTelling(fast).filter(name => name.includes('vip'))).toEqual([])
    for (const {name, outcome, phases, outage, margin} of predict(vip, names).faults) {
      expect([name, outcome, margin]).toEqual([name, 'in-place', null])
      expect(phases.map(one => one.phase)).toEqual(['addressMoves', 'wayIn', 'firstWrite'])
      expect(outage!.length.bounds[1]).toBe(phases.at(-1)!.at.bounds[1])
      expect(outage!.begins.bounds).toEqual([0, 0])
    }
  })

  test('the silent one takes three adverts and a skew, the dead HAProxy its script', () => {
    const seconds = (name: (typeof names)[number], set: Partial<NonNullable<typeof vip.keepalived>> = {}) =>
      predict({...vip, keepalived: {...vip.keepalived!, ...set}}, [name]).faults[0]!.phases[0]!.at.bounds.map(
        one => Math.round(one / 1e5) / 10,
      )
    expect(seconds('kill-vip-holder')).toEqual([2.6, 4])
    expect(seconds('kill-vip-holder', {advertIntSeconds: 3})).toEqual([7.8, 11.2])
    expect(seconds('kill-vip-haproxy')).toEqual([1.6, 5])
    expect(seconds('kill-vip-haproxy', {fall: 5})).toEqual([4.6, 11])
  })

  test('a dead HAProxy that nobody asks for keeps the address, and that is said', () => {
    const [told] = predict({...vip, keepalived: {...vip.keepalived!, check: 'none'}}, ['kill-vip-haproxy']).faults
    expect(told).toMatchObject({outcome: 'none', outage: null, why: expect.stringMatching(/address stays with proxy1/)})
  })
})

test('a fault that is not known is refused with the nearest', () => {
  expect(predictedName('stop', fast)).toBe('stop')
  expect(() => predictedName('kil-host', fast)).toThrow(/did you mean `kill-host`/)
})

test('where HAProxy leaves the sessions of a server that is down alone, nothing bounds the last write of an orphan', () => {
  const none: typeof fast = {...fast, haproxy: {...fast.haproxy, onMarkedDown: 'none'}}
  const [orphan, dead] = predict(none, ['kill-patroni', 'kill-host']).faults
  expect(predict(fast, ['kill-patroni']).faults[0]!.margin).not.toBeNull()
  expect(orphan).toMatchObject({margin: null})
  expect(orphan!.notes.join('\n')).toMatch(/goes on writing to the orphan .* two primaries at once/)
  expect(dead!.notes.join('\n')).toMatch(/no time-out of its own, waits on for up to 1800/)
  expect(
    predict(fast)
      .faults.flatMap(one => one.notes)
      .join('\n'),
  ).not.toMatch(/on_marked_down/)
})

describe('nobody takes over', () => {
  type Tags = NonNullable<typeof fast.tags>
  const why = (topology: typeof fast, name: (typeof predictedNames)[number] = 'kill-host') =>
    predict(topology, [name]).faults[0]!.why
  const tagged = (tags: Tags, synchronousMode: 'off' | 'on' = 'off'): typeof fast => ({
    ...fast,
    tags,
    patroni: {...fast.patroni, synchronousMode},
  })
  const onTwo = (own: Tags[string]): Tags => ({node1: own, node2: own})
  const onAll = (own: Tags[string]): Tags => ({...onTwo(own), node3: own})

  test('where the tags leave one member that may lead', () => {
    for (const own of [{nofailover: true}, {failover_priority: 0}])
      for (const name of ['kill-host', 'stop', 'switchover'] as const)
        expect(why(tagged(onTwo(own)), name)).toMatch(/^nobody else may lead/)
    expect(why(tagged({node1: {nofailover: true}}))).toBeNull()
    expect(predict(tagged(onTwo({nofailover: true})), ['crash-postgres-failover']).faults[0]!.outcome).toBe('in-place')
    expect(why(tagged(onAll({nofailover: true})))).toMatch(/^nobody may lead/)
  })

  test('where no member may be a synchronous standby, in synchronous mode', () => {
    expect(why(tagged(onAll({nosync: true}), 'on'))).toMatch(/^nobody else may take over/)
    expect(why(tagged(onAll({nosync: true})))).toBeNull()
    expect(why(tagged(onAll({sync_priority: 0}), 'on'))).toMatch(/^nobody else may take over/)
  })

  test('and where that depends on who leads it is said of whom', () => {
    const mixed = tagged(onTwo({nosync: true}), 'on')
    expect(why(mixed)).toBeNull()
    expect(successionDoubts(mixed)).toEqual([
      expect.stringMatching(
        /^While node3 leads, nobody else may take over .* these times are not those of its loss\.$/,
      ),
    ])
    expect(successionDoubts(fast)).toEqual([])
  })

  test('in a cluster that is paused, but for a switchover', () => {
    const faults = predict(fast, predictedNames, {isPaused: true}).faults
    expect(faults.filter(({outcome}) => outcome !== 'none').map(({name}) => name)).toEqual(['switchover'])
    expect(faults[0]!.why).toMatch(/^the cluster is paused/)
    const [own] = boughtBy(fast, {isPaused: true})
    expect(own!.outages.map(({mean}) => mean)).toEqual(comparedFaults.map(() => null))
  })
})

test('with a watchdog nobody waits less than the old leader has ended before the new one begins', () => {
  const watched = {...standard, patroni: {...standard.patroni, watchdog: 'required' as const}}
  const [{outage, margin}] = predict(watched, ['freeze-patroni']).faults as [PredictedFault]
  expect(margin!.length.bounds[0]).toBeGreaterThan(4_000_000)
  expect(outage!.length.bounds[0]).toBeGreaterThanOrEqual(margin!.length.bounds[0])
})
