import {describe, expect, test} from 'vitest'
import type {Fault} from '../../../lab/breaking/fault.ts'
import {breakStart} from '../../../lab/faults/break-start.ts'
import {fillDisk} from '../../../lab/faults/fill-disk.ts'
import {flap} from '../../../lab/faults/flap.ts'
import {kill} from '../../../lab/faults/kill.ts'
import {overload} from '../../../lab/faults/overload.ts'
import {pause} from '../../../lab/faults/pause.ts'
import {skewClock} from '../../../lab/faults/skew-clock.ts'
import {slowDisk} from '../../../lab/faults/slow-disk.ts'
import {stop} from '../../../lab/faults/stop.ts'

// biome-ignore lint/suspicious/noExplicitAny: each fault has its own parameters
function complaint(fault: Fault<any>, written: unknown): string {
  const result = fault.params.safeParse(written)
  return result.success
    ? 'no complaint'
    : result.error.issues.map(one => `${one.path.join('.')}: ${one.message}`).join('; ')
}

describe('what cannot be is refused where it stands, with what would be right', () => {
  test.each([
    [kill, {}, 'what: `what` is one of host, etcd, patroni'],
    [kill, {what: 'postgress'}, 'what: `what` is one of host'],
    [kill, {what: 'host', 'stays-down': true}, 'stays-down: a host always stays down'],
    [kill, {what: 'walreceiver', 'stays-down': true}, 'stays-down: only a service can be held down (etcd, patroni'],
    [kill, {what: 'patroni', 'stays-down': 'yes'}, 'stays-down: `stays-down` is true or false'],
    [kill, {what: 'patroni', limit: '1m'}, 'limit: `limit` goes with `stays-down: true`'],
    [kill, {what: 'patroni', 'stays-down': true, limit: '31m'}, 'limit: a limit is between 1s and 30m'],
    [kill, {what: 'patroni', 'stays-down': true, limit: 60}, 'limit: 60 is not a duration, it has no unit'],
    [pause, {what: 'host', limit: '1m'}, 'limit: a frozen host cannot wake itself'],
    [pause, {what: 'etcd', 'with-children': true}, 'with-children: `with-children` goes with `what: postgres`'],
    [pause, {what: 'patroni', limit: '0s'}, 'limit: a limit is between 1s and 30m'],
    [
      stop,
      {what: 'walreceiver'},
      'what: `what` is one of host, etcd, patroni, haproxy, pgbouncer, keepalived, postgres',
    ],
    [stop, {what: 'postgres', limit: '1m'}, 'limit: `limit` goes with a service'],
    [breakStart, {}, 'what: `what` is one of configuration, library, control-file, wal'],
    [breakStart, {what: 'wal', limit: '31m'}, 'limit: a limit is between 1s and 30m'],
    [flap, {every: '3s', down: '2500ms'}, 'down: the link is there for 1s of each period at least'],
    [flap, {every: '2m'}, 'every: between 1s and 1m'],
    [slowDisk, {}, 'what: `what` is one of etcd, postgres'],
    [slowDisk, {what: 'etcd', by: '1ms'}, 'by: between 10ms and 10s'],
    [fillDisk, {leave: 10}, 'leave: 10 is not a size, it has no unit: did you mean 10MB?'],
    [skewClock, {}, 'by: '],
    [skewClock, {by: '+4s'}, 'by: a clock is set by 5s at least'],
    [skewClock, {by: '-4s'}, 'by: a clock is set by 5s at least'],
    [overload, {}, 'an overload needs `cpus` or `connections`'],
    [overload, {cpus: 0}, 'cpus: at least 0.01 CPUs'],
    [overload, {cpus: '20%'}, 'cpus: `cpus` is a number of CPUs'],
    [overload, {connections: 1.5}, 'connections: `connections` is a whole number'],
    [overload, {connections: 5000}, 'connections: at most 1000 connections'],
    [overload, {cpus: 1, limit: '1m'}, 'limit: `limit` goes with `connections`'],
  ])('%#: %j', (fault, written, says) => expect(complaint(fault, written)).toContain(says))
})

test('a fault lasts as long as the host itself sees to it, and no longer than it says', () => {
  expect(kill.limitMs?.({what: 'host'})).toBeNull()
  expect(kill.limitMs?.({what: 'patroni'})).toBeNull()
  expect(kill.limitMs?.({what: 'patroni', 'stays-down': true})).toBe(180_000)
  expect(kill.limitMs?.({what: 'patroni', 'stays-down': true, limit: 5000})).toBe(5000)
  expect(pause.limitMs?.({what: 'host'})).toBeNull()
  expect(pause.limitMs?.({what: 'walreceiver'})).toBe(180_000)
  expect(stop.limitMs?.({what: 'host'})).toBeNull()
  expect(stop.limitMs?.({what: 'postgres'})).toBeNull()
  expect(stop.limitMs?.({what: 'etcd'})).toBe(180_000)
  expect(overload.limitMs?.({cpus: 0.2})).toBeNull()
  expect(overload.limitMs?.({connections: 10, limit: 7000})).toBe(7000)
})

test('a fault names what it asks of the kernel, the engine and the lab', () => {
  expect(kill.needs?.({what: 'host'}) ?? []).toEqual([])
  expect(pause.needs?.({what: 'host'})).toEqual(['freezer'])
  expect(pause.needs?.({what: 'patroni'})).toEqual([])
  expect(fillDisk.needs?.({})).toEqual(['limited-disk'])
  expect(skewClock.needs?.({by: 60_000})).toEqual(['faketime'])
  expect(slowDisk.needs?.({what: 'etcd', by: 200, limit: 1000})).toEqual(['ptrace'])
  expect(overload.needs?.({cpus: 0.2})).toEqual(['cpu-limit'])
  expect(overload.needs?.({connections: 10})).toEqual([])
})
