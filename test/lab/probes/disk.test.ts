import {expect, test} from 'vitest'
import {between, parseFsyncs} from '../../../lab/probes/disk.ts'

/** As etcd 3.5 prints it, cumulative, with other metrics around. */
function metrics(counts: readonly number[], sum: number): string {
  const limits = ['0.001', '0.5', '1', '+Inf']
  const name = 'etcd_disk_wal_fsync_duration_seconds'
  return [
    '# TYPE etcd_disk_wal_fsync_duration_seconds histogram',
    `etcd_disk_backend_commit_duration_seconds_bucket{le="0.001"} 99`,
    ...limits.map((limit, index) => `${name}_bucket{le="${limit}"} ${counts[index]}`),
    `${name}_sum ${sum}`,
    `${name}_count ${counts.at(-1)}`,
    '',
  ].join('\n')
}

test('the slowest fsync between two looks took at most the bound of the highest bucket that grew', () => {
  const seen = between(parseFsyncs(metrics([10, 12, 12, 12], 1)), parseFsyncs(metrics([14, 17, 18, 18], 3.5)))
  expect(seen).toEqual({count: 6, worstMicros: 1_000_000})
})

test('a slow one of long ago is not told again', () => {
  const seen = between(parseFsyncs(metrics([10, 12, 12, 13], 9)), parseFsyncs(metrics([11, 13, 13, 14], 9.0004)))
  expect(seen).toEqual({count: 1, worstMicros: 400})
})

test('one beyond all buckets took at most what all of them took together', () => {
  const seen = between(parseFsyncs(metrics([1, 1, 1, 1], 0.001)), parseFsyncs(metrics([3, 3, 3, 4], 12.001)))
  expect(seen).toEqual({count: 3, worstMicros: 12_000_000})
})

test('none at all is none, and an etcd that was started anew counts from zero', () => {
  const before = parseFsyncs(metrics([5, 5, 5, 5], 1))
  expect(between(before, before)).toEqual({count: 0, worstMicros: 0})
  expect(between(before, parseFsyncs(metrics([0, 2, 2, 2], 0.7)))).toEqual({count: 2, worstMicros: 500_000})
})

test('an answer without the histogram is an error, not a quick disk', () => {
  expect(() => parseFsyncs('etcd_server_has_leader 1\n')).toThrow(/no etcd_disk_wal_fsync_duration_seconds_count/)
})
