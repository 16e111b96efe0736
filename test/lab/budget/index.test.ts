import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {
  failoverBudget as budgetOrReason,
  effectiveTimings,
  type FailoverBudget,
  type FaultFacts,
  failoverBounds,
  type Phase,
  type PhaseBudget,
  slowMachine,
} from '../../../lab/budget/index.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {quickRun, topologyOf} from '../checks/history-builder.ts'

const fast = topologyOf(quickRun)
const standard = topologyOf({...quickRun, profile: 'default'})
const quiet: FaultFacts = {fault: 'host-killed', refreshAge: null, etcd: {leader: 'elsewhere'}, callTook: 0}
function failoverBudget(topology: Topology, facts: FaultFacts): FailoverBudget & {phases: Record<Phase, PhaseBudget>} {
  const budget = budgetOrReason(topology, facts)
  if ('why' in budget) throw new Error(budget.why)
  return budget as FailoverBudget & {phases: Record<Phase, PhaseBudget>}
}
const seconds = ([min, max]: readonly [number, number]) => [min / 1e6, max / 1e6]

describe('the lease', () => {
  test('is within ttl - loop_wait and ttl + 0.5 s at an unknown moment of the loop', () => {
    expect(seconds(failoverBudget(fast, quiet).phases.keyGone.at)).toEqual([19, 20.75])
    expect(seconds(failoverBudget(standard, quiet).phases.keyGone.at)).toEqual([20, 30.75])
    expect(failoverBudget(fast, quiet).basis).toBe('distribution')
  })

  test('is within a window of 0.85 s when the last refresh is known', () => {
    const budget = failoverBudget(standard, {...quiet, refreshAge: 4_000_000})
    expect(seconds(budget.phases.keyGone.at)).toEqual([25.9, 26.75])
    expect(budget.basis).toBe('run')
  })

  test('may have been refreshed once more when the next refresh was due just then', () => {
    expect(seconds(failoverBudget(fast, {...quiet, refreshAge: 990_000}).phases.keyGone.at)).toEqual([18.91, 20.75])
  })

  test('so too when it came due while the call that breaks was under way', () => {
    const slowCall = {...quiet, refreshAge: 400_000, callTook: 700_000}
    expect(seconds(failoverBudget(fast, slowCall).phases.keyGone.at)).toEqual([19.5, 21.35])
  })

  test('is not predicted from a refresh that is too old to be the last', () => {
    expect(failoverBudget(fast, {...quiet, refreshAge: 5_000_000}).basis).toBe('distribution')
  })

  test("starts anew, and 1 s longer, with etcd's new term", () => {
    const etcd = {leader: 'died', newTerm: [1_200_000, 1_400_000]} as const
    const budget = failoverBudget(fast, {...quiet, refreshAge: 300_000, etcd})
    expect(seconds(budget.phases.keyGone.at)).toEqual([22.1, 23.15])
    expect(budget.basis).toBe('run')
    const unseen = failoverBudget(fast, {...quiet, etcd: {leader: 'died', newTerm: null}})
    expect(seconds(unseen.phases.keyGone.at)).toEqual([21.8, 23.75])
  })

  test('is never stretched for a slow machine, only the small terms are', () => {
    const {at, limit} = failoverBudget(fast, quiet).phases.keyGone
    expect(limit - at[1]).toBe((slowMachine - 1) * 250_000)
  })
})

test('the phases of measured runs lie within the bounds', () => {
  // K ; W ; C1 of killed nodes: [default, fast], and of nodes killed together with etcd's leader.
  const measured = [
    [standard, quiet, [22.97, 29.84], [25.19, 32.05], [30.15, 37.94]],
    [fast, quiet, [19.36, 20.16], [21.55, 22.33], [21.75, 22.44]],
    [standard, {...quiet, etcd: {leader: 'died', newTerm: null}}, [32.8, 32.86], [34.98, 35.07], [38.37, 40.81]],
    [fast, {...quiet, etcd: {leader: 'died', newTerm: null}}, [22.06, 22.97], [24.23, 25.15], [24.36, 25.3]],
  ] as const
  for (const [topology, facts, key, writable, client] of measured) {
    const {phases} = failoverBudget(topology, facts)
    for (const [phase, range] of [
      [phases.keyGone, key],
      [phases.promotion, writable],
      [phases.firstWrite, client],
    ] as const)
      for (const at of range) expect(at * 1e6).toSatisfy(micros => micros >= phase.at[0] && micros <= phase.at[1])
  }
})

test("HAProxy's intervals are those of its documentation's sample: 15 to 18 s until a silent server is down", () => {
  const {oldServerDown, newServerUp} = failoverBudget(standard, quiet).phases
  expect(seconds(oldServerDown.at)).toEqual([6, 18.3])
  expect(seconds(newServerUp.took)).toEqual([3, 6.3])
})

test('strict synchronous mode waits for a standby to attach', () => {
  const strict = topologyOf({...quickRun, patroni: {synchronousMode: 'strict'}})
  expect(failoverBudget(strict, quiet).total.at[1]).toBeGreaterThan(failoverBudget(fast, quiet).total.at[1] + 1_000_000)
})

test('bounds before any run cover every case of a silent death (1000 runs)', () => {
  const facts = fc.record({
    fault: fc.constantFrom('host-killed' as const, 'host-paused' as const, 'isolated' as const),
    refreshAge: fc.option(fc.integer({min: -100_000, max: 1_000_000})),
    etcd: fc.constantFrom<FaultFacts['etcd']>(
      {leader: 'elsewhere'},
      {leader: 'died', newTerm: null},
      {leader: 'died', newTerm: [950_000, 1_900_000]},
    ),
    callTook: fc.constant(0),
  })
  const {total} = failoverBounds(fast)
  fc.assert(
    fc.property(facts, one => failoverBudget(fast, one).total.at[1] <= total[1]),
    {numRuns: 1000},
  )
})

describe("Patroni's own correction of its timings", () => {
  const given = (ttlSeconds: number, loopWaitSeconds: number, retryTimeoutSeconds: number) =>
    effectiveTimings({ttlSeconds, loopWaitSeconds, retryTimeoutSeconds})

  test.each([
    [
      [30, 10, 10],
      [30, 10, 10],
    ],
    [
      [20, 1, 3],
      [20, 1, 3],
    ],
    [
      [10, 1, 3],
      [20, 1, 3],
    ],
    [
      [20, 0, 1],
      [20, 1, 3],
    ],
    [
      [30, 10, 30],
      [30, 1, 14],
    ],
    [
      [30, 20, 10],
      [30, 10, 10],
    ],
    [
      [21, 5, 10],
      [21, 1, 10],
    ],
  ] as const)('turns %j into %j', ([ttl, loop, retry], [ttlBecomes, loopBecomes, retryBecomes]) => {
    const {adjusted, ...rest} = given(ttl, loop, retry)
    expect(rest).toEqual({ttlSeconds: ttlBecomes, loopWaitSeconds: loopBecomes, retryTimeoutSeconds: retryBecomes})
    expect(adjusted.length > 0).toBe(ttl !== ttlBecomes || loop !== loopBecomes || retry !== retryBecomes)
  })

  test('leaves nothing to correct: it obeys its own rule and is stable (2000 runs)', () => {
    const value = fc.integer({min: -5, max: 200})
    fc.assert(
      fc.property(value, value, value, (ttl, loop, retry) => {
        const one = given(ttl, loop, retry)
        const again = effectiveTimings(one)
        return one.loopWaitSeconds + 2 * one.retryTimeoutSeconds <= one.ttlSeconds && again.adjusted.length === 0
      }),
      {numRuns: 2000},
    )
  })
})
