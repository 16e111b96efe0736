/** One lab, one kill-leader, a group of writers for each driver that there is an agent for. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {driverOf, drivers} from '../../lab/client-group.ts'
import type {Event, Of} from '../../lab/event.ts'
import type {Report} from '../../lab/report.ts'
import {expectExit, pghaLab} from './cli.ts'

const lab = ['--name', 'live-drivers']

beforeAll(async () => {
  await expectExit(0, ['down', ...lab])
  await expectExit(0, ['up', ...lab, '--profile', 'fast'])
})
afterAll(() => expectExit(0, ['down', ...lab]))

test('every driver comes back from kill-leader, loses nothing that it was promised, and uses no id of another', async () => {
  const argv = ['chaos', 'kill-leader', ...lab, '--clients', drivers.join(','), '--json']
  // Inconclusive on a starved machine: what is claimed here are facts and not times, so that is no matter.
  const {exitCode, stdout, stderr} = await pghaLab(argv)
  expect([0, 4], String(stderr)).toContain(exitCode)
  const report = JSON.parse(String(stdout)) as Report & {folder: string}
  const events = readFileSync(join(report.folder, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Event)
  const of = <K extends Event['kind']>(kind: K) => events.filter((event): event is Of<K> => event.kind === kind)
  const fault = of('fault-injected')[0]!.at
  const promoted = Math.max(...of('op').map(op => op.timeline ?? 0))
  const kept = of('final-rows').toSorted((a, b) => b.timeline - a.timeline)[0]!
  const isKept = (id: number) => kept.ranges.some(([from, to]) => from <= id && id <= to)
  const usedBy = new Map<number, string>()

  for (const driver of drivers) {
    const writes = of('op').filter(op => op.op === 'write' && driverOf(op.client) === driver)
    const clients = [...new Set(writes.map(op => op.client))]
    expect(clients.length, driver).toBeGreaterThan(0)
    for (const client of clients) {
      const own = writes.filter(op => op.client === client && op.outcome === 'ok')
      const before = own.findLast(op => op.timeline! < promoted)
      const after = own.find(op => op.timeline === promoted)
      expect(before?.sentAt, client).toBeLessThan(fault)
      expect(after?.sentAt, client).toBeGreaterThan(fault)
      // The outage is longer than any pause between two writes of a client, and not so long that it never came back.
      expect(after!.at - before!.at, client).toBeGreaterThan(1_000_000)
      expect(after!.at - before!.at, client).toBeLessThan(30_000_000)
    }
    const away = new Set(of('client-disconnected').flatMap(one => (driverOf(one.client) === driver ? one.client : [])))
    const back = of('client-connected').filter(one => one.at > fault && away.has(one.client))
    expect(away.size, driver).toBeGreaterThan(0)
    expect(new Set(back.map(one => one.client)), driver).toEqual(away)

    // Acknowledged on the old timeline may be the asynchronous tail, which `no-lost-writes` judges.
    const lost = writes.filter(op => op.outcome === 'ok' && op.timeline === promoted && !isKept(op.id))
    expect(lost, driver).toEqual([])
    for (const {id} of writes) {
      expect(usedBy.get(id), `id ${id}`).toBeUndefined()
      usedBy.set(id, driver)
    }
  }
  expect(kept.duplicates).toEqual([])
  expect(of('clock').filter(one => one.who === 'app1')).toHaveLength(2)
  for (const clock of of('clock')) expect(clock.uncertaintyMicros).toBeLessThan(50_000)
})
