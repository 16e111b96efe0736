/** The library does what the page on it shows: code of its own is observed, breaks something, and is judged. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {Docker, exitCodes, inForce, judge, lockLab, observe, openOurs, Recorder, readRun} from '../../lab/index.ts'
import {expectExit} from './cli.ts'

const name = 'live-library'
const story = join(import.meta.dirname, '..', '..', 'docs', 'story.ts')
const folder = mkdtempSync(join(tmpdir(), 'pgha-story-'))

beforeAll(async () => {
  await expectExit(0, ['down', '--name', name])
  await expectExit(0, ['up', '--name', name, '--profile', 'fast'])
})
afterAll(async () => {
  await expectExit(0, ['down', '--name', name])
  rmSync(folder, {recursive: true})
})

test('an observation that is interrupted ends early, and says so', async () => {
  await using lab = await openOurs(new Docker(), name)
  using _lock = lockLab(name, 'a story that is cut short')
  using history = new Recorder()
  const controller = new AbortController()
  const cut = async () => {
    await using watch = await observe(lab, history, {
      ...{clients: [{kind: 'writers', count: 1, perSecond: 10, through: 'primary'}], signal: controller.signal},
    })
    controller.abort()
    await watch.steady()
  }
  const error = await cut().catch((error: unknown) => error)
  expect(error, String(error)).toMatchObject({code: 'interrupted', exitCode: exitCodes.interrupted})
  expect(judge(history.sealed())).toMatchObject({verdict: 'unknown', ended: {how: 'interrupted'}})
})

test('the story of docs/reference/library.md passes, and leaves a lab that is whole', async () => {
  const {stdout} = await execa(process.execPath, [story, name], {cwd: folder})
  expect(stdout).toMatch(/^PostgreSQL on node\d stands still\npass: /)
  expect(inForce(name)).toEqual([])
  await expectExit(0, ['heal', '--name', name, '--json']).then(({out}) =>
    expect(JSON.parse(out)).toMatchObject({mended: []}),
  )
})

test('its history is that of a run: the commands show it and judge it again', async () => {
  const {history} = await readRun(folder)
  expect(judge(history)).toMatchObject({
    verdict: 'pass',
    scenario: 'story',
    faults: [{id: 'pause', held: true, mendedAt: expect.any(Number)}],
    findings: [{verdict: 'pass'}, {verdict: 'pass'}, {verdict: 'pass'}],
    ended: null,
  })
  const {out} = await expectExit(0, ['judge', folder, '--json'])
  expect(JSON.parse(out)).toMatchObject({verdict: 'pass', scenario: 'story'})
})
