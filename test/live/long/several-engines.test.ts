/**
 * A suite over two engines that are reached as those of other machines are: no port of theirs is published here. The same verdicts
 * as on one of them; and one of them dies in the middle.
 */
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {expectExit, pghaLab, untilSaid} from '../cli.ts'
import {OwnEngine} from './own-engine.ts'

/** Three scenarios of a quarter of a minute each. */
const suite = 'process'
let engines: OwnEngine[] = []
let state: string
const env = () => ({XDG_STATE_HOME: state, PGHA_LAB_ALLOW_REMOTE: '1', PGHA_LAB_ENGINE_TIMEOUT: '10s'})

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'pgha-engines-state-'))
  for (const link of [1, 2]) engines.push(await OwnEngine.start({name: `pgha-engines-${link}`, link}))
}, 300_000)
afterAll(async () => {
  for (const engine of engines) await engine[Symbol.asyncDispose]()
  engines = []
  rmSync(state, {recursive: true, force: true})
}, 120_000)

interface Played {
  readonly exitCode: number
  readonly unplayed: number
  readonly scenarios: readonly {
    readonly scenario: string
    readonly ending: string
    readonly engine: string
    readonly folder: string
    readonly again?: readonly {readonly engine: string; readonly why: string}[]
  }[]
}

function play(name: string, on: readonly OwnEngine[], ...more: readonly string[]) {
  const names = on.map(engine => engine.address).join(',')
  const argv = ['chaos', '--suite', suite, '--name', name, '--engines', names, '--parallel', '1', '--json', ...more]
  return pghaLab(argv, {env: env(), timeout: 900_000})
}

function read({stdout, stderr}: {stdout?: unknown; stderr?: unknown}): Played {
  expect(String(stdout), String(stderr)).toMatch(/^\{/)
  return JSON.parse(String(stdout)) as Played
}

const verdicts = ({scenarios}: Played) =>
  Object.fromEntries(scenarios.map(one => [one.scenario, one.ending] as const).toSorted())

/** Until something in the lab is broken on purpose: the worst moment to lose its engine. */
async function untilBroken(lab: string): Promise<void> {
  const runs = join(state, 'pgha-lab', 'runs', lab)
  const broken = () =>
    existsSync(runs) &&
    readdirSync(runs).some(run => {
      const events = join(runs, run, 'events.ndjson')
      return existsSync(events) && readFileSync(events, 'utf8').includes('"kind":"fault-injected"')
    })
  for (let tries = 0; !broken(); tries++) {
    if (tries > 600) throw new Error(`nothing was broken in ${lab}`)
    await sleep(100)
  }
}

test('a suite over two engines has the same verdicts as on one, evidence of both is here, and a lab is known by its name', async () => {
  const both = read(await play('engines-two', engines, '--keep'))
  expect(new Set(both.scenarios.map(one => one.engine))).toEqual(new Set(engines.map(one => one.address)))
  for (const {folder} of both.scenarios) expect(existsSync(join(folder, 'events.ndjson'))).toBe(true)
  for (const name of ['engines-two-1', 'engines-two-2']) {
    const lab = JSON.parse((await expectExit(0, ['status', '--name', name, '--json'], {env: env()})).out)
    expect(lab).toMatchObject({lab: name, healthy: true})
    const {out} = await expectExit(0, ['psql', '--name', name, '--', '-Atc', 'select 6 * 7'], {env: env()})
    expect(out.trim()).toBe('42')
    await expectExit(0, ['down', '--name', name], {env: env()})
  }
  const one = read(await play('engines-one', engines.slice(0, 1)))
  expect(verdicts(both)).toEqual(verdicts(one))
  expect(new Set(Object.values(verdicts(one)))).toEqual(new Set(['passed']))
}, 1_200_000)

test('one that dies in the middle costs its lab only: what it played is played again on the other, and JUnit says so', async () => {
  const junit = join(state, 'junit.xml')
  const running = play('engines-dead', engines, '--junit', junit)
  await untilSaid(running, /engines-dead-2 {2}\S+\n/)
  await untilBroken('engines-dead-2')
  await engines[1]!.die()
  const played = read(await running)
  expect([...new Set(Object.values(verdicts(played)))], JSON.stringify(played, null, 2)).toEqual(['passed'])
  expect([played.exitCode, played.unplayed]).toEqual([0, 0])
  const lost = played.scenarios.flatMap(one => one.again ?? [])
  expect(lost.map(one => one.engine)).toEqual([engines[1]!.address])
  expect(readFileSync(junit, 'utf8')).toContain(
    `played again: the engine ${engines[1]!.address} did not answer any more`,
  )
  // The lab of the other one is gone, and nothing of this one can be told.
  await expectExit(3, ['status', '--name', 'engines-dead-1'], {env: env()})
}, 1_200_000)
