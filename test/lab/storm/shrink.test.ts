import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Step} from '../../../lab/scenario.ts'
import {parseScenario} from '../../../lab/scenario.ts'
import {drawStorm} from '../../../lab/storm/draw.ts'
import {type Candidate, episodesOf, shrink, unitsOf} from '../../../lab/storm/shrink.ts'
import {loadTopology} from '../../../lab/topology-file.ts'

const topology = loadTopology({profile: 'fast'})
const planOf = (seed: number, seconds = 300) =>
  parseScenario('plan.yaml', drawStorm({seed, forMs: seconds * 1000, topology}).plan).steps
const namesIn = (steps: readonly Step[]) => steps.flatMap(step => (step.do === 'inject' ? [step.as] : []))
const without = (steps: readonly Step[], index: number) => steps.filter((_, at) => at !== index)

describe('of a drawn plan with planted faults that fail together', () => {
  const plans = fc
    .tuple(fc.nat({max: 10_000}), fc.infiniteStream(fc.nat()), fc.integer({min: 1, max: 3}))
    .map(([seed, picks, count]) => {
      const steps = planOf(seed)
      const names = namesIn(steps)
      const picked = [...picks.take(count)].map(pick => names[pick % names.length]!)
      return {steps, planted: [...new Set(picked)]}
    })

  test('nothing but these and their healing is left, every hold is gone, and the plays stay within what was said', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({steps, planted}) => {
        const asked: Candidate[] = []
        const found = await shrink(steps, async candidate => {
          asked.push(candidate)
          return planted.every(one => namesIn(candidate.steps).includes(one))
        })
        expect(namesIn(found.steps).toSorted()).toEqual(planted.toSorted())
        expect(found.steps.every(step => step.do === 'inject' || step.do === 'heal')).toBe(true)
        for (const name of planted)
          expect(found.steps.some(step => step.do === 'heal' && step.as === name)).toBe(
            steps.some(step => step.do === 'heal' && step.as === name),
          )
        expect(found).toMatchObject({minimal: true, plays: asked.length})
        for (const [index, {nth, most}] of asked.entries()) {
          expect(nth).toBe(index + 1)
          expect(asked.length).toBeLessThanOrEqual(most)
        }
      }),
      {numRuns: 40},
    )
  })

  test('no candidate heals or names a fault that it has not, and none is played twice', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({steps, planted}) => {
        const seen = new Set<string>()
        await shrink(steps, async ({steps: candidate}) => {
          const names = namesIn(candidate)
          expect(candidate.every(step => step.do !== 'heal' || names.includes(step.as))).toBe(true)
          const key = JSON.stringify(candidate)
          expect(seen.has(key)).toBe(false)
          seen.add(key)
          return planted.every(one => names.includes(one))
        })
      }),
      {numRuns: 20},
    )
  })
})

test('a hold that is needed is kept, as short as does', async () => {
  const steps = planOf(7)
  const longest = Math.max(...steps.map(step => (step.do === 'hold' ? step.forMs : 0)))
  const enough = (some: readonly Step[]) => some.some(step => step.do === 'hold' && step.forMs >= longest / 3)
  const {steps: left} = await shrink(steps, async candidate => enough(candidate.steps))
  expect(left).toHaveLength(1)
  expect(enough(left)).toBe(true)
  expect(left[0]).toMatchObject({do: 'hold'})
  expect((left[0] as {forMs: number}).forMs).toBeLessThan((longest * 2) / 3)
})

test('faults that answers are about by name stay together with what names them', async () => {
  const steps = parseScenario(
    'named.yaml',
    `about: One fault strikes the host that another one has struck.
needs: { postgres: 3, etcd: 3 }
clients:
  - writers: 1
    rate: 1/s
    through: primary
steps:
  - inject: kill
    what: patroni
    on: leader
    as: first
  - hold: 1s
  - inject: pause
    what: etcd
    on: first
    as: second
expect:
  - recovered: { within: 1m }
`,
  ).steps
  const {steps: left} = await shrink(steps, async ({steps: some}) => namesIn(some).includes('second'))
  expect(namesIn(left)).toEqual(['first', 'second'])
})

test('without any one step of what is left it does not fail, whatever the reason', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({max: 1000}), fc.integer({min: 1, max: 6}), async (seed, modulus) => {
      const steps = planOf(seed, 120)
      // Fails with an odd reason: so many holds, and a fault.
      const fails = (some: readonly Step[]) =>
        some.filter(step => step.do === 'hold').length >= modulus && namesIn(some).length >= 1
      fc.pre(fails(steps))
      const {steps: left} = await shrink(steps, async candidate => fails(candidate.steps))
      expect(fails(left)).toBe(true)
      for (const index of left.keys()) if (left[index]!.do !== 'heal') expect(fails(without(left, index))).toBe(false)
    }),
    {numRuns: 20},
  )
})

test('ended early, it answers with the smallest so far', async () => {
  const steps = planOf(3)
  const [name] = namesIn(steps)
  let plays = 0
  const found = await shrink(
    steps,
    async candidate => {
      plays++
      return namesIn(candidate.steps).includes(name!)
    },
    () => plays >= 2,
  )
  expect(found).toMatchObject({minimal: false, plays: 2})
  expect(found.steps.length).toBeLessThan(steps.length)
  expect(namesIn(found.steps)).toContain(name)
})

test('an episode has its faults, their healing and all up to the next fault', () => {
  for (let seed = 0; seed < 50; seed++) {
    const steps = planOf(seed)
    expect(episodesOf(steps).flat()).toEqual(steps)
    expect(unitsOf(steps).flat().length).toBe(steps.length)
    for (const episode of episodesOf(steps)) {
      const names = namesIn(episode)
      expect(episode.every(step => step.do !== 'heal' || names.includes(step.as))).toBe(true)
    }
  }
})
