import {execFileSync, spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

const project = join(import.meta.dirname, '..', '..', '..')
let reports: string

beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), 'pgha-lab-tally-'))
})
afterEach(() => rmSync(reports, {recursive: true}))

function report(part: string, passed: number, failed = 0, skipped = 0, testResults: object[] = []) {
  const counts = {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: 0,
    testResults,
  }
  writeFileSync(join(reports, `${part}.json`), JSON.stringify(counts))
}

function tally(...parts: string[]) {
  const {stdout, status} = spawnSync(process.execPath, [join(project, 'test', 'tally.ts'), reports, ...parts], {
    encoding: 'utf8',
  })
  return {line: stdout.trim(), status}
}

test('the parts are summed on one line', () => {
  report('unit', 200, 0, 2)
  report('live', 7)
  expect(tally('unit', 'live')).toEqual({line: '207 passed, 0 failed, 2 skipped', status: 0})
})

test('a part of which no test passed, or that left no report, is no success', () => {
  report('unit', 200)
  report('live', 0, 0, 7)
  expect(tally('unit', 'live')).toEqual({line: '200 passed, 0 failed, 7 skipped', status: 1})
  rmSync(join(reports, 'live.json'))
  expect(tally('unit', 'live').status).toBe(1)
})

test('a failed test and a file that does not even load count as failed', () => {
  report('unit', 5, 1, 0, [
    {status: 'failed', assertionResults: [{}]},
    {status: 'failed', assertionResults: []},
  ])
  expect(tally('unit')).toEqual({line: '5 passed, 2 failed, 0 skipped', status: 1})
})

test('npm test refuses a part that it does not have', () => {
  const run = spawnSync('sh', [join(project, 'test', 'run.sh'), 'unti'], {encoding: 'utf8'})
  expect(run.status).toBe(2)
  expect(run.stderr).toBe("npm test: unknown part 'unti'; the parts are: types lint unit browser live long\n")
})

test('CI runs exactly npm test', () => {
  const commands = execFileSync('grep', ['-vE', '^(#|set |cd |$)', join(project, '.ci', 'run')], {encoding: 'utf8'})
  expect(commands).toBe('npm test\n')
})
