import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {parseScenario, type Step} from '../../../lab/scenario/index.ts'
import {drawStorm} from '../../../lab/storm/draw.ts'
import {type Candidate, episodesOf, shrink, unitsOf} from '../../../lab/storm/shrink.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

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

  test('nothing but these is left, every hold is gone, and so is the healing that is not needed', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({steps, planted}) => {
        const asked: Candidate[] = []
        const found = await shrink(steps, async candidate => {
          asked.push(candidate)
          return planted.every(one => namesIn(candidate.steps).includes(one))
        })
        expect(namesIn(found.steps).toSorted()).toEqual(planted.toSorted())
        expect(found.steps.every(step => step.do === 'inject')).toBe(true)
        expect(found).toMatchObject({minimal: true, plays: asked.length})
        expect(asked.map(one => one.nth)).toEqual(asked.map((_, index) => index + 1))
      }),
      {numRuns: 40},
    )
  })

  test('no candidate heals or names a fault that it has not, nor waits before the first, and none is played twice', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({steps, planted}) => {
        const seen = new Set<string>()
        await shrink(steps, async ({steps: candidate}) => {
          const names = namesIn(candidate)
          expect(candidate.every(step => step.do !== 'heal' || names.includes(step.as))).toBe(true)
          const first = candidate.findIndex(step => step.do === 'inject')
          expect(candidate.slice(0, first < 0 ? undefined : first).every(step => step.do !== 'until')).toBe(true)
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

describe('without any one step of what is left it does not fail', () => {
  const holdsIn = (steps: readonly Step[]) =>
    steps.reduce((sum, step) => sum + (step.do === 'hold' ? step.forMs : 0), 0)
  const isValid = (steps: readonly Step[]) =>
    steps.every(step => step.do !== 'heal' || namesIn(steps).includes(step.as)) && steps.length > 0
  const expectMinimal = (left: readonly Step[], fails: (some: readonly Step[]) => boolean) => {
    expect(fails(left)).toBe(true)
    for (const index of left.keys()) {
      const rest = without(left, index)
      if (isValid(rest)) expect(fails(rest)).toBe(false)
    }
  }

  test('whatever the reason', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({max: 1000}), fc.integer({min: 1, max: 6}), async (seed, modulus) => {
        const steps = planOf(seed, 120)
        // Fails with an odd reason: so many holds, and a fault.
        const fails = (some: readonly Step[]) =>
          some.filter(step => step.do === 'hold').length >= modulus && namesIn(some).length >= 1
        fc.pre(fails(steps))
        const {steps: left, minimal} = await shrink(steps, async candidate => fails(candidate.steps))
        expect(minimal).toBe(true)
        expectMinimal(left, fails)
      }),
      {numRuns: 20},
    )
  })

  test('with the holds as they have become, not as they were', async () => {
    const steps = planOf(7)
    // While much is held a second fault is needed; when little is, one does.
    const fails = (some: readonly Step[]) => namesIn(some).length >= (holdsIn(some) > 4000 ? 2 : 1) && holdsIn(some) > 0
    const {steps: left} = await shrink(steps, async candidate => fails(candidate.steps))
    expect(namesIn(left)).toHaveLength(1)
    expectMinimal(left, fails)
  })

  test('nor a healing that its failing needs', async () => {
    const steps = planOf(7)
    const healed = (some: readonly Step[]) => some.filter(step => step.do === 'heal').length >= 1
    const {steps: left} = await shrink(steps, async candidate => healed(candidate.steps))
    expect(left.map(step => step.do)).toEqual(['inject', 'heal'])
  })
})

test('what fails without any fault is left with none, and with no more than half a second', async () => {
  const {steps, minimal, plays} = await shrink(planOf(7), async () => true)
  expect(steps).toEqual([{do: 'hold', forMs: 500}])
  expect(minimal).toBe(true)
  expect(plays).toBeLessThan(12)
  const one = await shrink([{do: 'inject', fault: 'kill', on: 'leader', as: 'kill-1', params: {}}], async () => true)
  expect(one).toEqual({steps: [{do: 'hold', forMs: 500}], minimal: true, plays: 1})
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

test('of faults at one moment those that are left are still at one, and none is moved to the moment of another', async () => {
  const kill = (as: string, together?: true): Step => ({
    ...{do: 'inject', fault: 'kill', on: 'leader', as, params: {what: 'host'}},
    ...(together && {together}),
  })
  const steps = [kill('alone'), kill('first'), kill('second', true), kill('third', true)]
  const lefts = async (...needed: string[]) =>
    (await shrink(steps, async candidate => needed.every(one => namesIn(candidate.steps).includes(one)))).steps
  expect(await lefts('second', 'third')).toEqual([kill('second'), kill('third', true)])
  expect(await lefts('alone', 'third')).toEqual([kill('alone'), kill('third')])
})
