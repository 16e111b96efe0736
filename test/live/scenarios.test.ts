/** A scenario of several families against a real cluster; `npm run test:all` plays all of them. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import pg from 'pg'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {Report} from '../../lab/judge/report.ts'
import {expectExit, expectStatus} from './cli.ts'

const name = 'live-scenarios'
const lab = ['--name', name]

describe('on one lab', () => {
  let welcome = ''
  beforeAll(async () => {
    await expectExit(0, ['down', ...lab])
    welcome = (await expectExit(0, ['up', ...lab, '--profile', 'fast'])).out
  })
  afterAll(() => expectExit(0, ['down', ...lab]))

  test.for([
    ['read-write', false],
    ['read-only', true],
  ] as const)(
    'the command that `up` names for %s prints a connection string that connects as it is',
    async ([way, inRecovery]) => {
      const [, words = ''] = new RegExp(`^ {2}${way} +pgha-lab (.+)$`, 'm').exec(welcome) ?? []
      const {out} = await expectExit(0, words.split(' '))
      const client = new pg.Client({connectionString: out.trim()})
      await client.connect()
      const {rows} = await client
        .query('SELECT pg_is_in_recovery() AS recovery, current_user AS me')
        .finally(() => client.end())
      expect(rows).toEqual([{recovery: inRecovery, me: 'app'}])
    },
  )

  test('status tells the modes and whom the proxy sends where, and it is what the cluster is', async () => {
    const status = JSON.parse((await expectStatus([...lab, '--json'])).out) as {leader: string}
    const {leader} = status
    const replicas = ['node1', 'node2', 'node3'].filter(host => host !== leader)
    expect(status).toMatchObject({
      synchronous: {mode: 'off', standbys: []},
      watchdog: {setting: 'off', active: [], unknown: []},
      failsafe: {on: false, inForce: false},
      paused: false,
      proxies: [{proxy: 'proxy1', backends: {primary: {up: [leader]}, replicas: {up: replicas}}}],
    })
    await expectExit(0, ['shell', ...lab, leader, '--', 'patronictl', 'pause', '--wait'])
    const {out} = await expectStatus([...lab])
    await expectExit(0, ['patronictl', ...lab, 'resume', '--wait'])
    expect(out).toMatch(/^ {2}maintenance +on/m)
  })

  test("the operator's own tools answer, with their exit codes, and a host without them is said", async () => {
    const members = JSON.parse((await expectExit(0, ['patronictl', 'list', ...lab, '-f', 'json'])).out)
    expect(members).toHaveLength(3)
    expect((await expectExit(0, ['etcdctl', 'endpoint', 'health', '--cluster', ...lab])).out).not.toBe('')
    const {out} = await expectExit(0, ['haproxy', ...lab, '--host', 'proxy1', 'show', 'servers', 'state'])
    expect(out.match(/ (primary|replicas) \d+ node\d /g)).toHaveLength(6)
    await expectExit(2, ['patronictl', ...lab, 'lits'])
    expect((await expectExit(2, ['haproxy', ...lab, '--host', 'node1', 'show', 'info'])).err).toMatch(
      /no haproxy on node1; it runs on proxy1/,
    )
  })

  test.for([
    ['process', 'crash-postgres'],
    ['operator', 'switchover'],
  ] as const)('%s: %s passes, its fault seen to take hold, and leaves the lab whole', async ([, scenario]) => {
    const {out} = await expectExit(0, ['chaos', scenario, ...lab, '--json'])
    const report = JSON.parse(out) as Report
    expect(report.findings.map(one => [one.expectation, one.verdict, one.says])).toEqual(
      report.findings.map(one => [one.expectation, 'pass', one.says]),
    )
    expect(report.faults.length).toBeGreaterThan(0)
    for (const fault of report.faults) expect(fault).toMatchObject({held: true, proof: expect.any(String)})
    const status = JSON.parse((await expectStatus([...lab, '--json'])).out) as object
    expect(status).toMatchObject({healthy: true, faultsInForce: [], broken: []})
  })
})

describe('a suite raises the lab that its scenarios need, and removes it', () => {
  const out = mkdtempSync(join(tmpdir(), 'pgha-lab-suite-'))
  afterAll(() => rmSync(out, {recursive: true, force: true}))

  test.for(['watchdog'])('%s', async suite => {
    const {err} = await expectExit(0, ['chaos', '--suite', suite, '--name', `live-${suite}`, '--out', join(out, suite)])
    expect(err).toMatch(/removing the lab/)
    const {out: labs} = await expectStatus(['--all', '--json'])
    expect(labs).not.toContain(`live-${suite}`)
  })
})
