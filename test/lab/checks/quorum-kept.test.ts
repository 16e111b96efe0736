import {expect, test} from 'vitest'
import {find} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {withCounts} from '../judge/mutations-windows.ts'
import {cleanRun, micros} from './history-builder.ts'

const judge = (events: readonly Event[], most?: string) =>
  find(historyOf(events), {check: 'quorum-kept', params: most === undefined ? {} : {'at-most': most}})
const member = (host: string, at: number, leader: string | null, up = leader !== null): Event => ({
  ...{at: micros(at), kind: 'etcd-member', host, up, leader, term: up ? 2 : null},
})
const run = cleanRun()
const lost = (from: number, to: number) =>
  ['node1', 'node3'].flatMap(host => [member(host, from, null), member(host, to, 'node2')])

test('passes where one of three is gone, and where an election is over in its time', () => {
  expect(judge([...run, member('node1', 1, null)], '0s')).toMatchObject({
    verdict: 'pass',
    says: "A majority of etcd's 3 members answered and knew a leader, but for 0 ms at most (0 ms are allowed).",
  })
  const election = ['node1', 'node2', 'node3'].flatMap(host => [
    member(host, 1, null, true),
    member(host, 2, 'node3', true),
  ])
  expect(judge([...run, ...election]).verdict).toBe('pass')
  expect(judge([...run, ...election], '500ms').verdict).not.toBe('pass')
})

test('fails where two of three are gone for longer than it may be, and names them', () => {
  expect(judge([...run, ...lost(3, 11)])).toMatchObject({
    verdict: 'fail',
    says: expect.stringMatching(
      /^etcd had no majority for 6\.7\d s, from 3\.00 s after the fault: node1 and node3 did not answer, or knew no leader; 3\.00 s/,
    ),
  })
  expect(judge([...run, ...lost(-3, -1)]).verdict).toBe('pass')
})

test('what stood before a gap, or a lost line, stands until the next word no more', () => {
  const leaderless = (to: number) => ['node1', 'node3'].map(host => member(host, to, null, true))
  const withGap = (events: readonly Event[], without: 'reports' | 'samples') =>
    events.flatMap((event): Event[] => {
      if (event.kind !== 'watching' || event.who !== 'etcd' || event.at < micros(4) || event.at > micros(7))
        return [event]
      return without === 'reports' ? [] : [{...event, samples: 0, failures: 0, worstMicros: 3_000_000}]
    })
  expect(judge([...run, ...leaderless(3)]).verdict).toBe('fail')
  for (const without of ['reports', 'samples'] as const) {
    expect(judge(withGap([...run, ...leaderless(3)], without)).verdict).toBe('unknown')
    expect(judge(withGap([...run, ...lost(3, 20)], without)).verdict).toBe('unknown')
    expect(judge(withGap(run, without)).verdict).toBe('unknown')
  }
  const counted = withCounts(historyOf([...run, ...lost(3, 5), member('node1', 6, null)])).events
  expect(judge(counted).verdict).toBe('pass')
  const last = counted.findLast(event => event.kind === 'etcd-member' && event.host === 'node3')
  expect(judge(counted.filter(event => event !== last)).verdict).toBe('unknown')
})

test('is unknown where too few of its members were asked, or where none ever told anything', () => {
  const deaf = (hosts: readonly string[]) =>
    run.filter(
      event =>
        !(event.kind === 'watching' && event.who === 'etcd' && hosts.includes(event.host!) && event.at > micros(5)),
    )
  expect(judge(deaf(['node1'])).verdict).toBe('pass')
  expect(judge(deaf(['node1', 'node2']))).toMatchObject({
    verdict: 'unknown',
    says: expect.stringMatching(/^etcd was not seen without a majority, but for 2\d\.\d\d s too few/),
  })
  expect(judge([...deaf(['node1', 'node2']), ...lost(4, 30)]).verdict).toBe('unknown')
  expect(judge(run.filter(event => event.kind !== 'etcd-member')).verdict).toBe('unknown')
})
