import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {suiteJobs} from '../../../lab/suite/jobs.ts'
import {changeSeconds, kindOf, type SuiteJob} from '../../../lab/suite/plan.ts'
import {deal, parseShard} from '../../../lab/suite/shard.ts'

const job = fc.record({
  scenario: fc.constantFrom(...Array.from({length: 40}, (_, index) => `s${index}`)),
  set: fc.constantFrom([], ['patroni.watchdog=required'], ['postgresql.data_size=1GB']),
  seconds: fc.integer({min: 1, max: 300}),
})
/** As a suite has them: each of its scenarios once, or all of them equally often. */
const suite = fc
  .tuple(
    fc.uniqueArray(job, {minLength: 1, maxLength: 40, selector: one => one.scenario}),
    fc.integer({min: 1, max: 3}),
  )
  .map(([once, times]) => Array.from({length: times}, () => once).flat())

const countOf = (jobs: readonly SuiteJob[]) => new Set(jobs.map(one => one.scenario)).size

describe('deal', () => {
  test('all parts together have every job once, a scenario whole, and no part is empty, however many there are', () => {
    fc.assert(
      fc.property(suite, fc.integer({min: 1, max: 40}), (jobs, wanted) => {
        const count = Math.min(wanted, countOf(jobs))
        const parts = deal(jobs, count)
        expect(parts).toHaveLength(count)
        expect(inOrder(parts.flatMap(part => part.jobs))).toEqual(inOrder(jobs))
        const owners = parts.flatMap((part, index) =>
          [...new Set(part.jobs.map(one => one.scenario))].map(name => ({name, index})),
        )
        expect(new Set(owners.map(one => one.name)).size).toBe(owners.length)
        for (const part of parts) expect(part.jobs.length).toBeGreaterThan(0)
      }),
      {numRuns: 300},
    )
  })

  test('the order in which a machine lists its scenarios changes nothing', () => {
    fc.assert(
      fc.property(suite, fc.integer({min: 1, max: 8}), (jobs, wanted) => {
        const count = Math.min(wanted, countOf(jobs))
        expect(deal(jobs.toReversed(), count).map(part => inOrder(part.jobs))).toEqual(
          deal(jobs, count).map(part => inOrder(part.jobs)),
        )
      }),
      {numRuns: 100},
    )
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'of all scenarios dealt to %i, no part takes much longer than an equal share',
    count => {
      const parts = deal(suiteJobs({suite: 'all', profile: 'fast', durations: new Map()}), count)
      const each = parts.map(({seconds}) => seconds)
      const share = each.reduce((a, b) => a + b, 0) / count
      expect(Math.max(...each)).toBeLessThan(share * 1.05)
      expect(Math.min(...each)).toBeGreaterThan(share * 0.9)
      // Special labs are not raised everywhere: the sum is little more than what one machine takes.
      const [whole] = deal(suiteJobs({suite: 'all', profile: 'fast', durations: new Map()}), 1)
      expect(share * count).toBeLessThan(whole!.seconds + count * 3 * changeSeconds)
    },
  )

  test('a job that would play nothing is refused, in every one of them', () => {
    const jobs = [{scenario: 'a', set: [], seconds: 1}]
    expect(() => deal(jobs, 3)).toThrow('of 3 shards 2 would have nothing to play: there is 1 scenario')
  })

  test('a part is charged for each kind of lab that it raises', () => {
    const special = ['patroni.watchdog=required']
    const [part] = deal([job1('a', []), job1('b', special), job1('c', special)], 1)
    expect(part!.seconds).toBe(3 + 2 * changeSeconds)
    expect(new Set(part!.jobs.map(one => kindOf(one.set))).size).toBe(2)
  })
})

describe('parseShard', () => {
  test('is a part of how many, from 1', () => expect(parseShard('2/3')).toEqual({index: 2, count: 3}))
  test.each(['3/2', '0/2', 'x', '', '1', '1/0', '1/2/3', '-1/2', '1.5/2', '1/9999', ' 1/2', '01/2'])(
    'not %j',
    written => expect(() => parseShard(written)).toThrow(/^--shard .*: it is a part of how many, from 1\/N to N\/N$/),
  )
})

function inOrder(jobs: readonly SuiteJob[]): readonly string[] {
  return jobs.map(one => JSON.stringify(one)).sort()
}

function job1(scenario: string, set: readonly string[]): SuiteJob {
  return {scenario, set, seconds: 1}
}
