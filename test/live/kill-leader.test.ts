import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {Docker} from '../../lab/docker.ts'
import type {Report} from '../../lab/report.ts'
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

  test('passes kill-leader, with every phase measured and all evidence kept', async () => {
    const {out, err} = await expectExit(0, ['chaos', 'kill-leader', ...lab, '--json'])
    const report = JSON.parse(out) as Played
    expect(report.verdict).toBe('pass')
    expect(report.findings.map(one => one.verdict)).toEqual(report.findings.map(() => 'pass'))
    for (const row of finding(report, 'failover')?.phases ?? [])
      expect(row, row.name).toMatchObject({verdict: 'pass', measured: expect.any(Number)})
    expect(finding(report, 'failover')?.phases?.length).toBeGreaterThanOrEqual(5)
    expect(report.faults).toMatchObject([{mendedAt: expect.any(Number), proof: expect.any(String)}])
    expect(report.clients.writes.ok).toBeGreaterThan(1000)
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
    const everything = err + out + readFileSync(join(report.folder, 'events.ndjson'), 'utf8')
    for (const password of await passwords()) expect(everything).not.toContain(password)
  })

  test('fails kill-leader when HAProxy never marks the dead leader down', async () => {
    const leader = (JSON.parse((await expectExit(0, ['status', ...lab, '--json'])).out) as {leader: string}).leader
    const sabotage = `echo "disable health primary/${leader}" | socat - UNIX-CONNECT:/run/haproxy/admin.sock`
    await expectExit(0, ['shell', ...lab, 'proxy1', '--', 'sh', '-c', sabotage])
    const {out} = await expectExit(1, ['chaos', 'kill-leader', ...lab, '--json'])
    const report = JSON.parse(out) as Played
    expect(report.verdict).toBe('fail')
    expect(finding(report, 'failover')).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining(`proxy1 never marked the dead ${leader} down`),
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
