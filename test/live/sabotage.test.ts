/** One sabotaged cluster; `npm run test:all` has the others. */
import {afterAll, beforeAll, expect, test} from 'vitest'
import {expectExit} from './cli.ts'
import {complaints, playSabotaged, tcpCheckOnly} from './sabotage.ts'

const name = 'live-sabotage'

beforeAll(async () => {
  await expectExit(0, ['down', '--name', name])
  await expectExit(0, ['up', '--name', name, '--profile', 'fast'])
})
afterAll(() => expectExit(0, ['down', '--name', name]))

test('a proxy that looks only whether the port is open fails the switchover, with the writes it led astray', async () => {
  const report = await playSabotaged(name, 'switchover', {
    ...{sabotage: tcpCheckOnly, when: /-- steps/, until: /-- (healing|recovery)/},
  })
  expect(complaints(report)).toMatchObject({
    'routed-to-leader': expect.stringMatching(
      /^fail: proxy1 led writes to .* while (?:node\d|another host) held the leader key, .*its check is a mere connection \(L4OK\), which does not ask who leads; writes refused there as read-only \(SQLSTATE 25006\): \d+/,
    ),
  })
  expect(report.reasons).toContainEqual(
    expect.stringMatching(/\/etc\/haproxy\/haproxy\.cfg of proxy1 was changed .* by somebody else: no step did that/),
  )
})
