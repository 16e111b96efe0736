/** `chaos --repeat N --against BASE`: the runs that were just played, compared with recorded ones. */
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {baselineOf, compareWith, endsWith} from '../../cli/against.ts'
import {ciOutputs} from '../../cli/ci-outputs.ts'
import {run} from '../../cli/program.ts'
import {historyOf} from '../../lab/history/history.ts'
import {judge} from '../../lab/judge/judge.ts'
import {measureRun} from '../../lab/judge/measure-run.ts'
import {cleanRun} from '../lab/checks/history-builder.ts'

let root: string
let written = {stdout: '', stderr: ''}
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'against-'))
  written = {stdout: '', stderr: ''}
  vi.stubEnv('XDG_STATE_HOME', root).stubEnv('GITHUB_STEP_SUMMARY', join(root, 'summary.md'))
  vi.stubEnv('DOCKER_HOST', `unix://${join(root, 'no-engine.sock')}`)
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation(text => {
      written[stream] += String(text)
      return true
    })
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(root, {recursive: true})
  process.exitCode = undefined
})

const around = (seconds: number) => [0, 0.1, 0.2, 0.3, 0.4, 0.5].map(more => cleanRun({firstWrite: seconds + more}))
const measured = (seconds: number) => around(seconds).map(events => measureRun(historyOf(events)))

function recordBase(seconds: number): string {
  for (const [index, events] of around(seconds).entries()) {
    const folder = join(root, 'base', 'runs', String(index))
    mkdirSync(folder, {recursive: true})
    writeFileSync(join(folder, 'events.ndjson'), `${events.map(event => JSON.stringify(event)).join('\n')}\n`)
  }
  return join(root, 'base')
}

async function comparedWith(base: number, head: number, tolerance: number) {
  const baseline = await baselineOf(recordBase(base), 'lab', 'kill-leader', tolerance)
  return compareWith(baseline, measured(head))
}

test('slower for certain, and by more than the tolerance, fails a repetition that passed', async () => {
  const slower = await comparedWith(20, 24, 0.1)
  expect(slower.verdict).toBe('fail')
  expect(endsWith(0, slower)).toBe(1)
})

test.each([
  ['as fast', 20.05, 0.1],
  ['faster', 18, 0.1],
  ['slower within the tolerance', 24, 0.3],
] as const)('%s changes no exit code', async (_, head, tolerance) => {
  const comparison = await comparedWith(20, head, tolerance)
  expect(comparison.verdict).toBe('pass')
  for (const code of [0, 1, 4] as const) expect(endsWith(code, comparison)).toBe(code)
})

test('too few runs to tell change no exit code', async () => {
  const baseline = await baselineOf(recordBase(20), 'lab', 'kill-leader', 0.1)
  const few = compareWith(baseline, measured(24).slice(0, 1))
  expect(few.verdict).toBe('unknown')
  expect(endsWith(0, few)).toBe(0)
})

test('what could not be done, or is not mended, stays the answer', async () => {
  const slower = await comparedWith(20, 24, 0.1)
  for (const code of [3, 5, 130] as const) expect(endsWith(code, slower)).toBe(code)
  expect(endsWith(4, slower)).toBe(1)
})

test('CI reads of it: a case in JUnit, a table in Markdown, an annotation', async () => {
  const slower = await comparedWith(20, 24, 0.1)
  const outputs = ciOutputs({junit: join(root, 'j.xml'), markdown: join(root, 'm.md'), github: true})
  const history = historyOf(cleanRun())
  outputs.add({report: judge(history), history, folder: null})
  outputs.addComparison(slower)
  expect(outputs.write()).toBeUndefined()
  const xml = readFileSync(join(root, 'j.xml'), 'utf8')
  expect(xml).toMatch(/<testsuites [^>]*tests="7" failures="1" errors="0"/)
  expect(xml).toMatch(/<testsuite name="kill-leader against its base" tests="1" failures="1"/)
  expect(xml).toMatch(/<failure message="total: 4\.00 s more[^"]*more than the tolerance of 10 %[^"]*" type="failed"/)
  for (const file of ['m.md', 'summary.md'])
    expect(readFileSync(join(root, file), 'utf8')).toMatch(/## ✘ SLOWER kill-leader\n[\s\S]*\| \\\* \| total \|/)
  expect(written.stdout).toMatch(/^::error title=SLOWER kill-leader::total: 4\.00 s more/m)
})

test('too few runs are skipped in JUnit, as they end no job, and a warning in the annotations', async () => {
  const baseline = await baselineOf(recordBase(20), 'lab', 'kill-leader', 0.1)
  const outputs = ciOutputs({junit: join(root, 'j.xml'), github: true})
  const history = historyOf(cleanRun())
  outputs.add({report: judge(history), history, folder: null})
  outputs.addComparison(compareWith(baseline, measured(24).slice(0, 1)))
  outputs.write()
  expect(readFileSync(join(root, 'j.xml'), 'utf8')).toMatch(/failures="0" errors="0" skipped="1"/)
  expect(written.stdout).toMatch(/^::warning title=TOO FEW RUNS kill-leader::/m)
})

describe('before anything is played', () => {
  const pgha = async (...args: readonly string[]) => {
    await run(['node', 'pgha-lab', 'chaos', ...args])
    return process.exitCode
  }

  test('a base that is not there is refused, and how to record one is said', async () => {
    expect(await pgha('kill-leader', '--repeat', '6', '--against', join(root, 'none'))).toBe(2)
    expect(written.stderr).toContain(`there is no run \`${join(root, 'none')}\``)
  })

  test('a base of another scenario is refused', async () => {
    expect(await pgha('switchover', '--repeat', '6', '--against', recordBase(20))).toBe(2)
    expect(written.stderr).toMatch(/is of kill-leader, and this is switchover/)
  })

  test.each([
    [['kill-leader', '--against', 'x'], '--against goes with --repeat'],
    [['kill-leader', '--repeat', '6', '--tolerance', '5%'], '--tolerance goes with --against'],
    [['--suite', 'failover', '--repeat', '6', '--against', 'x'], '--against does not go with --suite'],
    [['--storm', '10s', '--against', 'x'], '--against does not go with --storm'],
    [['kill-leader', '--seed', '7', '--phase', 'random'], '--seed draws a moment, and --phase has chosen one'],
    [['kill-leader', '--seed', '7', '--within', '30s'], '--seed draws a moment, and --within has chosen one'],
    [['--suite', 'failover', '--seed', '7'], '--seed does not go with --suite'],
  ] as const)('%j', async (words, complaint) => {
    expect(await pgha(...words)).toBe(2)
    expect(written.stderr).toContain(complaint)
  })
})
