/** A run on a lab that behaves: its record and its report on every ending, where they go, and what it leaves in the lab. */
import {createHash} from 'node:crypto'
import {existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test, vi} from 'vitest'
import {broken} from '../../../lab/healing/broken.ts'
import type {Event} from '../../../lab/history/event.ts'
import {of} from '../../../lab/history/history.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import type {Scenario, Step} from '../../../lab/history/scenario-values.ts'
import {timingsOf} from '../../../lab/history/timings.ts'
import {leaveNeverBegan, type Run, type RunOptions, runScenario} from '../../../lab/run/runs.ts'
import {runsFolder} from '../../../lab/state/folders.ts'
import {placeFor} from '../../../lab/state/run-folder.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {toJson} from '../../../lab/words/spelled-json.ts'
import {eachWithItsOwnState, healthyLab, stateFolder} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import type {Faked} from '../fake/lab.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
vi.setConfig({testTimeout: 60_000}) // minutes of virtual time, on a machine that may be busy
eachWithItsOwnState()

const kill: Step = {do: 'inject', fault: 'kill', on: 'leader', as: 'kill', params: {what: 'host'}}
const hold: Step = {do: 'hold', forMs: 1000}
const hosts = ['node1', 'node2', 'node3', 'proxy1', 'app1']

function scenarioOf(steps: readonly Step[], more: Partial<Scenario> = {}): Scenario {
  return {
    ...{name: 'made-up', about: 'Made for a test.', needs: {postgres: 3, etcd: 3}, steps},
    clients: [{kind: 'writers', count: 2, perSecond: 100, through: 'primary'}],
    expect: [{check: 'timeline-monotone', params: {}}],
    ...more,
  }
}

/** @param hear told of every event as it is recorded. */
function ran(
  {lab}: Faked,
  scenario: Scenario,
  hear: (event: Event, interrupt: () => void) => void = () => {},
  options: Partial<RunOptions> = {},
): Promise<Run> {
  const interrupt = new AbortController()
  return passing(
    runScenario(lab, scenario, {
      signal: interrupt.signal,
      watch: history => void history.subscribe(event => hear(event, () => interrupt.abort())),
      ...options,
    }),
  )
}

const recordIn = (folder: string) => parseHistory(readFileSync(join(folder, 'events.ndjson')).toString()).events

/** On disk: a record that ends as it says, and the report that was made from that very file. */
function expectWhole({folder, report, history}: Run, how: 'complete' | 'interrupted' | 'error'): void {
  expect(recordIn(folder).at(-1)).toMatchObject({kind: 'run-ended', how})
  expect(recordIn(folder)).toHaveLength(history.events.length)
  expect(readFileSync(join(folder, 'report.json'), 'utf8')).toBe(toJson(report))
  const sum = createHash('sha256')
    .update(readFileSync(join(folder, 'events.ndjson')))
    .digest('hex')
  expect(report.eventsSha256).toBe(sum)
}

const logsIn = (folder: string) => readdirSync(join(folder, 'logs')).toSorted()

describe('the record is whole, the report is of it, and every log is there, when a run', () => {
  test('comes to its end', async () => {
    const run = await ran(await healthyLab(), scenarioOf([hold]))
    expect([run.error, run.report.verdict]).toEqual([undefined, 'pass'])
    expectWhole(run, 'complete')
    expect(logsIn(run.folder)).toEqual(hosts.map(host => `${host}.log`).toSorted())
  })

  test('took as long as its parts together, with what came before its history and after it', async () => {
    const before = performance.now()
    const run = await ran(await healthyLab(), scenarioOf([hold]))
    const wall = (performance.now() - before) * 1000
    const {totalMicros, parts} = timingsOf(run.history, run.around)
    const inHistory = run.history.events.at(-1)!.at
    expect(totalMicros).toBe(parts.reduce((sum, {micros}) => sum + micros, 0))
    expect(totalMicros).toBeGreaterThanOrEqual(inHistory)
    expect(totalMicros).toBeLessThanOrEqual(wall)
    expect(run.around).toEqual({
      beforeMicros: expect.any(Number),
      judgingMicros: expect.any(Number),
      evidenceMicros: expect.any(Number),
    })
    for (const micros of Object.values(run.around!)) expect(micros).toBeGreaterThanOrEqual(0)
  })

  test('has a step that fails', async () => {
    const never: Step = {do: 'until', check: 'new-leader', params: {}, within: 200}
    const run = await ran(await healthyLab(), scenarioOf([never, kill]))
    expect([run.error, run.report.verdict]).toEqual([undefined, 'unknown'])
    expect(run.report.reasons[0]).toMatch(/^step 1 was not done \(.*\), so 1 more step was not played$/)
    expectWhole(run, 'complete')
    expect(logsIn(run.folder)).toHaveLength(hosts.length)
  })

  test('is interrupted', async () => {
    const faked = await healthyLab()
    const run = await ran(faked, scenarioOf([kill, hold]), (event, interrupt) => {
      if (event.kind === 'fault-proof') interrupt()
    })
    expect(run.error).toMatchObject({code: 'interrupted', message: 'the run was interrupted; it has been healed'})
    expectWhole(run, 'interrupted')
    expect(logsIn(run.folder)).toHaveLength(hosts.length)
    expect(await passing(broken(faked.lab))).toEqual({mends: [], unknown: [], untold: []})
  })

  test('meets an engine that refuses', async () => {
    const faked = await healthyLab()
    faked.engine.hinder = call => (call.startsWith('kill') ? new LabError('engine', 'it will not') : undefined)
    const run = await ran(faked, scenarioOf([kill]))
    expect(run.error).toMatchObject({code: 'engine', message: 'it will not'})
    expectWhole(run, 'error')
    expect(logsIn(run.folder)).toHaveLength(hosts.length)
  })

  test('cannot mend what it broke, which its error says and nothing else', async () => {
    const faked = await healthyLab()
    faked.engine.hinder = call => (call === 'start node1' ? new LabError('engine', 'no room') : undefined)
    const run = await ran(faked, scenarioOf([kill]))
    expect(run.error).toMatchObject({code: 'heal-failed'})
    expect(run.error?.message).not.toContain('left to do')
    expectWhole(run, 'error')
  })

  test('finds the lab beyond healing', async () => {
    const faked = await healthyLab()
    faked.world.host('node2').marks.add('load')
    faked.world.host('node2').refuses = script => (script.startsWith('pkill') ? 'no' : undefined)
    const run = await ran(faked, scenarioOf([kill]))
    expect(run.error).toMatchObject({code: 'heal-failed'})
    expect(of(run.history, 'fault-injecting')).toEqual([])
    expectWhole(run, 'error')
  })

  test('loses its engine: it ends, with a report, and says that nobody knows whether the lab is whole', async () => {
    const faked = await healthyLab()
    const run = await ran(faked, scenarioOf([hold]), event => {
      if (event.kind === 'step-started') faked.engine.fallSilent()
    })
    expect(run.error?.message).toContain('whether lab fake is whole is not known')
    expectWhole(run, 'error')
  })
})

test('an early end says what is left to do in the lab beside what the run has mended', async () => {
  const faked = await healthyLab()
  const run = await ran(faked, scenarioOf([hold, hold]), event => {
    if (event.kind === 'step-started' && event.index === 0) void faked.engine.kill('id-app1')
  })
  expect(run.error?.message).toMatch(/^the clients ended unexpectedly: .*; left to do in lab fake: start app1 again$/)
  expectWhole(run, 'error')
})

test('a log that cannot be read is a file that says so, and costs no other log', async () => {
  const faked = await healthyLab()
  const {logs} = faked.engine
  faked.engine.logs = async (id, options = {}) => {
    if (id === 'id-node2' && !options.follow) throw new LabError('engine', 'rotated away')
    return logs.call(faked.engine, id, options)
  }
  const {folder} = await ran(faked, scenarioOf([hold]))
  expect(readFileSync(join(folder, 'logs', 'node2.log'), 'utf8')).toBe(
    'the log of node2 could not be read: rotated away\n',
  )
  expect(readFileSync(join(folder, 'logs', 'node3.log'), 'utf8')).toContain('node3 says a word')
})

test('a program is removed when its log has been read, however the run ended', async () => {
  const faked = await healthyLab()
  faked.engine.present.add('theirs:1')
  const theirs = {
    ...({kind: 'program', name: 'theirs', image: 'theirs:1'} as const),
    ...{command: [], environment: {}, perSecond: 20, through: 'primary' as const},
  }
  const withTheirs = scenarioOf([hold], {clients: [...scenarioOf([]).clients, theirs]})
  const run = await ran(faked, withTheirs, (event, interrupt) => {
    if (event.kind === 'step-started') interrupt()
  })
  expect(run.error).toMatchObject({code: 'interrupted'})
  expect(logsIn(run.folder)).toContain('theirs.log')
  expect(faked.engine.programContainers.size).toBe(0)
  expect(faked.engine.asked.indexOf('stop program theirs')).toBeGreaterThan(0)
})

describe('the folder', () => {
  test('is in the state directory, where `latest` leads to it', async () => {
    const {folder} = await ran(await healthyLab(), scenarioOf([hold]))
    expect(folder).toBe(join(runsFolder('fake'), readlinkSync(join(runsFolder('fake'), 'latest'))))
  })

  test('is the one that was asked for, and then `latest` stays as it is', async () => {
    const out = join(stateFolder(), 'wanted')
    const faked = await healthyLab()
    const before = await ran(faked, scenarioOf([hold]))
    const run = await ran(faked, scenarioOf([hold], {name: 'second'}), undefined, {out})
    expect([run.folder, run.error]).toEqual([out, undefined])
    expectWhole(run, 'complete')
    expect(join(runsFolder('fake'), readlinkSync(join(runsFolder('fake'), 'latest')))).toBe(before.folder)
  })

  test('of an earlier run is cleared when the new one begins, and not for one that is refused', async () => {
    const faked = await healthyLab()
    const out = join(stateFolder(), 'wanted')
    mkdirSync(out)
    writeFileSync(join(out, 'report.html'), 'of before\n')
    const begun = {at: 0, kind: 'run-started', run: '1-before', scenario: {name: 'before', clients: []}}
    writeFileSync(join(out, 'events.ndjson'), `${JSON.stringify(begun)}\n`)
    const place = placeFor(out, true)
    const tooMany = scenarioOf([hold], {needs: {postgres: 5, etcd: 3}})
    await expect(ran(faked, tooMany, undefined, {out, place})).rejects.toMatchObject({code: 'config'})
    expect(readdirSync(out)).toEqual(['events.ndjson', 'report.html'])
    const run = await ran(faked, scenarioOf([hold]), undefined, {out, place})
    expectWhole(run, 'complete')
    expect(readdirSync(out).toSorted()).toEqual(['events.ndjson', 'logs', 'report.json'])
  })
})

test.each<[string, Partial<Scenario>]>([
  ['config', {needs: {postgres: 5, etcd: 3}}],
  ['config', {needs: {postgres: 3, etcd: 3, postgresql: {parameters: {bogus: '1'}}}}],
  [
    'image',
    {
      clients: [
        {
          ...{kind: 'program', name: 'theirs', image: 'absent:1', command: [], environment: {}},
          ...{perSecond: 20, through: 'primary'},
        },
      ],
    },
  ],
])('a scenario that is refused (%s) has touched nothing and left no folder: %j', async (code, more) => {
  const faked = await healthyLab()
  faked.engine.refusedParameters.add('bogus')
  await expect(ran(faked, scenarioOf([kill], more))).rejects.toMatchObject({code})
  expect(existsSync(runsFolder('fake'))).toBe(false)
  expect(faked.engine.asked.filter(call => !/^(image|throwaway)$/.test(call))).toEqual([])
})

test('a run that could not begin leaves a record and a report that say so, where one was asked for', () => {
  const out = join(stateFolder(), 'wanted')
  const error = new LabError('docker-missing', 'no Docker engine answers')
  const run = leaveNeverBegan(out, {lab: 'fake', scenario: scenarioOf([kill])}, error)
  expect(recordIn(out)).toMatchObject([{kind: 'never-began', code: 'docker-missing', lab: 'fake'}])
  expect(readFileSync(join(out, 'report.json'), 'utf8')).toBe(toJson(run.report))
  expect(run.report).toMatchObject({verdict: 'unknown', scenario: 'made-up'})
  expect(run.report.reasons[0]).toContain('no Docker engine answers')
})
