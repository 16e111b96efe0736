/**
 * One lab over three engines in a network of their own, each reached as that of another machine is: raised, written to, failed over, cut
 * in two between the engines and healed; one of them is away in the middle of a run; and what `down` leaves.
 */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {expectExit, pghaLab, untilSaid} from '../cli.ts'
import {OwnEngine} from './own-engine.ts'
import {OwnLan} from './own-lan.ts'

let lan: OwnLan
const engines: OwnEngine[] = []
let folder: string
const env = () => ({XDG_STATE_HOME: folder, PGHA_LAB_ALLOW_REMOTE: '1', PGHA_LAB_ENGINE_TIMEOUT: '20s'})
const file = () => join(folder, 'lab.yaml')
const lab = ['--name', 'three-engines']
const run = (code: number, ...argv: readonly string[]) => expectExit(code, argv, {env: env(), timeout: 400_000})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-three-engines-'))
  lan = await OwnLan.start()
  for (const number of [1, 2, 3])
    engines.push(await OwnEngine.start({name: `pgha-three-engines-${number}`, lan: {network: lan, number}}))
  const lines = engines.map(({address}, index) => `  node${index + 1}: ${address}\n`)
  writeFileSync(file(), `profile: fast\nengines:\n${lines.join('')}`)
}, 600_000)
afterAll(async () => {
  for (const engine of engines) await engine[Symbol.asyncDispose]()
  await lan?.[Symbol.asyncDispose]()
  rmSync(folder, {recursive: true, force: true})
}, 120_000)

const printed = async (engine: OwnEngine, ...argv: readonly string[]) => String((await engine.docker(argv)).stdout)
const ofLab = async (engine: OwnEngine) => {
  const filter = ['--filter', 'label=pgha-lab.lab=three-engines']
  return [
    await printed(engine, 'ps', '--all', '--quiet', ...filter),
    await printed(engine, 'network', 'ls', '--quiet', ...filter),
    await printed(engine, 'volume', 'ls', '--quiet', ...filter),
  ].join('')
}

test('engines that are no swarm are refused with the place and what forms one, which works as pasted', async () => {
  const up = ['up', '--topology', file(), ...lab]
  const [first] = engines
  const none = await run(3, ...up)
  expect(none.err).toContain(`${file()}:3:10: ${first!.address} is in no swarm`)
  expect(none.err).toContain(`docker -H ${first!.address} swarm init --advertise-addr `)
  await first!.docker(['swarm', 'init', '--advertise-addr', lan.addressOf(1)])
  for (const [index, {address}] of engines.entries()) {
    if (index === 0) continue
    const outside = await run(3, ...up)
    expect(outside.err).toContain(`${file()}:${index + 3}:10: ${address} is not in the swarm of ${first!.address}`)
    const commands = [...outside.err.matchAll(/docker -H \S+ swarm join .*/g)]
    expect(commands).toHaveLength(engines.length - index)
    await execa('sh', ['-c', commands[0]![0]])
  }
  expect(await ofLab(first!)).toBe('')
})

test('it comes up with each host on its own engine, and is asked and written to by its name alone', async () => {
  await run(0, 'up', '--topology', file(), ...lab)
  const names = async (engine: OwnEngine) =>
    (await printed(engine, 'ps', '--format', '{{.Names}}')).split('\n').toSorted()
  const called = (...hosts: readonly string[]) => hosts.map(host => `pgha-lab-three-engines-${host}`)
  expect(await names(engines[0]!)).toEqual(called('app1', 'node1', 'observer', 'proxy1'))
  expect(await names(engines[1]!)).toEqual(called('node2'))
  expect(await names(engines[2]!)).toEqual(called('node3'))
  expect(await printed(engines[1]!, 'volume', 'ls', '--quiet')).not.toContain('node1')
  expect(JSON.parse((await run(0, 'status', ...lab, '--json')).out)).toMatchObject({healthy: true})
  const sql = 'create table seen as select 6 * 7 as n; select n from seen'
  expect((await run(0, 'psql', ...lab, '--', '-qAtc', sql)).out.trim()).toBe('42')
}, 600_000)

test.each(['kill-leader', 'leader-isolated'])(
  '%s passes, mended on whichever engine it struck',
  async scenario => {
    await run(0, 'up', ...lab) // healthy, also on a machine that is busy
    const {out} = await run(0, 'chaos', scenario, ...lab, '--json')
    const report = JSON.parse(out) as {verdict: string; folder: string}
    expect(report.verdict).toBe('pass')
    const events = readFileSync(join(report.folder, 'events.ndjson'), 'utf8').trim().split('\n')
    const clocks = events.map(line => JSON.parse(line)).filter(one => one.kind === 'clock' && one.who === 'engine')
    expect(new Set(clocks.map(one => one.engine))).toEqual(new Set(engines.map(one => one.address)))
  },
  600_000,
)

test('an engine that is away in the middle makes the run inconclusive, and is named', async () => {
  const running = pghaLab(['chaos', 'kill-leader', ...lab, '--plain'], {env: env(), timeout: 400_000})
  await untilSaid(running, /-- steps/)
  await engines[1]!.kill()
  const {exitCode, stdout, stderr} = await running
  await engines[1]!.startDockerd()
  expect(String(stdout).replaceAll(/\s+/g, ' ')).toContain(`the Docker engine ${engines[1]!.address} did not answer`)
  expect([3, 4, 5], String(stderr)).toContain(exitCode)
  await run(0, 'heal', ...lab)
  await run(0, 'up', ...lab)
}, 600_000)

test('with the machine of one of them gone, down removes what the others have, says what is left where, and ends', async () => {
  const [first, second, third] = engines as [OwnEngine, OwnEngine, OwnEngine]
  await third.die()
  const {err} = await run(3, 'down', ...lab)
  expect(err).toContain(`lab three-engines is not gone: what it has on ${third.address} is left there.`)
  expect(err).toMatch(/\n +pgha-lab down --name three-engines$/)
  const filter = ['--all', '--quiet', '--filter', 'label=pgha-lab.lab=three-engines']
  for (const engine of [first, second]) expect(await printed(engine, 'ps', ...filter)).toBe('')
  await third.startDockerd()
  expect(await printed(third, 'ps', ...filter)).not.toBe('')
  // A manager that knows the network to be in use until the engine is back.
  await expect
    .poll(() => printed(first, 'node', 'ls', '--format', '{{.Status}}'), {timeout: 60_000})
    .not.toContain('Down')
}, 300_000)

test('down leaves nothing on any of them, and all in their swarm', async () => {
  await run(0, 'down', ...lab)
  for (const engine of engines) {
    // A worker hears a moment later that the network has gone.
    await expect.poll(() => ofLab(engine), {message: engine.name, timeout: 30_000}).toBe('')
    expect(await printed(engine, 'info', '--format', '{{.Swarm.LocalNodeState}}')).toBe('active')
  }
}, 300_000)
