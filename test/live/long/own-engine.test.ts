/** What happens to the engine and the disks in the middle of a run, on an engine of the test's own. */
import {mkdirSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from 'vitest'
import type {Report} from '../../../lab/judge/report.ts'
import {untilSaid} from '../cli.ts'
import {OwnEngine} from './own-engine.ts'

const name = 'own'
const lab = ['--name', name]

let engine: OwnEngine
let state: string

beforeAll(async () => {
  engine = await OwnEngine.start()
  state = mkdtempSync(join(tmpdir(), 'pgha-own-state-'))
})
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]()
  rmSync(state, {recursive: true, force: true})
})

const pghaLab = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  engine.pghaLab(argv, {XDG_STATE_HOME: state, PGHA_LAB_ENGINE_TIMEOUT: '5s', ...env})

async function expectExit(code: number, argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const {exitCode, stdout, stderr} = await pghaLab(argv, env)
  const [out, err] = [String(stdout), String(stderr)]
  expect(exitCode, `pgha-lab ${argv.join(' ')}\n${out}\n${err}`).toBe(code)
  return {out, err}
}

beforeEach(() => expectExit(0, ['up', ...lab, '--profile', 'fast']))
afterEach(async () => {
  await engine.restore()
})

/** The run's own account, as far as it was written. */
function reportIn(folder: string): Report {
  return JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report
}

const whole = async () => JSON.parse((await expectExit(0, ['status', ...lab, '--json'])).out)

test('an engine killed and started again in the middle of kill-leader: no verdict is passed or failed, and heal mends', async () => {
  const out = join(state, 'killed')
  const run = pghaLab(['chaos', 'kill-leader', ...lab, '--out', out])
  await untilSaid(run, /took hold/)
  await engine.kill()
  await engine.startDockerd()
  const {exitCode, stderr} = await run
  expect([3, 4, 5], String(stderr)).toContain(exitCode)
  expect(reportIn(out).verdict).toBe('unknown')
  await expectExit(0, ['heal', ...lab])
  expect(await whole()).toMatchObject({healthy: true, faultsInForce: []})
})

test('an engine that is killed in the middle and stays away: what is in force is named, and healed when it is back', async () => {
  const out = join(state, 'away')
  const run = pghaLab(['chaos', 'kill-leader', ...lab, '--out', out])
  await untilSaid(run, /took hold/)
  await engine.kill()
  const {exitCode, stderr} = await run
  expect(exitCode, String(stderr)).toBe(5)
  expect(String(stderr)).toMatch(
    /still in force: start node\d again: no Docker engine answers\n {2}next: to go on healing:\n {8}pgha-lab heal --name own\n/,
  )
  expect(reportIn(out).verdict).toBe('unknown')
  await engine.startDockerd()
  await expectExit(0, ['heal', ...lab])
  expect(await whole()).toMatchObject({healthy: true, faultsInForce: []})
})

test('the first Ctrl-C while the engine hangs and the leader is down: exit code 5, what is in force is named, a report', async () => {
  const out = join(state, 'hung')
  const run = pghaLab(['chaos', 'kill-leader', ...lab, '--out', out], {PGHA_LAB_ENGINE_TIMEOUT: '60s'})
  await untilSaid(run, /took hold/)
  engine.hang()
  run.kill('SIGINT')
  const {exitCode, stderr} = await run
  expect(exitCode, String(stderr)).toBe(5)
  expect(String(stderr)).toMatch(/start node\d again: the Docker engine did not answer within/)
  expect(String(stderr)).toMatch(/next: to go on healing:\n {8}pgha-lab heal --name own\n/)
  expect(reportIn(out).verdict).toBe('unknown')
  engine.goOn()
  await expectExit(0, ['heal', ...lab])
  expect(await whole()).toMatchObject({healthy: true, faultsInForce: []})
})

test("the engine's disk is full in the middle of a run, and free again: no verdict, healed, and a log that was torn is refused until the lab is raised anew", async () => {
  const out = join(state, 'full')
  const run = pghaLab(['chaos', 'kill-leader', ...lab, '--out', out])
  await untilSaid(run, /took hold/)
  await engine.fillDisk()
  const {exitCode, stderr} = await run
  expect([3, 5], String(stderr)).toContain(exitCode)
  expect(String(stderr)).toMatch(/the disk of the Docker engine is full/)
  expect(reportIn(out).verdict).toBe('unknown')
  await engine.freeDisk()
  await expectExit(0, ['heal', ...lab])
  expect(await whole()).toMatchObject({healthy: true, faultsInForce: []})
  // Whether it tears one is a matter of chance.
  await engine.tearLog('node1')
  const {err} = await expectExit(3, ['chaos', 'switchover', ...lab])
  expect(err).toMatch(/cannot read the log of \w+ any more/)
  expect(err).toMatch(/pgha-lab down --name own\n\s+pgha-lab up .*--name own/)
  await expectExit(0, ['down', ...lab])
  await expectExit(0, ['up', ...lab, '--profile', 'fast'])
  await expectExit(0, ['chaos', 'switchover', ...lab])
})

test('the disk of the state directory is full in the middle of a run: it is said and healed, and the next run works', async () => {
  const small = join(state, 'small')
  mkdirSync(small)
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small])
  try {
    await execa('cp', ['-a', join(state, 'pgha-lab'), small])
    const run = pghaLab(['chaos', 'kill-leader', ...lab], {XDG_STATE_HOME: small})
    await untilSaid(run, /took hold/)
    await execa('dd', ['if=/dev/zero', `of=${small}/filling`, 'bs=64k'], {reject: false})
    const {exitCode, stderr} = await run
    expect([3, 5], String(stderr)).toContain(exitCode)
    expect(String(stderr)).toMatch(/the disk is full|cannot be written/)
    rmSync(join(small, 'filling'))
    await expectExit(0, ['heal', ...lab], {XDG_STATE_HOME: small})
    await expectExit(0, ['chaos', 'switchover', ...lab], {XDG_STATE_HOME: small})
  } finally {
    await execa('umount', [small])
  }
})
