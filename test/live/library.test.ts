/** The library does what the page on it shows: code of its own is observed, breaks something, and is judged. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout} from 'node:timers/promises'
import {execa} from 'execa'
import pg from 'pg'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {
  Docker,
  exitCodes,
  inForce,
  judge,
  lockLab,
  observe,
  openOurs,
  Recorder,
  raiseLab,
  readRun,
} from '../../lab/index.ts'
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

test('a lab that is there is used as it is, breaks around an app of its own, is judged, and stays', async () => {
  await using lab = await raiseLab({name})
  // What an app does that is to survive this: it lets go of a server that says nothing.
  const limits = {connectionTimeoutMillis: 2000, query_timeout: 2000}
  const app = new pg.Pool({connectionString: lab.uri('read-write'), max: 2, ...limits})
  app.on('error', () => {}) // the server that it was connected to has gone
  const before = await lab.leader()
  const signal = AbortSignal.timeout(120_000)
  const run = await lab.during({inject: 'kill', what: 'host', on: 'leader', as: 'crash'}, async crash => {
    expect(crash).toMatchObject({id: 'crash', hosts: [before], held: true})
    for (;;) {
      signal.throwIfAborted()
      const written = await app.query('select current_setting($1) as host', ['pgha_lab.host']).catch(() => undefined)
      if (written !== undefined && written.rows[0].host !== before) return written.rows[0].host as string
      await setTimeout(200)
    }
  })
  await app.end()
  expect(run.report, JSON.stringify(run.report.findings)).toMatchObject({
    verdict: 'pass',
    scenario: 'during',
    ended: null,
  })
  expect(run.value).not.toBe(before)
  const {out} = await expectExit(0, ['judge', run.folder, '--json'])
  expect(JSON.parse(out)).toMatchObject({verdict: 'pass', run: run.report.run})
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
