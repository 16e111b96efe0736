/** What `chaos` writes for a CI job besides its evidence: `--junit`, `--html`, `--markdown`, `--github`, whatever the verdict. */
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {type CiOptions, CiOutputs, ciOutputs} from '../../../cli/ci-outputs.ts'
import {run} from '../../../cli/program.ts'
import {playSuite} from '../../../cli/suite/command.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {loadScenario} from '../../../lab/scenario/index.ts'
import type {RunChild} from '../../../lab/suite/child.ts'
import {suiteJobs} from '../../../lab/suite/jobs.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {cleanRun, withRows} from '../../lab/checks/history-builder.ts'

let root: string
let written = {stdout: '', stderr: ''}
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chaos-outputs-'))
  written = {stdout: '', stderr: ''}
  vi.stubEnv('XDG_STATE_HOME', root)
    .stubEnv('NO_COLOR', '1')
    .stubEnv('GITHUB_WORKSPACE', '')
    .stubEnv('GITHUB_STEP_SUMMARY', '')
    .stubEnv('DOCKER_HOST', `unix://${join(root, 'no-engine.sock')}`)
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

const file = (name: string) => join(root, name)
const read = (name: string) => readFileSync(file(name), 'utf8')
const asked = (): CiOptions => ({junit: file('j.xml'), html: file('h.html'), markdown: file('m.md'), github: true})
const words = () => ['--junit', file('j.xml'), '--html', file('h.html'), '--markdown', file('m.md'), '--github']

const runs = {
  pass: cleanRun(),
  fail: withRows(cleanRun(), rows => rows.delete(10)),
  unknown: cleanRun().filter(event => event.kind !== 'final-rows'),
}
const played = (of: keyof typeof runs) => {
  const history = historyOf(runs[of])
  return {report: judge(history), history, folder: null}
}

async function pgha(...args: readonly string[]): Promise<number> {
  await run(['node', 'pgha-lab', ...args])
  return Number(process.exitCode ?? 0)
}

describe('all four at once', () => {
  test.each([
    ['pass', 'failures="0" errors="0"', '::notice '],
    ['fail', 'failures="1" errors="0"', '::error '],
    ['unknown', 'failures="0" errors="1"', '::error '],
  ] as const)('of a run that is %s', async (verdict, counts, annotation) => {
    const outputs = ciOutputs(asked())
    outputs.add(played(verdict))
    expect(outputs.write()).toBeUndefined()
    expect(read('j.xml')).toContain(counts)
    expect(read('m.md')).toMatch(/^## . (PASSED|FAILED|INCONCLUSIVE) kill-leader/)
    expect(read('h.html')).toMatch(/^<!doctype html>/)
    expect(written.stdout).toContain(annotation)
  })

  test('of several runs, each in all of them', () => {
    const outputs = ciOutputs(asked())
    for (const verdict of ['pass', 'fail', 'unknown'] as const) outputs.add(played(verdict))
    outputs.write()
    expect(read('j.xml').match(/<testsuite /g)).toHaveLength(3)
    expect(read('m.md')).toMatch(/^# 1 of 3 scenarios passed/)
    expect(read('h.html').match(/<iframe /g)).toHaveLength(3)
    expect(written.stdout.match(/^::(error|notice) /gm)).toHaveLength(3)
  })

  test('a run that never began, for no engine answers, is red in all of them, and its exit code is as before', async () => {
    expect(await pgha('chaos', 'kill-leader', '--name', 'none', ...words())).toBe(3)
    expect(read('j.xml')).toContain('<error message="the run never began: no Docker engine answers"')
    expect(read('m.md')).toContain('the run never began: no Docker engine answers')
    expect(read('h.html')).toContain('no Docker engine answers')
    expect(written.stdout).toContain('::the run never began: no Docker engine answers%0A')
  })

  test('so is a storm, and a repetition', async () => {
    for (const more of [
      ['kill-leader', '--repeat', '2'],
      ['--storm', '10s', '--seed', '7'],
    ]) {
      rmSync(file('j.xml'), {force: true})
      expect(await pgha('chaos', ...more, '--name', 'none', ...words())).toBe(3)
      expect(read('j.xml')).toContain('the run never began: no Docker engine answers')
    }
  })

  test('with --out as well, they say the same', async () => {
    await pgha('chaos', 'kill-leader', '--name', 'none', '--out', file('out'), ...words())
    expect(read('j.xml')).toContain('the run never began')
    expect(readFileSync(join(file('out'), 'report.txt'), 'utf8')).toContain('the run never began')
  })

  test('a scenario that cannot be read has an annotation, and leaves no file of an earlier job that would be green', async () => {
    writeFileSync(file('j.xml'), 'green')
    writeFileSync(file('mine.yaml'), 'about: 5\n')
    expect(await pgha('chaos', file('mine.yaml'), ...words())).toBe(2)
    expect(existsSync(file('j.xml'))).toBe(false)
    expect(written.stdout).toMatch(/^::error title=pgha-lab::.*mine\.yaml:1:/)
  })
})

describe('a suite', () => {
  const first = suiteJobs({suite: 'process', profile: 'fast'})[0]!.scenario

  function recordedAs(name: string, events: typeof runs.pass): string {
    const folder = join(root, name)
    mkdirSync(join(folder, 'logs'), {recursive: true})
    writeFileSync(join(folder, 'events.ndjson'), `${events.map(event => JSON.stringify(event)).join('\n')}\n`)
    return folder
  }

  test('has each run that was played, and each that was not', async () => {
    const folder = recordedAs('played', runs.pass)
    const child: RunChild = async ([verb, scenario]) =>
      verb !== 'chaos'
        ? {exitCode: 0, stdout: '', stderr: ''}
        : scenario === first
          ? {exitCode: 0, stdout: JSON.stringify({headline: 'fine', folder, findings: []}), stderr: ''}
          : {exitCode: 77, stdout: '', stderr: 'this kernel has no nftables\n'}
    const outputs = ciOutputs(asked())
    const request = {suite: 'process', name: 'fake', parallel: 1, labs: {profile: 'fast'}, outputs}
    await playSuite(request, {child, ready: async () => {}})
    outputs.write()
    const all = suiteJobs({suite: 'process', profile: 'fast'}).length
    expect(read('j.xml').match(/<testsuite /g)).toHaveLength(all)
    expect(read('j.xml')).toMatch(/<testsuites [^>]*failures="0" errors="0"/)
    expect(read('j.xml').match(/<property name="verdict" value="skipped"/g)).toHaveLength(all - 1)
    expect(process.exitCode).toBe(77)
  })

  test('on an engine that dies has its run of the other one, and says that it was played again', async () => {
    const folder = recordedAs('played', runs.pass)
    const near = `unix://${file('near.sock')}`
    const far = `unix://${file('far.sock')}`
    // Neither answers. What ends as a lab error then was its engine's.
    const child: RunChild = async ([verb], _, env) =>
      verb !== 'chaos'
        ? {exitCode: 0, stdout: '', stderr: ''}
        : env?.DOCKER_HOST === near
          ? {exitCode: 0, stdout: JSON.stringify({headline: 'fine', folder, findings: []}), stderr: ''}
          : {exitCode: 3, stdout: '', stderr: 'no Docker engine answers\n'}
    const outputs = ciOutputs({...asked(), json: true})
    const request = {suite: 'process', name: 'fake', parallel: 1, engines: `${near},${far}`, labs: {profile: 'fast'}}
    const readied: (string | undefined)[] = []
    const ready = async (...[, , , engine]: readonly [unknown, unknown, unknown, string?]) => void readied.push(engine)
    await playSuite({...request, outputs, json: true}, {child, ready})
    outputs.write()
    expect(readied).toEqual([near, far])
    const again = `played again: the engine ${far} did not answer any more`
    expect(read('j.xml')).toContain(`<property name="remark" value="${again}"/>`)
    expect(read('m.md')).toContain('did not answer any more')
    const {engines, scenarios} = JSON.parse(written.stdout)
    expect(engines).toEqual([near, far])
    for (const one of scenarios) expect(one).toMatchObject({ending: 'passed', engine: near})
    expect(scenarios.flatMap((one: {again?: object[]}) => one.again ?? [])).toMatchObject([
      {engine: far, lab: 'fake-2'},
    ])
    expect(process.exitCode).toBe(0)
  })

  test('of which nothing could be raised is red, once for each scenario', async () => {
    const outputs = ciOutputs(asked())
    const ready = async () => {
      throw new LabError('docker-missing', 'no engine answers')
    }
    const request = {suite: 'process', name: 'fake', parallel: 1, labs: {profile: 'fast'}, outputs}
    await expect(playSuite(request, {child: async () => ({}) as never, ready})).rejects.toThrow('no engine answers')
    outputs.write()
    const all = suiteJobs({suite: 'process', profile: 'fast'}).length
    expect(read('j.xml')).toMatch(new RegExp(`<testsuites [^>]*failures="0" errors="${all}"`))
  })

  test('a run whose record cannot be read is red', async () => {
    const outputs = new CiOutputs(asked())
    await outputs.addRecorded(file('nowhere'), {lab: 'x', scenario: loadScenario('kill-leader')})
    outputs.write()
    expect(read('j.xml')).toMatch(/errors="1"/)
  })
})

describe('--github', () => {
  const from = (path: string) => {
    const events = runs.fail.map(event =>
      event.kind === 'run-started' ? {...event, scenario: {...event.scenario, file: path}} : event,
    )
    const history = historyOf(events)
    return {report: judge(history), history, folder: null}
  }
  const annotation = (path: string) => {
    vi.stubEnv('GITHUB_WORKSPACE', root)
    const outputs = ciOutputs({github: true})
    outputs.add(from(path))
    outputs.write()
    return written.stdout
  }

  test('points into the repository, at a file of theirs', () =>
    expect(annotation(file('chaos/mine.yaml'))).toMatch(/^::error file=chaos\/mine\.yaml,line=\d+,/))

  test.each(['node_modules/pgha-lab/scenarios/kill-leader.yaml', '../elsewhere/kill-leader.yaml'])(
    'points at no file that is not in it: %s',
    path => expect(annotation(file(path))).toMatch(/^::error title=FAILED kill-leader::/),
  )

  test('adds the Markdown to the summary of the step, after what is there', () => {
    vi.stubEnv('GITHUB_STEP_SUMMARY', file('summary.md'))
    writeFileSync(file('summary.md'), 'earlier\n')
    const outputs = ciOutputs({github: true})
    outputs.add(played('fail'))
    outputs.write()
    expect(read('summary.md')).toMatch(/^earlier\n## ✘ FAILED kill-leader[\s\S]*Proof/)
  })

  test('adds no more than GitHub takes: a table where the whole would be cut off', () => {
    vi.stubEnv('GITHUB_STEP_SUMMARY', file('summary.md'))
    writeFileSync(file('summary.md'), `${'x'.repeat(2 ** 20 - 3000)}\n`)
    const outputs = ciOutputs({github: true})
    outputs.add(played('fail'))
    outputs.write()
    expect(read('summary.md')).toMatch(/x\n# 0 of 1 scenarios passed\n/)
    expect(read('summary.md')).not.toContain('Proof')
  })

  test('with --json goes to stderr, which GitHub reads as well: stdout is data', () => {
    const outputs = ciOutputs({github: true, json: true})
    outputs.add(played('fail'))
    outputs.write()
    expect(written.stdout).toBe('')
    expect(written.stderr).toMatch(/^::error /m)
  })
})

describe('a place that cannot be used', () => {
  test('is refused before anything is played', async () => {
    mkdirSync(file('folder'))
    expect(await pgha('chaos', 'kill-leader', '--junit', file('folder'))).toBe(2)
    expect(written.stderr).toMatch(/--junit .*folder is a folder/)
    expect(written.stderr).not.toContain('Docker')
  })

  test('is refused where two would be one file', async () => {
    expect(await pgha('chaos', 'kill-leader', '--junit', file('x'), '--html', file('x'))).toBe(2)
    expect(written.stderr).toMatch(/--junit and --html name one file/)
  })

  test('gets its folder where that is missing', () => {
    const outputs = ciOutputs({junit: file('reports/of/j.xml')})
    outputs.add(played('pass'))
    expect(outputs.write()).toBeUndefined()
    expect(read('reports/of/j.xml')).toContain('<testsuites')
  })

  test('that has gone meanwhile is told, and turns no failure into another', async () => {
    const outputs = ciOutputs({junit: file('gone/j.xml')})
    outputs.add(played('pass'))
    rmSync(file('gone'), {recursive: true})
    expect(outputs.write()).toMatchObject({code: 'setup-failed', message: expect.stringContaining('cannot write')})
  })
})

test('they do not go with the shrinking of a plan, which has no report of its own', async () => {
  expect(await pgha('chaos', '--shrink', 'latest', '--junit', file('j.xml'))).toBe(2)
  expect(written.stderr).toContain('--junit does not go with --shrink')
})
