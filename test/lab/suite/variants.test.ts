/** Which labs a matrix raises. */
import {describe, expect, test} from 'vitest'
import {loadScenario} from '../../../lab/scenario/index.ts'
import {overruled, variantsOf} from '../../../lab/suite/variants.ts'

describe('variants', () => {
  test('are every value of one with every value of the others, in their order', () => {
    const found = variantsOf(['topology=colocated,sync', 'patroni.loop_wait=1s,5s'], {
      profile: 'fast',
      set: ['patroni.ttl=25s'],
    })
    expect(found.map(one => one.says)).toEqual([
      'topology=colocated, patroni.loop_wait=1s',
      'topology=colocated, patroni.loop_wait=5s',
      'topology=sync, patroni.loop_wait=1s',
      'topology=sync, patroni.loop_wait=5s',
    ])
    expect(
      found.map(({topology: {topology}}) => [
        topology.patroni.synchronousMode,
        topology.patroni.loopWaitSeconds,
        topology.patroni.ttlSeconds,
      ]),
    ).toEqual([
      ['off', 1, 25],
      ['off', 5, 25],
      ['on', 1, 25],
      ['on', 5, 25],
    ])
  })

  test('of nothing is the lab as it is', () => {
    expect(variantsOf([], {profile: 'fast'})).toMatchObject([{says: 'as it is', asked: {profile: 'fast'}}])
  })

  test.each([
    ['patroni.loop_wait', /does not say what is varied/],
    ['patroni.loop_wait=', /does not say what is varied/],
    ['patroni.loop_wait=1s,,2s', /does not say what is varied/],
    ['patroni.loop_wait=1s,1s', /has 1s twice/],
    ['patroni.loop_wait=1s', /^nothing varies: .* has one value/],
    ['patroni.loop_wiat=1s,2s', /loop_wait/],
    ['topology=colocatd,sync', /no preset `colocatd`/],
    [`patroni.ttl=${Array.from({length: 25}, (_, index) => `${30 + index}s`).join(',')}`, /25 labs are too many/],
  ])('%s is refused before any lab is raised', (written, says) => {
    expect(() => variantsOf([written], {})).toThrow(says)
  })

  test('one setting is varied once', () => {
    expect(() => variantsOf(['patroni.ttl=20s,30s', 'patroni.ttl=40s'], {})).toThrow(/patroni\.ttl is varied twice/)
  })

  test('what a scenario brings itself would be the same in each lab', () => {
    const stalls = loadScenario('etcd-disk-stalls')
    expect(overruled(stalls, ['patroni.loop_wait=1s,5s'])).toMatch(/brings a patroni.loop_wait of its own/)
    expect(overruled(stalls, ['patroni.ttl=20s,30s', 'topology=sync,quorum'])).toBeNull()
  })
})
