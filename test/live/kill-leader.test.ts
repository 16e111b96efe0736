import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {Docker} from '../../lab/engine/docker.ts'
import {driverOf, drivers} from '../../lab/history/client-group.ts'
import type {Event, Of} from '../../lab/history/event.ts'
import type {Report} from '../../lab/judge/report.ts'
import {expectExit} from './cli.ts'

const name = 'live-kill-leader'
const lab = ['--name', name]

type Played = Report & {readonly folder: string}

const finding = (report: Report, expectation: string) =>
  report.findings.find(one => one.expectation.startsWith(expectation))

describe('a lab', () => {
  beforeAll(async () => {
    await expectExit(0, ['down', ...lab])
    await expectExit(0, ['up', ...lab, '--profile', 'fast'])
  })
  afterAll(() => expectExit(0, ['down', ...lab]))

  test('that is up already is left as it is', async () => {
    const docker = new Docker()
    const before = (await docker.containers(name)).map(one => one.id).sort()
    const {out} = await expectExit(0, ['up', ...lab, '--json'])
    expect(JSON.parse(out)).toMatchObject({how: 'already'})
    expect((await docker.containers(name)).map(one => one.id).sort()).toEqual(before)
  })

  test('is refused other settings under the same name', async () => {
    const {err} = await expectExit(2, ['up', ...lab, '--profile', 'default'])
    expect(err).toMatch(/exists with another topology or other settings/)
  })

  describe('under kill-leader, with a group of clients for each driver beside its own', () => {
    let said: string
    let report: Played
    let events: Event[]
    const of = <K extends Event['kind']>(kind: K) => events.filter((event): event is Of<K> => event.kind === kind)

    beforeAll(async () => {
      const {out, err} = await expectExit(0, ['chaos', 'kill-leader', ...lab, '--clients', 'all', '--json'])
      report = JSON.parse(out) as Played
      const recorded = readFileSync(join(report.folder, 'events.ndjson'), 'utf8')
      events = recorded
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Event)
      said = err + out + recorded
    })

    test('passes, with every phase measured and all evidence kept', async () => {
      expect(report.verdict).toBe('pass')
      expect(report.findings.map(one => one.verdict)).toEqual(report.findings.map(() => 'pass'))
      for (const row of finding(report, 'failover')?.phases ?? [])
        expect(row, row.name).toMatchObject({verdict: 'pass', measured: expect.any(Number)})
      expect(finding(report, 'failover')?.phases?.length).toBeGreaterThanOrEqual(5)
      expect(report.faults).toMatchObject([{mendedAt: expect.any(Number), proof: expect.any(String)}])
      const own = of('op').filter(op => op.op === 'write' && op.outcome === 'ok' && /^w\d+$/.test(op.client))
      expect(own.length).toBeGreaterThan(1000)
      expect(readdirSync(report.folder).sort()).toEqual([
        'events.ndjson',
        'logs',
        'report.html',
        'report.json',
        'report.md',
        'report.txt',
      ])
      expect(readdirSync(join(report.folder, 'logs')).sort()).toEqual([
        'app1.log',
        'node1.log',
        'node2.log',
        'node3.log',
        'proxy1.log',
      ])
      for (const password of await passwords()) expect(said).not.toContain(password)
    })

    test('has every driver back, nothing lost that it was promised, and no id used by two', () => {
      const fault = of('fault-injected')[0]!.at
      const promoted = of('op').reduce((highest, op) => Math.max(highest, op.timeline ?? 0), 0)
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
        const away = new Set(
          of('client-disconnected').flatMap(one => (driverOf(one.client) === driver ? one.client : [])),
        )
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
      expect(of('clock').filter(one => one.who === 'clients')).toHaveLength(2)
      for (const clock of of('clock')) expect(clock.uncertaintyMicros).toBeLessThan(50_000)
    })

    test('lists every driver and pgbench side by side, each with an outage that it came back from', () => {
      expect([...new Set(report.drivers.map(row => row.driver))].sort()).toEqual([...drivers, 'pgbench'].sort())
      for (const row of report.drivers) {
        expect(row, row.driver).toMatchObject({neverBack: 0, outages: row.clients})
        expect(row.outageMaxMicros, row.driver).toBeGreaterThan(1_000_000)
      }
    })
  })
})

test('down leaves nothing that carries the label', async () => {
  expect(await new Docker().leftovers(name)).toEqual({containers: 0, networks: 0, volumes: 0})
})

/** As the compose file holds them. */
async function passwords(): Promise<string[]> {
  const {out} = await expectExit(0, ['psql', ...lab, '--url'])
  const superuser = await expectExit(0, ['psql', ...lab, '--url', '--superuser'])
  return [out, superuser.out].map(url => new URL(url.trim()).password)
}
