import {describe, expect, test} from 'vitest'
import {exitCodeOf} from '../../../lab/suite/outcome.ts'
import type {SuiteJob} from '../../../lab/suite/plan.ts'
import {runSuite, type SuiteOptions} from '../../../lab/suite/run.ts'
import {type Call, fakeChild} from './fake-child.ts'

const job = (scenario: string, set: readonly string[] = [], seconds = 10): SuiteJob => ({scenario, set, seconds})

async function suite(jobs: readonly SuiteJob[], options: Partial<SuiteOptions> = {}, raises = true) {
  const calls: Call[] = []
  const outcomes = await runSuite({
    jobs,
    parallel: 1,
    name: 'fake',
    labs: {profile: 'fast'},
    keep: false,
    child: fakeChild(calls, {raises}),
    signal: new AbortController().signal,
    tell: () => {},
    ...options,
  })
  return {outcomes, calls, said: calls.map(call => call.said)}
}

describe('a suite', () => {
  test('raises one lab, plays the longest scenario first, and removes the lab', async () => {
    const {outcomes, said} = await suite([job('passed-10', [], 5), job('failed-10', [], 50)])
    expect(said).toEqual([
      'up --name fake-1 --json --profile fast',
      'chaos failed-10 --name fake-1 --json',
      'chaos passed-10 --name fake-1 --json',
      'down --name fake-1',
    ])
    expect(outcomes).toMatchObject([
      {scenario: 'failed-10', ending: 'failed', headline: 'it failed', held: [1, 2], folder: '/evidence/failed-10'},
      {scenario: 'passed-10', ending: 'passed'},
    ])
    expect(exitCodeOf(outcomes)).toBe(1)
  })

  test('plays what took long the last time, to fractions of a second', async () => {
    const {outcomes} = await suite([job('passed-7', [], 128.104866)])
    expect(outcomes).toMatchObject([{scenario: 'passed-7', ending: 'passed'}])
  })

  test('has where the time of each run went, where that was asked for', async () => {
    const {outcomes, said} = await suite([job('passed-7')], {more: ['--timings']})
    expect(said[1]).toBe('chaos passed-7 --name fake-1 --json --timings')
    expect(outcomes[0]?.timings).toMatchObject({totalMicros: 7000, parts: [{part: 'holds', micros: 7000}]})
    expect((await suite([job('passed-7')])).outcomes[0]).not.toHaveProperty('timings')
  })

  test('changes its lab only when no scenario is left for the one it has', async () => {
    const watchdog = ['patroni.watchdog=required']
    const {said} = await suite([job('passed-1'), job('passed-2', watchdog), job('passed-3'), job('passed-4', watchdog)])
    expect(said.filter(args => args.startsWith('up'))).toEqual([
      'up --name fake-1 --json --profile fast',
      'up --name fake-1 --json --profile fast --set patroni.watchdog=required',
    ])
    expect(said.filter(args => args.startsWith('down'))).toHaveLength(2)
  })

  test('plays several at once, each on a lab of its own, and each scenario once', async () => {
    const jobs = ['passed-100', 'passed-101', 'passed-102', 'passed-103'].map(name => job(name, [], 100))
    const {outcomes, calls} = await suite(jobs, {parallel: 2})
    const runs = calls.filter(call => call.said.startsWith('chaos'))
    expect(runs.map(call => call.said.split(' ')[1]).sort()).toEqual(jobs.map(one => one.scenario))
    const onLab = (lab: string) => runs.filter(call => call.said.includes(lab))
    expect([onLab('fake-1').length, onLab('fake-2').length]).toEqual([2, 2])
    expect(onLab('fake-1').some(a => onLab('fake-2').some(b => a.began < b.ended && b.began < a.ended))).toBe(true)
    expect(outcomes).toHaveLength(4)
  })

  test('begins no run beside a lab whose turn to be raised has come with its own', async () => {
    const {calls} = await suite([job('passed-30'), job('passed-31'), job('passed-32')], {parallel: 3})
    const [ups, runs] = ['up', 'chaos'].map(verb => calls.filter(call => call.said.startsWith(verb)))
    expect([ups?.length, runs?.length]).toEqual([3, 3])
    expect(Math.min(...runs!.map(one => one.began))).toBeGreaterThanOrEqual(Math.max(...ups!.map(one => one.ended)))
  })

  test('never raises two labs at the same moment', async () => {
    const {calls} = await suite([job('passed-1'), job('passed-2'), job('passed-3')], {parallel: 3})
    const raises = calls.filter(call => call.said.startsWith('up')).sort((a, b) => a.began - b.began)
    for (const [index, {ended}] of raises.slice(0, -1).entries())
      expect(raises[index + 1]?.began).toBeGreaterThanOrEqual(ended)
  })

  test('keeps its labs when asked to', async () => {
    const {said} = await suite([job('passed-1')], {keep: true})
    expect(said.at(-1)).toBe('chaos passed-1 --name fake-1 --json')
  })

  test('replaces a lab that could not be healed before the next scenario', async () => {
    const {outcomes, said} = await suite([job('healing-1', [], 50), job('passed-1')])
    expect(said.map(args => args.split(' ')[0])).toEqual(['up', 'chaos', 'down', 'up', 'chaos', 'down'])
    expect(exitCodeOf(outcomes)).toBe(5)
  })

  test('skips what no such lab can be had for, with its reason, and raises nothing for it', async () => {
    const cannot = 'it needs a pooler on the port of PostgreSQL'
    const {outcomes, said} = await suite([{...job('passed-1'), cannot}, job('passed-2')])
    expect(outcomes[0]).toMatchObject({
      scenario: 'passed-1',
      lab: null,
      ending: 'skipped',
      headline: cannot,
      held: null,
    })
    expect(said).toEqual([
      'up --name fake-1 --json --profile fast',
      'chaos passed-2 --name fake-1 --json',
      'down --name fake-1',
    ])
    expect(exitCodeOf(outcomes)).toBe(77)
  })

  test('keeps all its seats when labs were not valid', async () => {
    const invalid = (n: number) => job(`passed-${n}`, [`patroni.no_such_key=${n}`], 1)
    const usual = [1, 2, 3, 4].map(n => job(`passed-10${n}`, [], 100))
    const {outcomes, calls} = await suite([invalid(1), invalid(2), invalid(3), ...usual], {parallel: 3})
    expect(outcomes.filter(one => one.ending === 'usage').map(one => one.scenario)).toHaveLength(3)
    expect(outcomes.filter(one => one.ending === 'passed')).toHaveLength(4)
    const labs = calls.filter(({said}) => said.startsWith('chaos')).map(({said}) => said.split(' ')[3])
    expect(new Set(labs).size).toBe(3)
  })

  test('says why a scenario was skipped, in the words of its last complaint', async () => {
    const {outcomes} = await suite([job('skipped-1')])
    expect(outcomes).toMatchObject([{ending: 'skipped', headline: 'it is not possible', held: null, folder: null}])
    expect(exitCodeOf(outcomes)).toBe(77)
  })

  test('gives up when labs cannot be raised, removes what was begun, and says so of every scenario', async () => {
    const {outcomes, said} = await suite(
      ['a', 'b', 'c', 'd'].map(name => job(name)),
      {},
      false,
    )
    expect(said.map(args => args.split(' ')[0])).toEqual(['up', 'down', 'up', 'down'])
    expect(outcomes.map(one => one.ending)).toEqual(['lab', 'lab', 'lab', 'lab'])
    expect(outcomes.at(-1)?.headline).toBe('not played: no lab could be raised for it')
    expect(exitCodeOf(outcomes)).toBe(3)
  })

  test('gives every run of a scenario a folder of its own', async () => {
    const {said} = await suite([job('passed-1'), job('passed-1')], {out: 'evidence'})
    expect(said.filter(args => args.startsWith('chaos')).map(args => args.split(' ').at(-1))).toEqual([
      'evidence/passed-1',
      'evidence/passed-1-2',
    ])
  })

  test('interrupted, lets what runs heal itself, removes the labs and plays nothing more', async () => {
    const interrupt = new AbortController()
    const {outcomes, said} = await suite([job('passed-5000', [], 50), job('passed-5001', [], 50), job('passed-1')], {
      parallel: 2,
      signal: interrupt.signal,
      tell: happening => {
        if (happening.what === 'playing' && happening.lab === 'fake-2') setTimeout(() => interrupt.abort(), 50)
      },
    })
    expect(outcomes.map(one => one.ending)).toEqual(['interrupted', 'interrupted'])
    expect(said).not.toContain('chaos passed-1 --name fake-1 --json')
    expect(said.filter(args => args.startsWith('down')).sort()).toEqual(['down --name fake-1', 'down --name fake-2'])
    expect(exitCodeOf(outcomes)).toBe(130)
  })
})

test('the exit code of a suite is the worst ending: healing, then failed, lab, inconclusive, skipped', () => {
  const code = (...endings: string[]) => exitCodeOf(endings.map(ending => ({ending})) as never)
  expect(code('passed', 'skipped', 'inconclusive', 'lab', 'failed', 'healing')).toBe(5)
  expect(code('passed', 'skipped', 'inconclusive', 'lab', 'failed')).toBe(1)
  expect(code('passed', 'skipped', 'inconclusive', 'lab')).toBe(3)
  expect(code('passed', 'skipped', 'inconclusive')).toBe(4)
  expect(code('passed', 'skipped')).toBe(77)
  expect(code('passed')).toBe(0)
})
