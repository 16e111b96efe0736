/** The commands on recorded runs, as a person calls them: what they print, and how they exit. */
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest'
import {run} from '../../../cli/program.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {judge as judgeHistory} from '../../../lab/judge/judge.ts'
import {withAskedLimit} from '../../../lab/scenario/asked-limit.ts'
import {loadScenario} from '../../../lab/scenario/index.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const state = mkdtempSync(join(tmpdir(), 'recorded-runs-'))
beforeAll(() => void vi.stubEnv('XDG_STATE_HOME', state).stubEnv('NO_COLOR', '1'))
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true})
})

const recorded = (name: string) => join(root, 'test', 'histories', `${name}.ndjson.gz`)
const pass = recorded('kill-leader.pass')
const failed = recorded('kill-leader-never-marked-down.fail')
const interrupted = recorded('kill-leader-interrupted.unknown')

async function pgha(...args: readonly string[]): Promise<{code: number; out: string; err: string}> {
  const written = {stdout: '', stderr: ''}
  const spies = (['stdout', 'stderr'] as const).map(stream =>
    vi.spyOn(process[stream], 'write').mockImplementation(text => {
      written[stream] += String(text)
      return true
    }),
  )
  try {
    await run(['node', 'pgha-lab', ...args])
    return {code: Number(process.exitCode ?? 0), out: written.stdout, err: written.stderr}
  } finally {
    for (const spy of spies) spy.mockRestore()
    process.exitCode = undefined
  }
}

describe('what shows a run ends with the answer, and two commands to go on with, each once:', () => {
  const ending = (out: string, headline: string) => {
    const lines = out.trimEnd().split('\n')
    const verdict = lines.findLastIndex(line => line.startsWith(headline))
    expect(lines.length - verdict).toBeLessThanOrEqual(4)
    return lines.slice(verdict - 2, verdict).map(line => line.replace(failed, 'RUN'))
  }

  test('judge', async () => {
    const {out} = await pgha('judge', failed)
    expect(ending(out, 'FAILED kill-leader: 22.')).toEqual([
      'pgha-lab replay RUN',
      'pgha-lab report RUN --format html -o report.html',
    ])
  })

  test('replay --plain', async () => {
    const {out} = await pgha('replay', failed, '--plain')
    expect(ending(out, 'FAILED kill-leader: 22.')).toEqual([
      'pgha-lab report RUN',
      'pgha-lab report RUN --format html -o report.html',
    ])
  })

  test('report on a terminal; in a pipe and in a file the answer is the first line alone', async () => {
    const terminal = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY')
    Object.defineProperty(process.stdout, 'isTTY', {value: true, configurable: true})
    try {
      const {out} = await pgha('report', failed)
      expect(out).toMatch(/^FAILED kill-leader: 22\./)
      expect(ending(out, 'FAILED kill-leader: 22.')).toHaveLength(2)
    } finally {
      if (terminal === undefined) Reflect.deleteProperty(process.stdout, 'isTTY')
      else Object.defineProperty(process.stdout, 'isTTY', terminal)
    }
    const {out} = await pgha('report', failed)
    expect(out.match(/^FAILED kill-leader/gm)).toHaveLength(1)
  })
})

describe('judge', () => {
  test('ends in the verdict', async () => {
    const runs = [await pgha('judge', pass), await pgha('judge', failed), await pgha('judge', interrupted)]
    expect(runs.map(run => run.code)).toEqual([0, 1, 4])
    expect(runs.map(run => run.out.split(' ')[0])).toEqual(['PASSED', 'FAILED', 'INCONCLUSIVE'])
  })

  test('gives the report as data', async () => {
    const {out, code} = await pgha('judge', pass, '--json')
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({schema: 1, verdict: 'pass', folder: null})])
  })

  test('of a run that is not there is wrong usage, with the next step', async () => {
    const {code, out, err} = await pgha('judge', 'yesterday')
    expect([code, out]).toEqual([2, ''])
    expect(err).toBe(
      "there is no run `yesterday`\n  next: name a run's folder or its events.ndjson; or record a run:\n        pgha-lab chaos kill-leader\n",
    )
  })
})

describe('compare', () => {
  test('of too few runs ends in 4 and says how many are needed', async () => {
    const {code, out} = await pgha('compare', pass, failed)
    expect(code).toBe(4)
    expect(out.replaceAll('\n', ' ')).toMatch(
      /^TOO FEW RUNS kill-leader: total: 1 and 1 runs .* 4 on each side are needed\./,
    )
  })

  test('of runs with themselves ends in 0', async () => {
    const {code, out} = await pgha(
      'compare',
      [pass, pass, pass, pass].join(','),
      [pass, pass, pass, pass].join(','),
      '--json',
    )
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({verdict: 'pass', tolerance: 0.1, alpha: 0.05})
  })

  test('refuses a share without its sign and a metric that it does not know', async () => {
    expect(await pgha('compare', pass, pass, '--tolerance', '10')).toMatchObject({
      code: 2,
      err: expect.stringContaining('A share carries its sign: 10%.'),
    })
    expect(await pgha('compare', pass, pass, '--metric', 'speed')).toMatchObject({
      code: 2,
      err: expect.stringContaining('The metrics are total,'),
    })
  })
})

describe('export', () => {
  test('writes EDN to stdout, or the same into a file', async () => {
    const file = join(state, 'history.edn')
    const shown = await pgha('export', pass, '--jepsen')
    const written = await pgha('export', pass, '--jepsen', '--out', file)
    expect([shown.code, written.code, written.out]).toEqual([0, 0, ''])
    expect(shown.out).toMatch(/^\{:type :invoke, /)
    expect(readFileSync(file, 'utf8')).toBe(shown.out)
  })

  test('without a form, or into a place that is not there, says the next step', async () => {
    expect(await pgha('export', pass)).toMatchObject({code: 2, err: expect.stringContaining('--jepsen')})
    const nowhere = await pgha('export', pass, '--jepsen', '-o', join(state, 'no', 'where'))
    expect(nowhere).toMatchObject({code: 3, err: expect.stringContaining('cannot write')})
  })
})

test('replay without a terminal prints the lines of the run', async () => {
  const {code, out} = await pgha('replay', pass)
  expect(code).toBe(0)
  expect(out).toMatch(/^\[\+\d+\.\d\d s\] FAULT crash: kill host on leader: node\d$/m)
  expect(out).toMatch(/^\[\+\d+\.\d\d s\] the run is complete$/m)
})

test('judge and replay of a run with a limit that was asked for say what was said live', async () => {
  const {events} = parseHistory(gunzipSync(readFileSync(pass)).toString())
  const scenario = withAskedLimit(loadScenario('kill-leader'), 1000)
  const played = events.map(event => (event.kind === 'run-started' ? {...event, scenario} : event))
  const live = judgeHistory({events: played})
  const folder = join(state, 'limited')
  mkdirSync(folder)
  writeFileSync(join(folder, 'events.ndjson'), played.map(event => `${JSON.stringify(event)}\n`).join(''))
  writeFileSync(join(folder, 'report.json'), JSON.stringify({...live, eventsSha256: null}))
  const {code, out} = await pgha('judge', folder, '--json')
  const {folder: _, eventsSha256: __, ...again} = JSON.parse(out)
  expect([code, live.limit?.from, live.verdict]).toEqual([1, 'asked', 'fail'])
  expect(again).toEqual(JSON.parse(JSON.stringify({...live, eventsSha256: undefined})))
  expect((await pgha('judge', folder)).out.replaceAll(/\s+/g, ' ')).toContain(`FAILED kill-leader: ${live.limit?.says}`)
  const [limited = '', asBefore = ''] = [await pgha('replay', folder), await pgha('replay', pass)].map(({out}) => out)
  expect(limited.split('\n\n')[0]).toBe(asBefore.split('\n\n')[0])
  expect(limited.replaceAll(/\s+/g, ' ')).toContain(`FAILED kill-leader: ${live.limit?.says}`)
})

test('--within is refused by a suite, a storm and a shrinking: one sentence, and the next step', async () => {
  for (const [what, ...more] of [
    ['--suite', 'failover'],
    ['--storm', '1m'],
    ['--shrink', 'latest'],
  ] as const) {
    const {code, out, err} = await pgha('chaos', what, ...more, '--within', '30s')
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^--within [^\n]+\n {2}next: pgha-lab chaos kill-leader --within 30s\n$/)
  }
})

test('--fail-fast without --repeat is refused before anything is touched', async () => {
  expect(await pgha('chaos', 'kill-leader', '--fail-fast')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--repeat'),
  })
  expect(await pgha('chaos', 'kill-leader', '--repeat', '0')).toMatchObject({code: 2})
  expect(await pgha('chaos', 'kill-leader', '--phase', 'never')).toMatchObject({
    code: 2,
    err: expect.stringContaining('just-after-refresh, just-before, random'),
  })
})
