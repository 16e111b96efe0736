import {mkdirSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {playSuite} from '../../../cli/suite/command.ts'
import {scenarioNames} from '../../../lab/scenario/index.ts'
import {suiteJobs} from '../../../lab/suite/jobs.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {ownCommand} from '../../../lab/words/next-step.ts'
import {type Call, fakeChild} from '../../lab/suite/fake-child.ts'

let state = ''
let [out, err] = ['', '']

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'state-'))
  vi.stubEnv('XDG_STATE_HOME', state)
  ;[out, err] = ['', '']
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    err += String(text)
    return true
  })
})

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  process.exitCode = undefined
})

const request = {suite: 'process', name: 'fake', parallel: 2, labs: {profile: 'fast'}}

describe('chaos --suite', () => {
  test('all has every scenario once, each with the lab it needs', () => {
    const jobs = suiteJobs({suite: 'all', profile: 'fast'})
    expect(jobs.map(job => job.scenario).sort()).toEqual(scenarioNames())
    expect(jobs.find(job => job.scenario === 'watchdog-resets')?.set).toEqual(['patroni.watchdog=required'])
    expect(jobs.find(job => job.scenario === 'kill-leader')?.set).toEqual([])
    for (const {seconds} of jobs) expect(seconds).toBeGreaterThan(0)
  })

  test('with --repeat has every scenario that often', () => {
    expect(suiteJobs({suite: 'process', profile: 'fast', repeat: 5})).toHaveLength(
      5 * suiteJobs({suite: 'process', profile: 'fast'}).length,
    )
  })

  test('it is played on the topology that was asked for, with its settings, and beside them what a scenario needs', async () => {
    const calls: Call[] = []
    const labs = {topology: 'proxy-per-node', profile: 'fast', set: ['haproxy.fall=3']}
    await playSuite({...request, suite: 'all', parallel: 1, labs}, {child: fakeChild(calls), ready: async () => {}})
    const ups = calls.filter(({said}) => said.startsWith('up '))
    expect(ups.length).toBeGreaterThan(1)
    for (const {said} of ups)
      expect(said).toMatch(/ --topology proxy-per-node --profile fast --set haproxy\.fall=3( |$)/)
    expect(ups.some(({said}) => said.includes('--set patroni.watchdog=required'))).toBe(true)
    const none = {...request, labs: {topology: 'proxy-per-nod', profile: 'fast'}}
    await expect(playSuite(none, {child: fakeChild([]), ready: async () => {}})).rejects.toThrow(/did you mean/)
  })

  test('says where the time went: in the median of its runs, before its table, and of each in JSON', async () => {
    const calls: Call[] = []
    const means = {child: fakeChild(calls), ready: async () => {}}
    const jobs = suiteJobs({suite: 'process', profile: 'fast'}).length
    await playSuite({...request, parallel: 1, timings: true}, means)
    expect(calls.filter(({said}) => said.startsWith('chaos ') && said.endsWith(' --timings'))).toHaveLength(jobs)
    expect(out.indexOf(`where the time went, median of ${jobs} runs`)).toBeGreaterThan(0)
    expect(out.indexOf('in a sentence')).toBeGreaterThan(out.indexOf('where the time went'))
    out = ''
    await playSuite({...request, parallel: 1, timings: true, json: true}, means)
    const told = JSON.parse(out)
    expect(told.timings).toMatchObject({runs: jobs, parts: [{part: 'holds'}]})
    expect(told.scenarios).toHaveLength(jobs)
    for (const one of told.scenarios) expect(one.timings.parts).toHaveLength(1)
    out = ''
    await playSuite({...request, parallel: 1, json: true}, means)
    expect(JSON.parse(out)).not.toHaveProperty('timings')
  })

  test('its labs run the release that was asked for, and one that is not there is refused before anything is raised', async () => {
    const calls: Call[] = []
    const child = fakeChild(calls)
    const ready = vi.fn(async () => {})
    await playSuite({...request, parallel: 1, labs: {profile: 'fast', release: 'bookworm'}}, {child, ready})
    const ups = calls.filter(({said}) => said.startsWith('up '))
    expect(ups.length).toBeGreaterThan(0)
    for (const {said} of ups) expect(said).toContain('--release bookworm')
    const topology = expect.objectContaining({release: 'bookworm'})
    expect(ready).toHaveBeenCalledWith(expect.anything(), undefined, topology, undefined)
    await expect(playSuite({...request, labs: {profile: 'fast', release: 'buster'}}, {child, ready})).rejects.toThrow(
      /bookworm, trixie/,
    )
    expect(ready).toHaveBeenCalledTimes(1)
  })

  test('what no lab of that topology can have is skipped with its reason, in the table and in what CI reads', async () => {
    const calls: Call[] = []
    const folder = join(state, 'out')
    const labs = {topology: 'proxy-per-node', profile: 'fast'}
    await playSuite(
      {...request, suite: 'pooler', labs, json: true, out: folder},
      {child: fakeChild(calls), ready: async () => {}},
    )
    expect(calls).toEqual([])
    const {scenarios} = JSON.parse(out) as {scenarios: {scenario: string; ending: string; headline: string}[]}
    expect(scenarios.length).toBeGreaterThan(2)
    for (const {scenario, ending, headline} of scenarios) {
      expect(ending).toBe('skipped')
      expect(headline).toMatch(/^[a-z-]+ needs hosts\.node1=.* would both listen on port 6432 of node1$/)
      expect(readFileSync(join(folder, scenario, 'report.txt'), 'utf8')).toMatch(/SKIPPED/i)
    }
    expect(process.exitCode).toBe(77)
  })

  test('refuses an unknown suite with the nearest one', () => {
    expect(() => suiteJobs({suite: 'failovr', profile: 'fast'})).toThrow(
      'there is no suite `failovr`, did you mean `failover`?',
    )
  })

  test('refuses to take over a lab that a person has', async () => {
    const folder = join(state, 'pgha-lab', 'labs', 'fake-2')
    mkdirSync(folder, {recursive: true})
    writeFileSync(join(folder, 'lab.json'), '{"schema": 2, "allocation": {"lab": "fake-2"}}')
    const calls: Call[] = []
    await expect(playSuite(request, {child: fakeChild(calls), ready: async () => {}})).rejects.toThrow(
      'a suite raises labs of its own, and fake-2 exists already',
    )
    expect(calls).toEqual([])
  })

  test('ends at once, with one sentence and exit code 3, where no lab can be raised at all', async () => {
    const calls: Call[] = []
    const ready = async () => {
      throw new LabError('docker-missing', 'no engine answers', {hint: ownCommand('doctor', '--fix')})
    }
    const folder = join(state, 'out')
    const ending = playSuite({...request, out: folder}, {child: fakeChild(calls), ready})
    await expect(ending).rejects.toMatchObject({message: 'no engine answers', exitCode: 3, next: expect.anything()})
    expect(calls).toEqual([])
    // Who reads the folder in CI finds a red report of each.
    for (const {scenario} of suiteJobs({...request, ...request.labs}))
      expect(readFileSync(join(folder, scenario, 'report.txt'), 'utf8')).toContain('no engine answers')
  })

  test('prints progress on stderr, data on stdout, and ends with the worst exit code', async () => {
    // The fake child knows no scenario of ours, and ends as a program does that crashed.
    await playSuite({...request, json: true}, {child: fakeChild([]), ready: async () => {}})
    expect(err).toMatch(
      /^the labs have the timings of the profile fast, not those of your lab; `--profile default` takes/,
    )
    expect(err).toMatch(/0:00 {2}fake-1 {2}raising a lab \(fast\)\n/)
    const summary = JSON.parse(out) as {scenarios: {ending: string}[]; exitCode: number; unplayed: number}
    expect(summary).toMatchObject({suite: 'process', profile: 'fast', parallel: 2, exitCode: 3, unplayed: 0})
    expect(summary.scenarios.map(one => one.ending)).toEqual(suiteJobs({...request, ...request.labs}).map(() => 'lab'))
    expect(process.exitCode).toBe(3)
  })
})

describe('chaos --suite --shard', () => {
  const asked = {...request, suite: 'all', parallel: 1, json: true}

  test.each(['3/2', '0/2', 'x'])('%s is refused in one sentence before anything is raised', async shard => {
    const ready = vi.fn(async () => {})
    const ending = playSuite({...asked, shard}, {child: fakeChild([]), ready})
    await expect(ending).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`--shard ${shard}: it is`),
    })
    expect(ready).not.toHaveBeenCalled()
  })

  test('three of them play each scenario once, and each record tells what the others were to play', async () => {
    const [played, records]: [string[], {shard: object; plan: string[][]; exitCode: number}[]] = [[], []]
    for (const index of [1, 2, 3]) {
      const calls: Call[] = []
      const folder = join(state, `out-${index}`)
      out = ''
      await playSuite({...asked, shard: `${index}/3`, out: folder}, {child: fakeChild(calls), ready: async () => {}})
      played.push(...calls.flatMap(({said}) => (said.startsWith('chaos ') ? said.split(' ')[1]! : [])))
      const left = JSON.parse(readFileSync(join(folder, `shard-${index}-of-3.json`), 'utf8'))
      expect(JSON.parse(out)).toMatchObject({plan: left.plan, shard: {index, count: 3}, exitCode: left.exitCode})
      records.push(left)
    }
    expect(played.sort()).toEqual(scenarioNames())
    expect(err).toMatch(/^shard 1 of 3: \d+ of \d+ scenarios, about \d+:\d\d with its labs; /m)
    expect(new Set(records.map(({plan}) => JSON.stringify(plan))).size).toBe(1)
    expect(records[0]!.plan.flat().sort()).toEqual(scenarioNames())
  })

  test('is dealt by the durations that are named, which are the same for all, and never by what was played here', async () => {
    const record = {
      ...{schema: 1, suite: 'process', profile: 'fast', exitCode: 0},
      scenarios: suiteJobs({suite: 'process', profile: 'fast'}).map(({scenario}, index) => ({
        ...{scenario, ending: 'passed', headline: '', folder: null},
        seconds: index === 0 ? 1000 : 1,
      })),
    }
    mkdirSync(join(state, 'earlier', 'of-1'), {recursive: true})
    writeFileSync(join(state, 'earlier', 'of-1', 'shard-1-of-1.json'), JSON.stringify(record))
    const shards = {...request, parallel: 1, json: true, durations: join(state, 'earlier'), shard: '1/2'}
    await playSuite(shards, {child: fakeChild([]), ready: async () => {}})
    expect(JSON.parse(out).plan[0]).toEqual([record.scenarios[0]!.scenario])
    await expect(
      playSuite({...shards, labs: {profile: 'default'}}, {child: fakeChild([]), ready: async () => {}}),
    ).rejects.toThrow(/earlier tells of no scenario that was played with the timings of default/)
    await expect(
      playSuite({...shards, durations: join(state, 'none')}, {child: fakeChild([]), ready: async () => {}}),
    ).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^there is no .*none to learn durations from/),
    })
    await expect(
      playSuite({...shards, shard: undefined}, {child: fakeChild([]), ready: async () => {}}),
    ).rejects.toThrow('--durations goes with --shard')
  })

  test('leaves what it was to play even where no lab can be raised', async () => {
    const folder = join(state, 'out')
    const ready = async () => {
      throw new LabError('docker-missing', 'no engine answers')
    }
    await expect(playSuite({...asked, shard: '2/3', out: folder}, {child: fakeChild([]), ready})).rejects.toThrow(
      'no engine answers',
    )
    const left = JSON.parse(readFileSync(join(folder, 'shard-2-of-3.json'), 'utf8'))
    expect(left).toMatchObject({shard: {index: 2, count: 3}, exitCode: 3, unplayed: left.plan[1].length})
  })
})
