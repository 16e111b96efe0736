/** The reports of a suite's shards, put together by `report`. */
import {cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeEach, expect, test, vi} from 'vitest'
import {run} from '../../../cli/program.ts'
import type {Event} from '../../../lab/history/event.ts'
import {cleanRun, withRows} from '../../lab/checks/history-builder.ts'

const root = mkdtempSync(join(tmpdir(), 'pgha-lab-shards-'))
const plan = [['kill-leader', 'switchover'], ['pause-leader']]
let folders: string[] = []
let nth = 0

beforeEach(() => {
  vi.stubEnv('XDG_STATE_HOME', join(root, 'state'))
  const here = join(root, String(nth++))
  folders = [1, 2].map(index => join(here, `of-${index}`))
  for (const [index, names] of plan.entries()) {
    for (const name of names) played(join(folders[index]!, name), name)
    record(folders[index]!, index + 1, {})
  }
})
afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = 0
})
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(root, {recursive: true, force: true})
})

function played(folder: string, name: string, events: readonly Event[] = cleanRun(), id = `of-${name}`): void {
  const renamed = events.map(event =>
    event.kind === 'run-started' ? {...event, run: id, scenario: {...event.scenario, name}} : event,
  )
  mkdirSync(join(folder, 'logs'), {recursive: true})
  writeFileSync(join(folder, 'events.ndjson'), renamed.map(event => `${JSON.stringify(event)}\n`).join(''))
}

function record(folder: string, index: number, changes: object): void {
  mkdirSync(folder, {recursive: true})
  const scenarios = plan[index - 1]!.map(scenario => ({
    ...{scenario, ending: 'passed', seconds: 1, headline: 'it passed', folder: scenario},
  }))
  const whole = {schema: 1, suite: 'failover', profile: 'fast', shard: {index, count: 2}, plan, exitCode: 0, scenarios}
  writeFileSync(join(folder, `shard-${index}-of-2.json`), JSON.stringify({...whole, ...changes}))
}

async function report(...args: readonly string[]): Promise<{out: string; said: string; code: unknown}> {
  let [out, said] = ['', '']
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    said += String(text)
    return true
  })
  process.exitCode = 0
  // Each run of the program listens for broken pipes; there are many runs in this process.
  for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(100)
  await run(['node', 'pgha-lab', 'report', ...args])
  vi.restoreAllMocks()
  return {out, said, code: process.exitCode}
}

test('all that passed is a pass, in one document of each form', async () => {
  const {out, said, code} = await report(...folders, '--format', 'junit')
  expect(out.match(/<testsuite /g)).toHaveLength(3)
  expect(said).toBe('2 of 2 shards: 3 of 3 runs passed\n')
  expect(code).toBe(0)
  expect((await report(...folders, '--format', 'html')).out.match(/<iframe /g)).toHaveLength(3)
  expect((await report(...folders, '--format', 'markdown')).out).toMatch(/^# 3 of 3 scenarios passed/)
  expect((await report(...folders)).out.match(/^PASSED /gm)).toHaveLength(3)
})

test('it ends with the worst of them', async () => {
  const bad = withRows(cleanRun(), rows => rows.delete(10))
  played(join(folders[1]!, 'pause-leader'), 'pause-leader', bad)
  expect((await report(...folders, '--format', 'junit')).code).toBe(1)
})

test('a shard that delivered nothing is told, and each of its scenarios is red', async () => {
  const {out, said, code} = await report(folders[0]!, '--format', 'junit')
  expect(said).toContain('shard 2 has left no report\n1 of 2 shards: 2 of 3 runs passed, 1 without evidence\n')
  expect(out).toMatch(/<testsuite name="pause-leader"[^>]* errors="1"/)
  expect(out).toContain('shard 2, which was to play it, has left no report')
  expect(code).toBe(3)
  const page = await report(folders[0]!, '--format', 'html')
  expect(page.out.match(/<iframe /g)).toHaveLength(3)
})

test('a shard that died in the middle leaves what it was to play', async () => {
  rmSync(join(folders[0]!, 'switchover'), {recursive: true})
  record(folders[0]!, 1, {exitCode: null, scenarios: []})
  const {out, said, code} = await report(...folders, '--format', 'junit')
  expect(said).toMatch(/^shard 1 had not ended when .*shard-1-of-2\.json was written\n2 of 2 shards: 2 of 3 runs/)
  expect(out).toContain('shard 1 was to play it, and its report does not have it')
  expect(code).toBe(3)
  // With all evidence there, its end is still not known: that is no pass.
  played(join(folders[0]!, 'switchover'), 'switchover')
  expect((await report(...folders, '--format', 'junit')).code).toBe(4)
})

test('before its first run it has its record alone', async () => {
  for (const name of plan[0]!) rmSync(join(folders[0]!, name), {recursive: true})
  record(folders[0]!, 1, {exitCode: null, scenarios: []})
  const {said, code} = await report(...folders, '--format', 'junit')
  expect(said).toContain('2 of 2 shards: 1 of 3 runs passed, 2 without evidence')
  expect(code).toBe(3)
})

test('evidence that the record names and nobody has is missing', async () => {
  const file = join(folders[1]!, 'shard-2-of-2.json')
  rmSync(join(folders[1]!, 'pause-leader'), {recursive: true})
  const {out, code} = await report(folders[0]!, file, '--format', 'junit')
  expect(out).toContain('which says that it passed')
  expect(code).toBe(3)
})

test('a record that is named by itself leads to the runs beside it', async () => {
  const {said, code} = await report(folders[0]!, join(folders[1]!, 'shard-2-of-2.json'), '--format', 'junit')
  expect(said).toBe('2 of 2 shards: 3 of 3 runs passed\n')
  expect(code).toBe(0)
})

test('what is there twice is told, and what was named twice is read once', async () => {
  expect((await report(...folders, folders[0]!, '--format', 'junit')).said).toBe('2 of 2 shards: 3 of 3 runs passed\n')
  const copy = join(root, `copy-${nth}`)
  cpSync(folders[1]!, copy, {recursive: true})
  const {said} = await report(...folders, copy, '--format', 'junit')
  expect(said).toMatch(/^shard 2 is there 2 times: .*\nof-pause-leader is there 2 times: /)
  // Another run of the same scenario, by the other shard.
  played(join(folders[1]!, 'kill-leader'), 'kill-leader', cleanRun(), 'once-more')
  const both = JSON.parse(readFileSync(join(folders[1]!, 'shard-2-of-2.json'), 'utf8'))
  const other = {...both.scenarios[0], scenario: 'kill-leader', folder: 'kill-leader'}
  record(folders[1]!, 2, {scenarios: [...both.scenarios, other], plan: [plan[0], ['pause-leader', 'kill-leader']]})
  const {said: odd} = await report(...folders, '--format', 'junit')
  expect(odd).toContain('kill-leader was played by more than one shard: 1, 2')
  expect(odd).toContain('shard 1 and shard 2 dealt the suite out differently')
})

test('what are no shards of one suite is refused', async () => {
  record(folders[1]!, 2, {suite: 'process'})
  const {out, said, code} = await report(...folders)
  expect(said).toMatch(/^these are no shards of one suite: .* is of failover with the timings of fast, dealt to 2, /)
  expect([out, code]).toEqual(['', 2])
})

test('a record that is none says where', async () => {
  writeFileSync(join(folders[1]!, 'shard-2-of-2.json'), '{"schema": 1,')
  const {said, code} = await report(...folders)
  expect(said).toMatch(/shard-2-of-2\.json:1:\d+: this is no record of a suite: it is not JSON/)
  expect(code).toBe(2)
  record(folders[1]!, 2, {plan: [['kill-leader'], ['../../etc/passwd']]})
  expect((await report(...folders)).said).toMatch(/^\.\.\/\.\.\/etc\/passwd is missing, and this version knows no such/)
})
