/** `chaos --out` where nothing can be played, and places that cannot be used: as a person, and as a CI job, sees them. */
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {leaveReport} from '../../../cli/leave-report.ts'
import {run} from '../../../cli/program.ts'
import {playSuite} from '../../../cli/suite/command.ts'
import {loadScenario} from '../../../lab/scenario/index.ts'
import {clear, placeFor} from '../../../lab/state/run-folder.ts'
import type {RunChild} from '../../../lab/suite/child.ts'
import {suiteJobs} from '../../../lab/suite/jobs.ts'
import {LabError} from '../../../lab/words/errors.ts'

let root: string
let out: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'never-began-'))
  out = join(root, 'evidence')
  // Whether this machine has an engine must not matter.
  vi.stubEnv('XDG_STATE_HOME', root)
    .stubEnv('NO_COLOR', '1')
    .stubEnv('DOCKER_HOST', `unix://${join(root, 'no-engine.sock')}`)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(root, {recursive: true})
})

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

const says = 'the run never began: no Docker engine answers'
const chaos = (...more: readonly string[]) => pgha('chaos', 'kill-leader', '--name', 'record-none', ...more)

/** Each is a test case, and the run itself is one. */
const claims = loadScenario('kill-leader').expect.length

describe('a run that never began, because no engine answers,', () => {
  test('ends in 3 and leaves a report that says so', async () => {
    const {code, err} = await chaos('--out', out)
    expect([code, err]).toEqual([3, 'no Docker engine answers\n  next: pgha-lab doctor\n'])
    expect(readdirSync(out).toSorted()).toEqual([
      ...['events.ndjson', 'report.html', 'report.json', 'report.md', 'report.txt'],
    ])
    expect(readFileSync(join(out, 'report.txt'), 'utf8').replaceAll(/\s+/g, ' ')).toContain(says)
    expect(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))).toMatchObject({
      ...{verdict: 'unknown', scenario: 'kill-leader', lab: 'record-none', reasons: [says], headline: says},
    })
  })

  test('is red in JUnit, once, and no expectation is green', async () => {
    await chaos('--out', out)
    const {out: junit} = await pgha('report', out, '--format', 'junit')
    expect(junit).toContain(`<error message="${says}" type="inconclusive">`)
    expect(junit).toContain(
      `<testsuite name="kill-leader" tests="${claims + 1}" failures="0" errors="1" skipped="${claims}"`,
    )
  })

  test('is an error in the annotations, and data for programs', async () => {
    const {out: json} = await chaos('--out', out, '--json')
    expect(JSON.parse(json)).toMatchObject({verdict: 'unknown', folder: out})
    expect((await pgha('report', out, '--format', 'github')).out).toMatch(
      new RegExp(`^::error file=[^:]*kill-leader\\.yaml,.*::${says}`),
    )
    expect((await pgha('judge', out)).code).toBe(4)
  })

  test('replaces an earlier run with --overwrite, for whoever publishes what lies there must not publish a green one', async () => {
    earlierRun()
    const {code, err} = await chaos('--out', out, '--overwrite')
    expect([code, err]).toEqual([3, 'no Docker engine answers\n  next: pgha-lab doctor\n'])
    expect(readdirSync(out).toSorted()).toEqual([
      ...['events.ndjson', 'report.html', 'report.json', 'report.md', 'report.txt'],
    ])
    expect(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))).toMatchObject({verdict: 'unknown'})
    expect((await pgha('report', out, '--format', 'junit')).out).toContain(`<error message="${says}"`)
  })
})

describe('a scenario that is skipped, because it cannot run here,', () => {
  const why = 'kill-leader cannot run here: this kernel has no nftables'
  const leave = (overwrite = false) =>
    leaveReport(
      loadScenario('kill-leader'),
      {name: 'x'},
      placeFor(out, overwrite),
      new LabError('cannot-run-here', why, {hint: 'pgha-lab doctor'}),
    )

  test('leaves a report that says so, and its exit code is that of the skipping', async () => {
    await leave()
    expect(readFileSync(join(out, 'report.txt'), 'utf8').replaceAll(/\s+/g, ' ')).toMatch(
      new RegExp(`^SKIPPED kill-leader: .*skipped: ${why}`),
    )
    expect(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))).toMatchObject({
      ...{verdict: 'unknown', exitCode: 77, ended: {how: 'skipped', says: `skipped: ${why}`}},
    })
    for (const file of ['report.md', 'report.html']) {
      const text = readFileSync(join(out, file), 'utf8')
      expect(text).toContain('SKIPPED')
      expect(text).not.toContain('INCONCLUSIVE')
    }
    expect((await pgha('judge', out)).code).toBe(77)
  })

  test('is skipped in JUnit, neither green nor an error, and a warning in the annotations', async () => {
    await leave()
    const {out: junit} = await pgha('report', out, '--format', 'junit')
    expect(junit).toContain(
      `<testsuite name="kill-leader" tests="${claims + 1}" failures="0" errors="0" skipped="${claims + 1}"`,
    )
    expect(junit).toContain('name="verdict" value="skipped"')
    expect((await pgha('report', out, '--format', 'github')).out).toMatch(/^::warning .*title=SKIPPED kill-leader::/)
  })

  test('takes the place of an earlier run with --overwrite, as any other that never began', async () => {
    earlierRun()
    await leave(true)
    expect(readFileSync(join(out, 'report.txt'), 'utf8')).toMatch(/^SKIPPED /)
  })

  test('leaves it with --repeat too, whose folder is there already', async () => {
    const place = placeFor(out, false)
    mkdirSync(join(out, 'runs'), {recursive: true})
    await leaveReport(loadScenario('kill-leader'), {name: 'x'}, place, new LabError('cannot-run-here', why))
    expect(readFileSync(join(out, 'report.txt'), 'utf8')).toMatch(/^SKIPPED /)
  })
})

test.each(['config', 'usage'] as const)(
  'a scenario that could be read and does not go with this lab (%s) leaves a report that says so, red',
  async code => {
    const why = 'kill-leader needs 5 hosts, which only a new lab can have'
    await leaveReport(loadScenario('kill-leader'), {name: 'x'}, placeFor(out, false), new LabError(code, why))
    expect((await pgha('report', out, '--format', 'junit')).out).toContain(
      `<error message="the run never began: ${why}"`,
    )
  },
)

function earlierRun(folder = out): void {
  mkdirSync(join(folder, 'logs'), {recursive: true})
  for (const file of ['report.json', 'report.txt', 'logs/node1.log']) writeFileSync(join(folder, file), 'earlier')
  writeFileSync(join(folder, 'events.ndjson'), begun)
}

/** As far as it says whose it is. */
const begun = `${JSON.stringify({
  ...{at: 0, kind: 'run-started', run: '1-earlier', scenario: {name: 'earlier', clients: []}},
  topology: {hosts: [{name: 'node1'}]},
})}\n`

describe('an earlier run in the way of --overwrite', () => {
  const mine = () => join(root, 'mine.yaml')

  test('stays where the new one is not valid, and that is said', async () => {
    earlierRun()
    writeFileSync(mine(), 'about: 5\n')
    const {code, err} = await pgha('chaos', mine(), '--out', out, '--overwrite')
    expect([code, err]).toEqual([2, expect.stringContaining(`${out} still holds the earlier run\n`)])
    expect(readdirSync(out)).toContain('logs')
    expect(readFileSync(join(out, 'report.json'), 'utf8')).toBe('earlier')
  })

  test('stays where another command works on the lab, and may be the one that is writing there', async () => {
    mkdirSync(out)
    writeFileSync(join(out, 'events.ndjson'), begun)
    const scenario = loadScenario('kill-leader')
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await leaveReport(scenario, {name: 'x'}, placeFor(out, true), new LabError('busy', 'in use'))
    expect(told.mock.calls.join('')).toContain(`${out} still holds the earlier run\n`)
    expect(readdirSync(out)).toEqual(['events.ndjson'])
    writeFileSync(join(out, 'report.json'), 'written')
    await leaveReport(scenario, {name: 'x'}, placeFor(out, true), new LabError('busy', 'in use'))
    told.mockRestore()
    expect(readFileSync(join(out, 'report.json'), 'utf8')).toContain('the run never began: in use')
  })

  test('is not taken for one that has begun since and has files of the same names', async () => {
    earlierRun()
    const place = placeFor(out, true)
    clear(place)
    for (const file of ['events.ndjson', 'report.json', 'report.txt']) writeFileSync(join(out, file), 'of the new run')
    mkdirSync(join(out, 'logs'))
    writeFileSync(join(out, 'logs', 'node1.log'), '')
    await leaveReport(loadScenario('kill-leader'), {name: 'x'}, place, new LabError('engine', 'gone'))
    expect(readFileSync(join(out, 'report.json'), 'utf8')).toBe('of the new run')
  })

  test('of a suite is replaced as well, for each scenario that was not played', async () => {
    earlierRun(join(out, 'kill-leader'))
    const dead: RunChild = async () => ({exitCode: 3, stdout: '', stderr: 'no Docker engine answers\n'})
    const spies = (['stdout', 'stderr'] as const).map(one => vi.spyOn(process[one], 'write').mockReturnValue(true))
    await playSuite(
      {suite: 'failover', name: 'none', parallel: 1, labs: {profile: 'fast'}, out, overwrite: true},
      {child: dead, ready: async () => {}},
    )
    for (const spy of spies) spy.mockRestore()
    process.exitCode = undefined
    expect(readFileSync(join(out, 'kill-leader', 'report.json'), 'utf8')).toContain('the run never began')
  })

  test('of a suite that is played several times is refused before anything is raised, whichever of them it is of', async () => {
    earlierRun(join(out, 'kill-leader-2'))
    const {code, err} = await pgha('chaos', '--suite', 'failover', '--repeat', '2', '--name', 'none', '--out', out)
    expect([code, err]).toEqual([2, expect.stringContaining('kill-leader-2 holds an earlier run')])
  })
})

describe('with no engine, an --out says red that nothing was played:', () => {
  test('of a storm', async () => {
    const {code, err} = await pgha('chaos', '--storm', '10s', '--seed', '7', '--name', 'record-none', '--out', out)
    expect([code, err]).toEqual([3, expect.stringMatching(/no Docker engine answers\n {2}next: pgha-lab doctor\n$/)])
    const {out: junit} = await pgha('report', out, '--format', 'junit')
    expect(junit).toMatch(/<testsuite name="storm-7" [^>]*failures="0" errors="1"/)
    expect((await pgha('report', out, '--format', 'github')).out).toContain(`::${says}%0Anext: pgha-lab doctor\n`)
  })

  test('of a suite, once for each of its scenarios', async () => {
    const jobs = suiteJobs({suite: 'failover', profile: 'fast'})
    const dead: RunChild = async () => ({
      exitCode: 3,
      stdout: '',
      stderr: 'no Docker engine answers\n  next: pgha-lab doctor\n',
    })
    const spy = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await playSuite(
      {suite: 'failover', name: 'record-none', parallel: 1, labs: {profile: 'fast'}, out},
      {child: dead, ready: async () => {}},
    )
    const code = process.exitCode
    process.exitCode = undefined
    spy.mockRestore()
    told.mockRestore()
    expect(code).toBe(3)
    expect(readdirSync(out).toSorted()).toEqual([...jobs.map(job => job.scenario), 'suite.json'].toSorted())
    const {out: junit} = await pgha('report', out, '--format', 'junit')
    expect(junit).toMatch(new RegExp(`<testsuites [^>]*failures="0" errors="${jobs.length}"`))
    expect((await pgha('report', out, '--format', 'github')).out.match(/^::error /gm)).toHaveLength(jobs.length)
  })
})

describe('a place that cannot be used is refused before anything is touched:', () => {
  test.each([
    [
      'an earlier run',
      'holds an earlier run',
      2,
      () => {
        mkdirSync(out)
        writeFileSync(join(out, 'events.ndjson'), begun)
      },
    ],
    ['a file', 'is a file', 2, () => writeFileSync(out, '')],
    [
      'a folder of something else',
      'is not empty',
      2,
      () => {
        mkdirSync(out)
        writeFileSync(join(out, 'thesis.tex'), '')
      },
    ],
    [
      'a name that is too long',
      'ENAMETOOLONG',
      3,
      () => {
        out = join(root, 'x'.repeat(300))
      },
    ],
  ] as const)('%s', async (_, complaint, exit, make) => {
    make()
    for (const more of [[], ['--repeat', '2']]) {
      const {code, err} = await chaos('--out', out, ...more)
      expect([code, err]).toEqual([exit, expect.stringContaining(complaint)])
    }
    const storm = await pgha('chaos', '--storm', '10s', '--name', 'record-none', '--out', out)
    expect([storm.code, storm.err]).toEqual([exit, expect.stringContaining(complaint)])
    expect(existsSync(join(out, 'report.json'))).toBe(false)
  })

  test('a suite that would play into an earlier run', async () => {
    mkdirSync(join(out, 'kill-leader'), {recursive: true})
    writeFileSync(join(out, 'kill-leader', 'events.ndjson'), begun)
    const {code, err} = await pgha('chaos', '--suite', 'failover', '--name', 'record-none', '--out', out)
    expect([code, err]).toEqual([2, expect.stringContaining('kill-leader holds an earlier run')])
  })

  test('an empty --out is refused: of a variable that is not set nobody can tell what was meant', async () => {
    expect(await chaos('--out', '')).toMatchObject({code: 2, err: expect.stringContaining('It is empty')})
  })

  test('--overwrite without --out says with what it goes', async () => {
    expect(await chaos('--overwrite')).toMatchObject({
      code: 2,
      err: '--overwrite goes with --out\n  next: pgha-lab chaos --help\n',
    })
  })
})
