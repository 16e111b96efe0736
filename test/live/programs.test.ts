/** Clients that know nothing of us: pgbench on app1, and a container of a person's own. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {Docker} from '../../lab/engine/docker.ts'
import type {Event} from '../../lab/history/event.ts'
import type {Micros} from '../../lab/words/quantity.ts'
import {expectExit, expectStatus, pghaLab} from './cli.ts'

const name = 'live-programs'
const lab = ['--name', name]
const docker = new Docker()
let folder = ''
let scenario = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-lab-programs-'))
  await expectExit(0, ['down', ...lab])
  await expectExit(0, ['up', ...lab, '--profile', 'fast'])
  const app = (await docker.containers(name)).find(one => one.host === 'app1')
  scenario = scenarioWith(app!.image, 'programs.yaml')
})
afterAll(async () => {
  await expectExit(0, ['down', ...lab])
  rmSync(folder, {recursive: true, force: true})
})

/** The image of app1 stands for a person's own: it has psql, and nothing of it knows of this run. */
function scenarioWith(image: string, file: string): string {
  const path = join(folder, file)
  const loop = 'echo at work; while :; do psql -qXc "INSERT INTO mine VALUES (now())"; sleep 0.1; done'
  writeFileSync(
    path,
    `about: Programs go through a switchover.
clients:
  - {writers: 2, rate: 50/s, through: primary}
  - {pgbench: 2, rate: 20/s, through: primary}
  - client:
      image: ${image}
      name: mine
      environment: {PGCONNECT_TIMEOUT: '3'}
      command: [sh, -c, 'psql -qXc "CREATE TABLE IF NOT EXISTS mine (at timestamptz)"; ${loop}']
    rate: 20/s
    through: primary
steps:
  - hold: 1s
  - {inject: switchover, on: replica, as: handover}
  - {until: new-leader, within: 60s}
  - hold: 3s
expect:
  - no-lost-writes
`,
  )
  return path
}

/** Of each client, when something was acknowledged. */
function acknowledged(events: readonly Event[]): Map<string, Micros[]> {
  const times = new Map<string, Micros[]>()
  for (const event of events)
    if ((event.kind === 'op' || event.kind === 'transaction') && event.outcome === 'ok' && event.op === 'write')
      times.set(event.client, [...(times.get(event.client) ?? []), event.at])
  return times
}

/** The longest time without an answer that the client came back from; its last one ended after `fault`. */
function outage(times: readonly Micros[], fault: Micros): {from: Micros; to: Micros} {
  const gaps = times.slice(1).map((to, index) => ({from: times[index]!, to}))
  return gaps.filter(gap => gap.to > fault).reduce((a, b) => (b.to - b.from > a.to - a.from ? b : a))
}

test('a switchover interrupts pgbench and a container of somebody else as it does our own clients', async () => {
  const out = join(folder, 'run')
  await expectExit(0, ['chaos', scenario, ...lab, '--out', out])
  const events = readFileSync(join(out, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Event)
  const fault = events.find(event => event.kind === 'fault-injecting')!.at
  const times = acknowledged(events)
  const reference = outage(times.get('w1')!, fault)
  expect(reference.to - reference.from).toBeGreaterThan(300_000)
  for (const client of ['pgbench-w1', 'mine-w1']) {
    const seen = outage(times.get(client) ?? [], fault)
    // The same seconds, more or less: one that comes back later has its own pause between two attempts.
    expect(Math.abs(seen.from - reference.from), client).toBeLessThan(1_000_000)
    expect(Math.abs(seen.to - reference.to), client).toBeLessThan(4_000_000)
    const connected = events.filter(event => event.kind === 'client-connected' && event.client === client)
    expect(
      connected.every(event => event.kind === 'client-connected' && event.server !== null),
      client,
    ).toBe(true)
    const servers = events.filter(event => event.kind === 'transaction' && event.client === client)
    expect(new Set(servers.map(event => event.kind === 'transaction' && event.server)).size, client).toBe(2)
  }
  expect(readFileSync(join(out, 'logs', 'mine.log'), 'utf8')).toMatch(/at work/)
  expect(await docker.programs(name)).toEqual([])
})

test('while a run goes on its program is no leftover; one that is killed leaves it, which status names and heal removes', async () => {
  const run = pghaLab(['chaos', scenario, ...lab, '--out', join(folder, 'killed')])
  for (let tries = 0; (await docker.programs(name)).length === 0; tries++) {
    if (tries > 600) throw new Error('the program was not started within 60 s')
    await sleep(100)
  }
  const during = (await expectStatus([...lab])).out
  expect(during).toMatch(/in use by `pgha-lab chaos .*` \(pid \d+\)/)
  expect(during).not.toMatch(/remove the container|pgha-lab heal/)
  run.kill('SIGKILL')
  await run
  expect((await expectStatus([...lab])).out).toMatch(/remove the container of the program mine/)
  expect((await expectExit(0, ['heal', ...lab])).err).toMatch(/mended: remove the container of the program mine/)
  expect(await docker.programs(name)).toEqual([])
})

test('an image that is not here is told before anything is touched', async () => {
  const missing = scenarioWith('pgha-lab/nobody-has:this', 'missing.yaml')
  const {err} = await expectExit(3, ['chaos', missing, ...lab, '--out', join(folder, 'missing')])
  expect(err).toMatch(/the image pgha-lab\/nobody-has:this of the client mine is not on this machine/)
  expect(err).toMatch(/docker pull pgha-lab\/nobody-has:this/)
})

test('down takes a program that still runs with the lab', async () => {
  const allocation = (await import('../../lab/state/state.ts')).loadLab(name)!.allocation
  await docker.startProgram(name, {
    ...{name: 'left', image: allocation.images.app, command: ['sleep', '600'], environment: {}, secrets: []},
    address: allocation.subnet.replace(/\.0\/24$/, '.254'),
  })
  await expectExit(0, ['down', ...lab])
  expect(await docker.leftovers(name)).toEqual({containers: 0, networks: 0, volumes: 0})
})
