/** Lines as Patroni 4.0.7, PostgreSQL 17 and etcd 3.5.16 wrote them in real runs. */
import {expect, test} from 'vitest'
import {signOf} from '../../../lab/probes/log-signs.ts'
import {releases} from '../../../lab/topology/release.ts'

const meant = (line: string) => signOf(line, releases.trixie)

test.each([
  [
    'pg_rewind',
    'patroni  | 2026-11-20 15:42:59,459 INFO: running pg_rewind from dbname=postgres user=rewinder host=10.213.0.11 port=5432 target_session_attrs=read-write',
  ],
  ['basebackup', 'patroni  | 2026-11-20 15:42:59,459 INFO: replica has been created using basebackup'],
  ['promoting', 'patroni  | 2026-11-20 15:42:53,826 INFO: promoted self to leader by acquiring session lock'],
  ['demoting', 'patroni  | 2026-11-20 15:42:53,826 INFO: Demoting self (immediate-nolock)'],
  [
    'bug',
    'patroni  | 2026-11-20 15:42:53,826 ERROR: Unexpected exception raised from update_leader, please report it as a BUG',
  ],
  ['crash-recovery', 'patroni  | 2026-11-20 15:42:58,942 INFO: doing crash recovery in a single user mode'],
  [
    'crash-recovery',
    'postgres | 2026-11-20 15:43:00.744 UTC [83] LOG:  database system was not properly shut down; automatic recovery in progress',
  ],
  [
    'panic',
    'postgres | 2026-11-20 15:43:00.744 UTC [83] PANIC:  could not write to file "pg_wal/xlogtemp.83": No space left on device',
  ],
  [
    'disk-full',
    'postgres | 2026-11-20 15:43:00.744 UTC [83] postgres@app ERROR:  could not extend file "base/5/1": No space left on device',
  ],
  ['disk-full', "patroni  | OSError: [Errno 28] No space left on device: '/data/postgresql/pgpass'"],
  [
    'slow-disk',
    'etcd     | {"level":"warn","ts":"2026-11-20T15:57:57.9Z","caller":"wal/wal.go:805","msg":"slow fdatasync","took":"1.2s","expected-duration":"1s"}',
  ],
] as const)('%s is told by the line that the program writes when it does it', (sign, line) => {
  const found = meant(line)
  expect(found?.sign).toBe(sign)
  expect(found?.service).toBe(line.slice(0, 8).trim())
})

test.each([
  'patroni  | 2026-11-20 15:42:59,395 INFO: running pg_rewind from node1',
  'patroni  | 2026-11-20 15:43:00,217 INFO: running pg_rewind from node1 in progress',
  'patroni  | 2026-11-20 15:42:59,178 INFO: doing crash recovery in a single user mode in progress',
  'patroni  | pg_rewind: Done!',
  'postgres | 2026-11-20 15:42:53.828 UTC [76] LOG:  received promote request',
  'postgres | 2026-11-20 15:43:00.744 UTC [83] LOG:  database system was interrupted; last known up at 2026-11-20 15:42:55 UTC',
  'etcd     | {"level":"warn","msg":"leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk"}',
  'haproxy  | no space left on device',
  '\tSTATEMENT:  select $$please report it as a BUG$$',
])('a deed is told once, and by nobody else: %s', line => expect(meant(line)).toBeNull())

test('what a sign says has neither the stamps, which the event has, nor a password', () => {
  expect(meant('postgres | 2026-11-20 15:43:00.744 UTC [83] PANIC:  it is over')?.says).toBe('PANIC:  it is over')
  const {says} = meant(
    'patroni  | 2026-11-20 15:42:59,459 INFO: running pg_rewind from dbname=postgres password=geheim',
  )!
  expect(says).toBe('INFO: running pg_rewind from dbname=postgres password=***')
})
