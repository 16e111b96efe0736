/** A suite over several engines: who plays what, what an engine bears, and what its death costs. */
import {beforeEach, describe, expect, test} from 'vitest'
import type {Strain} from '../../../lab/history/strain.ts'
import {exitCodeOf} from '../../../lab/suite/outcome.ts'
import type {SuiteJob} from '../../../lab/suite/plan.ts'
import {runSuite, type SuiteNews, type SuiteOptions} from '../../../lab/suite/run.ts'
import {type Call, fakeChild} from './fake-child.ts'

const job = (scenario: string, seconds = 100, set: readonly string[] = []): SuiteJob => ({scenario, set, seconds})
const jobs = (...names: readonly string[]) => names.map(name => job(name))
const calm: Strain = {timer: 10_000, disk: 10_000, share: 0.04}
const starved: Strain = {timer: 500_000, disk: 10_000, share: 2}

let dead: Set<string>
let news: SuiteNews[]
let calls: Call[]
beforeEach(() => {
  dead = new Set()
  news = []
  calls = []
})

interface Means {
  readonly raises?: (engine: string) => boolean
  readonly strain?: (folder: string) => Strain | null
  readonly hear?: (one: SuiteNews) => void
}

async function suite(todo: readonly SuiteJob[], means: Means = {}, options: Partial<SuiteOptions> = {}) {
  const outcomes = await runSuite({
    ...{jobs: todo, parallel: 1, name: 'fake', labs: {profile: 'fast'}, keep: false, engines: ['a1', 'tcp://b:1']},
    child: fakeChild(calls, {dead, raises: means.raises ?? true}),
    watch: {
      answers: async engine => !dead.has(engine),
      strainIn: async folder => means.strain?.(folder) ?? null,
    },
    signal: new AbortController().signal,
    tell(one) {
      news.push(one)
      means.hear?.(one)
    },
    ...options,
  })
  return outcomes.toSorted((a, b) => a.scenario.localeCompare(b.scenario))
}

const said = (verb: string, on?: string) =>
  calls.flatMap(call => (call.said.startsWith(verb) && (on === undefined || call.on === on) ? [call.said] : []))

/** How many runs were under way on an engine at once. */
function most(on: string): number {
  const runs = calls.filter(call => call.said.startsWith('chaos') && call.on === on)
  return Math.max(
    0,
    ...runs.map(a => runs.filter(b => b.began < a.ended && a.began < b.ended && a.began >= b.began).length),
  )
}

describe('on two engines', () => {
  test('each lab is whole on one of them, each scenario is played once, and the outcome says where', async () => {
    const outcomes = await suite(jobs('passed-40', 'failed-41', 'passed-42', 'passed-43'))
    expect(outcomes.map(one => one.ending)).toEqual(['failed', 'passed', 'passed', 'passed'])
    expect(new Set(outcomes.map(one => one.engine))).toEqual(new Set(['a1', 'tcp://b:1']))
    for (const one of outcomes) expect(one).not.toHaveProperty('again')
    // Raising, playing and removing a lab is told the same engine, and a lab changes its engine never.
    const labs = Map.groupBy(calls, call => /--name (\S+)/.exec(call.said)?.[1])
    expect([...labs.keys()].toSorted()).toEqual(['fake-1', 'fake-2'])
    for (const [, own] of labs) expect(new Set(own.map(call => call.on)).size).toBe(1)
    expect(said('up', 'a1')).toEqual(['up --name fake-1 --json --profile fast'])
    expect(said('down')).toHaveLength(2)
  })

  test('one that dies in the middle loses its lab only: what it played is played again on the other, and said', async () => {
    const hear = ({what, lab}: SuiteNews) => {
      if (what === 'playing' && lab === 'fake-2') dead.add('tcp://b:1')
    }
    const outcomes = await suite(jobs('passed-30', 'failed-31', 'passed-32', 'inconclusive-33'), {hear})
    expect(outcomes.map(one => [one.scenario, one.ending, one.engine])).toEqual([
      ['failed-31', 'failed', 'a1'],
      ['inconclusive-33', 'inconclusive', 'a1'],
      ['passed-30', 'passed', 'a1'],
      ['passed-32', 'passed', 'a1'],
    ])
    const again = outcomes.flatMap(one => one.again ?? [])
    expect(again).toEqual([{engine: 'tcp://b:1', lab: 'fake-2', why: 'the engine tcp://b:1 did not answer any more'}])
    expect(said('chaos', 'tcp://b:1')).toHaveLength(1)
    expect(news.filter(one => one.what === 'engine').map(one => `${one.lab} ${one.says}`)).toEqual([
      'tcp://b:1 does not answer any more; what is left of fake-2 is there when it is back',
    ])
    expect(exitCodeOf(outcomes)).toBe(1)
  })

  test('a seat that has nothing left to do plays what is lost at the very end', async () => {
    const hear = ({what, says}: SuiteNews) => {
      if (what === 'playing' && says === 'passed-300') setTimeout(() => dead.add('a1'), 150)
    }
    const outcomes = await suite([job('passed-300', 300), job('passed-1', 50)], {hear})
    expect(outcomes.map(one => [one.scenario, one.ending, one.engine])).toEqual([
      ['passed-1', 'passed', 'tcp://b:1'],
      ['passed-300', 'passed', 'tcp://b:1'],
    ])
    // It has given its lab back meanwhile, and raises another.
    expect(said('up', 'tcp://b:1')).toHaveLength(2)
  })

  test('when both have died, what is left says so', async () => {
    const hear = ({what}: SuiteNews) => {
      if (what === 'playing') dead.add('a1').add('tcp://b:1')
    }
    const outcomes = await suite(jobs('passed-20', 'passed-21', 'passed-22', 'passed-23'), {hear})
    expect(outcomes.map(one => one.ending)).toEqual(['lab', 'lab', 'lab', 'lab'])
    expect(outcomes.filter(one => one.headline === 'not played: no engine is left for it').length).toBeGreaterThan(0)
    expect(exitCodeOf(outcomes)).toBe(3)
  })

  test('one on which no lab comes up costs no scenario, and is left alone after two', async () => {
    const outcomes = await suite(jobs('passed-10', 'passed-11', 'passed-12', 'passed-13'), {raises: on => on === 'a1'})
    expect(outcomes.map(one => [one.ending, one.engine])).toEqual(outcomes.map(() => ['passed', 'a1']))
    expect(said('up', 'tcp://b:1').length).toBeLessThanOrEqual(2)
    expect(outcomes.flatMap(one => one.again ?? [])[0]?.why).toMatch(
      /^no lab could be raised on tcp:\/\/b:1: it is not/,
    )
  })

  test('what failed is seen, and counts, whatever has become of the engine since', async () => {
    const watch = {answers: async () => false, strainIn: async () => null}
    const outcomes = await suite(jobs('failed-20', 'passed-21'), {}, {watch})
    expect(outcomes.map(one => one.ending)).toEqual(['failed', 'passed'])
    for (const one of outcomes) expect(one).not.toHaveProperty('again')
  })

  test('an interrupt ends it though a seat waits for what may be left', async () => {
    const interrupt = new AbortController()
    const hear = ({what, says}: SuiteNews) => {
      if (what === 'playing' && says === 'passed-3000') setTimeout(() => interrupt.abort(), 200)
    }
    const outcomes = await suite([job('passed-3000', 300), job('passed-1', 50)], {hear}, {signal: interrupt.signal})
    expect(outcomes.map(one => one.ending).toSorted()).toEqual(['interrupted', 'passed'])
  })
})

describe('an engine', () => {
  const ten = Array.from({length: 10}, (_, index) => job(`passed-${60 + index}`))

  test('gets more labs while its runs are calm, and never more than was asked for', async () => {
    await suite(ten, {strain: () => calm}, {engines: ['a1'], parallel: 3})
    expect(most('a1')).toBe(3)
    expect(news.filter(one => one.what === 'engine').map(one => one.says)).toEqual([
      'bears 2 labs at once',
      'bears 3 labs at once',
    ])
  })

  test('that has it hard keeps one', async () => {
    await suite(ten, {strain: () => ({...calm, share: 0.7})}, {engines: ['a1'], parallel: 3})
    expect(most('a1')).toBe(1)
  })

  test('that bears too many labs has fewer, and what proved nothing is played again, once', async () => {
    const todo = [...ten.slice(0, 5), job('inconclusive-30', 1)]
    const strain = (folder: string) => (folder.includes('inconclusive') ? starved : calm)
    const outcomes = await suite(todo, {strain}, {engines: ['a1'], parallel: 2})
    expect(outcomes.find(one => one.ending === 'inconclusive')?.again?.map(one => one.why)).toEqual([
      "it proved nothing beside others on a1: a timer ran 500 ms late, and a write of etcd's log took 10 ms",
    ])
    expect(said('chaos inconclusive')).toHaveLength(2)
    expect(outcomes).toHaveLength(6)
    expect(news.some(one => one.what === 'engine' && one.says.startsWith('bears no more than 1 lab at once'))).toBe(
      true,
    )
  })
})

describe('on the engine in use, of which nobody spoke', () => {
  const own = {engines: undefined, parallel: 3}

  test('there are as many labs at once as were asked for, from the beginning, and calm runs teach nothing', async () => {
    const asked: string[] = []
    const strain = (folder: string) => {
      asked.push(folder)
      return calm
    }
    await suite(jobs('passed-40', 'passed-41', 'passed-42', 'passed-43'), {strain}, own)
    expect(said('up')).toHaveLength(3)
    expect(asked).toEqual([])
    expect(news.filter(one => one.what === 'engine' || one.what === 'again')).toEqual([])
  })

  test('what proved nothing where it bore too many is played again with fewer, once, and said', async () => {
    const strain = (folder: string) => (folder.includes('inconclusive') ? starved : calm)
    const todo = jobs('passed-50', 'passed-51', 'inconclusive-52', 'passed-53', 'passed-54')
    const outcomes = await suite(todo, {strain}, own)
    const one = outcomes.find(({ending}) => ending === 'inconclusive')
    expect(one?.again).toEqual([
      {
        lab: expect.stringMatching(/^fake-\d$/),
        why: expect.stringMatching(/^it proved nothing beside others on the engine: /),
      },
    ])
    expect(one).not.toHaveProperty('engine')
    expect(said('chaos inconclusive-52')).toHaveLength(2)
    expect(outcomes.map(({scenario}) => scenario)).toEqual(todo.map(({scenario}) => scenario).toSorted())
    expect(news.filter(({what}) => what === 'engine').map(({lab, says}) => `${lab} ${says}`)[0]).toMatch(
      /^the engine bears no more than 2 labs at once: a timer ran 500 ms late/,
    )
  })

  test('what proved nothing on a calm engine counts, and so does what failed on a starved one', async () => {
    const strain = (folder: string) => (folder.includes('failed') ? starved : calm)
    const outcomes = await suite(jobs('passed-60', 'inconclusive-61', 'failed-62', 'passed-63'), {strain}, own)
    expect(outcomes.map(({ending}) => ending)).toEqual(['failed', 'inconclusive', 'passed', 'passed'])
    for (const one of outcomes) expect(one).not.toHaveProperty('again')
  })

  test('the last one that proved nothing finds a lab, though the others have nothing left to do', async () => {
    const strain = (folder: string) => (folder.includes('inconclusive') ? starved : calm)
    const outcomes = await suite([job('inconclusive-300', 300), job('passed-1', 50)], {strain}, {...own, parallel: 2})
    expect(outcomes.map(({ending, again = []}) => [ending, again.length])).toEqual([
      ['inconclusive', 1],
      ['passed', 0],
    ])
  })
})
