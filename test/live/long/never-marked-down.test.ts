/** A proxy that never finds out: clients are led to a dead leader for ever, and kill-leader must fail for that. */
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {Report} from '../../../lab/judge/report.ts'
import {expectExit, expectStatus} from '../cli.ts'

const lab = ['--name', 'live-never-marked-down']

beforeAll(async () => {
  await expectExit(0, ['down', ...lab])
  await expectExit(0, ['up', ...lab, '--profile', 'fast'])
})
afterAll(() => expectExit(0, ['down', ...lab]))

test('fails kill-leader when HAProxy never marks the dead leader down', async () => {
  const leader = (JSON.parse((await expectStatus([...lab, '--json'])).out) as {leader: string}).leader
  const sabotage = `echo "disable health primary/${leader}" | socat - UNIX-CONNECT:/run/haproxy/admin.sock`
  await expectExit(0, ['shell', ...lab, 'proxy1', '--', 'sh', '-c', sabotage])
  const {out} = await expectExit(1, ['chaos', 'kill-leader', ...lab, '--json'])
  const report = JSON.parse(out) as Report
  expect(report.verdict).toBe('fail')
  expect(report.findings.find(one => one.expectation.startsWith('failover'))).toMatchObject({
    verdict: 'fail',
    says: expect.stringContaining(`proxy1 never marked the dead ${leader} down`),
  })
})
