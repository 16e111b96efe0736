/** What a matrix makes of its runs, and that each lab is gone before the next one is raised. */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {renderMatrix} from '../../../cli/render/matrix-text.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {type MeasuredRun, measureRun} from '../../../lab/judge/measure-run.ts'
import {summarise} from '../../../lab/run/repeat.ts'
import {loadScenario} from '../../../lab/scenario/index.ts'
import {matrixOf, playMatrix} from '../../../lab/suite/matrix.ts'
import {variantsOf} from '../../../lab/suite/variants.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {cleanRun} from '../checks/history-builder.ts'

const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-matrix-'))
afterAll(() => rmSync(folder, {recursive: true}))

const clean = measureRun(historyOf(cleanRun()))
/** Runs that took so many seconds. */
const took = (...seconds: readonly number[]): MeasuredRun[] =>
  seconds.map(total => ({...clean, values: {...clean.values, total: total * 1e6}}))
const summaryOf = (runs: readonly MeasuredRun[], asked = runs.length) =>
  summarise(
    runs.map((run, index) => ({...run, folder: `runs/${index}`})),
    {
      ...{scenario: 'kill-leader', lab: 'm', asked, phase: 'spread', seed: 1},
    },
  )
const cell = (variant: string, runs: readonly MeasuredRun[]) => ({
  ...{scenario: 'kill-leader', variant, summary: summaryOf(runs), says: '', skipped: false},
})
const variants = ['a', 'b', 'c'].map(says => ({says}))
const plain = (matrix: ReturnType<typeof matrixOf>) => renderMatrix(matrix, {color: false, width: 120})

describe('beside the first lab', () => {
  test('what differs by more than chance is told with how much', () => {
    const matrix = matrixOf(
      variants,
      [{name: 'kill-leader'}],
      [
        cell('a', took(20, 20.1, 20.2, 20.3, 20.4, 20.5)),
        cell('b', took(25, 25.1, 25.2, 25.3, 25.4, 25.5)),
        cell('c', took(20.05, 20.15, 20.25, 20.35, 20.45, 20.55)),
      ],
    )
    expect(matrix.cells.map(one => one.against?.significant ?? null)).toEqual([null, true, false])
    expect(matrix).toMatchObject({
      verdict: 'pass',
      exitCode: 0,
      says: '3 of 3 passed, 1 differs from the first by more than chance',
    })
    expect(plain(matrix)).toMatch(/b +25\.25 s +25\.00 s +25\.50 s +5\.00 s longer\n.*c +.*no more than chance/)
  })

  test('so few runs tell nothing, and how many could is said', () => {
    const matrix = matrixOf(variants, [{name: 'kill-leader'}], [cell('a', took(20, 21)), cell('b', took(40, 41))])
    expect(matrix.cells[1]?.against).toMatchObject({significant: null, needed: 4})
    expect(matrix.verdict).toBe('unknown')
    expect(plain(matrix)).toMatch(/4 runs each could tell/)
    expect(plain(matrix)).toMatch(/c .*not played/)
  })
})

describe('playing', () => {
  const labs = variantsOf(['patroni.loop_wait=1s,5s'], {profile: 'fast'})
  const scenario = loadScenario('kill-leader')
  const options = {times: 1, name: 'm', out: join(folder, 'out'), signal: new AbortController().signal}
  const means = (told: string[], errorOf: (lab: string) => LabError | undefined = () => undefined) => ({
    raise: async ({name, topology}: {name: string; topology: Topology}) => {
      told.push(`up ${name} ${topology.profile} ${topology.release} ${topology.patroni.loopWaitSeconds} s`)
      return {lab: {name}, [Symbol.asyncDispose]: async () => void told.push(`down ${name}`)} as never
    },
    repeat: async (lab: {name: string}) => {
      told.push(`play ${lab.name}`)
      const error = errorOf(lab.name)
      return {folder: '', summary: summaryOf(error === undefined ? took(20) : [], 1), error}
    },
  })

  test('raises each lab, plays, and removes it before the next one', async () => {
    const told: string[] = []
    const {matrix, error} = await playMatrix(labs, [scenario], options, means(told) as never)
    expect(told).toEqual([
      ...['up m-1 fast trixie 1 s', 'play m-1', 'down m-1'],
      ...['up m-2 fast trixie 5 s', 'play m-2', 'down m-2'],
    ])
    expect([matrix.verdict, error]).toEqual(['pass', undefined])
    expect(JSON.parse(readFileSync(join(folder, 'out', 'matrix.json'), 'utf8'))).toMatchObject({
      schema: 1,
      verdict: 'pass',
    })
  })

  test.each([
    [['release=bookworm,forky'], ({release}: Topology) => release],
    [['topology=colocated,single-etcd'], ({hosts}: Topology) => hosts.length],
    [['profile=fast,default'], ({profile}: Topology) => profile],
    [['haproxy.fall=2,3'], ({haproxy}: Topology) => haproxy.fall],
  ] as const)('of %s each lab has what it is called by', async (vary, what) => {
    const raised: unknown[] = []
    const {repeat} = means([])
    const raise = async ({topology}: {topology: Topology}) => {
      raised.push(what(topology))
      return {lab: {}, [Symbol.asyncDispose]: async () => {}}
    }
    await playMatrix(variantsOf(vary, {}), [scenario], options, {raise, repeat} as never)
    expect(new Set(raised).size).toBe(2)
  })

  test('what a lab cannot do is skipped there; a lab that broke ends it, removed and said', async () => {
    const told: string[] = []
    const cannot = (lab: string) => (lab === 'm-1' ? new LabError('cannot-run-here', 'no watchdog') : undefined)
    const skipped = await playMatrix(labs, [scenario], options, means(told, cannot) as never)
    expect(skipped.matrix).toMatchObject({
      verdict: 'pass',
      cells: [{skipped: true, says: 'no watchdog'}, {skipped: false}],
    })
    const broken: string[] = []
    const ended = await playMatrix(
      labs,
      [scenario],
      options,
      means(broken, () => new LabError('heal-failed', 'it is broken')) as never,
    )
    expect(broken.at(-1)).toBe('down m-1')
    expect(ended).toMatchObject({matrix: {verdict: 'unknown'}, error: {code: 'heal-failed'}})
  })

  test('a lab that cannot be raised ends it, and what was played before is kept', async () => {
    const told: string[] = []
    const {raise, repeat} = means(told)
    const second = (wanted: Parameters<typeof raise>[0]) => {
      if (wanted.name === 'm-2') throw new LabError('engine', 'the engine is gone')
      return raise(wanted)
    }
    const {matrix, error} = await playMatrix(labs, [scenario], options, {
      ...{repeat, raise: async (wanted: Parameters<typeof raise>[0]) => await second(wanted)},
    } as never)
    expect(error).toMatchObject({code: 'engine'})
    expect(matrix).toMatchObject({
      verdict: 'unknown',
      cells: [{summary: {verdict: 'pass'}}, {summary: null, says: 'not played'}],
    })
    expect(JSON.parse(readFileSync(join(folder, 'out', 'matrix.json'), 'utf8'))).toMatchObject({verdict: 'unknown'})
  })
})
