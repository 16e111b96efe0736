/** Of a host's log, the line that explains. */
import {expect, test} from 'vitest'
import {telling} from '../../../lab/cluster/last-words.ts'

const stamp = '2026-11-27 13:22:54,338'
const log = (...lines: readonly string[]) => lines.join('\n')

test.each([
  [
    'a watchdog before the error that comes of it',
    log(
      `patroni  | ${stamp} ERROR: Configuration requires watchdog, but watchdog could not be configured.`,
      `patroni  | ${stamp} CRITICAL: something else`,
    ),
    'patroni',
    'ERROR: Configuration requires watchdog, but watchdog could not be configured.',
  ],
  [
    'the last of a kind',
    log(
      'postgres | 2026-11-27 13:22:54.338 UTC [7] FATAL:  lock file "postmaster.pid" already exists',
      'postgres | 2026-11-27 13:22:55.338 UTC [8] FATAL:  data directory "/data" has wrong ownership',
    ),
    'postgres',
    'FATAL: data directory "/data" has wrong ownership',
  ],
  [
    'a panic of etcd',
    'etcd     | {"level":"panic","msg":"failed to open WAL"}',
    'etcd',
    '{"level":"panic","msg":"failed to open WAL"}',
  ],
  [
    'an alert of HAProxy',
    'haproxy  | [ALERT]    (1) : cannot bind socket',
    'haproxy',
    '[ALERT] (1) : cannot bind socket',
  ],
])('%s', (_what, text, service, says) => {
  expect(telling(text)).toEqual({service, says})
})

test.each([
  [
    'what is said at every start',
    'postgres | 2026-11-27 13:22:54.338 UTC [7] FATAL:  the database system is starting up',
  ],
  [
    'what is said while etcd comes',
    `patroni  | ${stamp} ERROR: Failed to get list of machines from http://10.0.0.1:2379/v3`,
  ],
  ['what is well', `patroni  | ${stamp} INFO: no action. I am (node1), the leader with the lock`],
  ['no log', ''],
])('nothing is explained by %s', (_what, text) => {
  expect(telling(text)).toBeNull()
})

test('no password is shown', () => {
  const line = `patroni  | ${stamp} ERROR: cannot connect with user=postgres password=secret host=node1`
  expect(telling(line)?.says).toBe('ERROR: cannot connect with user=postgres password=*** host=node1')
})
