/** Recorded runs keep their verdicts, whatever changes in the checks. */
import {basename} from 'node:path'
import {expect, test} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import {judge} from '../../../lab/judge/judge.ts'
import type {Report} from '../../../lab/judge/report.ts'
import {recordedFiles, recordedReport, recordedRun} from '../../recorded-runs.ts'

/** Why a recorded run failed: each check that must say so, and its words. */
const reasons: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'crash-postgres-asynchronous-commits': {
    'no-lost-writes':
      /^112 writes acknowledged, 38 lost: .*; synchronous_commit is off on node2, set for the cluster: a commit is acknowledged before/,
  },
  'quiet-rows-altered': {
    'no-lost-writes': /, 0 lost: \d+ rows on node1 and node2 and node3 not as they were written \(id 850, 860, /,
  },
  // Not sabotaged: its first site is back, and nobody has told its etcd that it follows the second one now.
  'first-site-returns': {
    'one-writable-primary': /^Two primaries were writable at once: node1 on timeline 2 .* and node4 on timeline 2 /,
    'timeline-monotone': /^node4 and node1 both took writes on timeline 2\.$/,
    'no-lost-writes': /457 acknowledged writes lost: acknowledged by node4 on timeline 2, not by the dead leader/,
  },
  // Somebody dropped it by hand on the new leader, and Patroni made it anew.
  'logical-slot-dropped': {
    'slot-kept':
      /^node3 had no slot events 2\.55 s after it was promoted; it was there again 3\.31 s after the promotion/,
  },
  // HAProxy leaves the sessions of a server that is down alone.
  'orphan-sessions-left': {
    'routed-to-leader':
      /^A session through the primary port stayed with node1, which acknowledged a write of w\d \d\.\d\d s after node2 had taken/,
  },
  'table-truncated': {
    'no-lost-writes': /all that was acknowledged up to 4\.96 s .*: the step `by-hand` emptied the table; /,
  },
  'pool-pinned': {
    'clients-reconnect': /4, .* never wrote again .* \(703 attempts failed, all with SQLSTATE 25006\)\.$/,
    unavailability:
      /^No write was acknowledged for 22\.12 s, from 323 ms after the fault to the end; 10\.00 s are allowed/,
  },
  'kill-leader-never-marked-down': {
    failover: /proxy1 never marked the dead node\d down and went on sending connections to it/,
  },
  // Somebody else's `PATCH /config` while the leader still led.
  'paused-by-others': {
    failover:
      /no replica took it in the 34\.44 s .*; the cluster was not as it was asked for: the cluster was in maintenance mode since 4\.03 s of the run, set by somebody else/,
  },
  'config-changed-ttl': {
    failover:
      /the leader key of node1 never went away .*; the cluster was not as it was asked for: ttl was changed from 20 to 60 at 4\.35 s of the run by somebody else/,
  },
  'nothing-happens-two-scopes': {
    'no-failover':
      /^node1 took writes on timeline 2 without the leader key .* after the steps began; node2 was to stay/,
    'one-writable-primary': /^Two primaries were writable at once: node1 on timeline 2 .* and node2 on timeline 1/,
    'writable-within-lock': /^node1 took writes without ever having held the leader key, while node2 held/,
    'routed-to-leader':
      /^proxy1 led writes to node1 while node2 held .* node1 answers its check that it leads .*: 360\.$/,
    'no-lost-writes': /360 acknowledged writes lost: .*acknowledged by node1 on timeline 2/,
    'read-your-writes': /346 of 534 reads through the primary port were stale/,
  },
  // use_pg_rewind is off, and the old leader has what the new one has not: not even the healing brings it back.
  'no-rewind': {
    rejoined:
      /never called itself a replica on timeline 4, .*; its log says: "LOG: +new timeline 4 forked off current /,
    'no-lost-writes': /64 rows on node3 that node1 does not have: the hosts have parted ways/,
    recovered: /^The cluster is not whole .* after the healing began: node3 does not stream/,
  },
  'replica-isolated-promoted-by-hand': {
    'no-failover': /^node\d took writes on timeline \d without the leader key .* after the fault; node\d was to stay/,
    'one-writable-primary': /^Two primaries were writable at once: node\d on timeline \d+ .* and node\d on timeline \d/,
    'writable-within-lock': /^node\d took writes without ever having held the leader key, while node\d held/,
  },
  'strict-no-standby-mode-off': {
    unavailability: /the fault did not stop writes as it should/,
    'no-lost-writes': /: 359 writes acknowledged while synchronous mode was off, and it was to be `strict`/,
  },
  // Not sabotaged: with the checks of HAProxy as its documentation has them this is what a switchover does.
  'switchover-default-profile': {
    'read-your-writes':
      /^16 of 321 reads through the primary port were stale; the first \(of r1\) saw nothing newer than write 604 on node2, .* after node1 had acknowledged write 605\.$/,
  },
  'switchover-tcp-check': {
    'routed-to-leader':
      /^proxy1 led writes to node3 while another host held .* its check is a mere connection \(L4OK\), which does not ask who leads; writes refused there as read-only \(SQLSTATE 25006\): 94\.$/,
    'read-your-writes': /45 of 155 reads through the primary port were stale/,
  },
  'sync-failover-mode-off': {
    promoted:
      /^node1 was promoted, to timeline 2, but no standby was synchronous .* deleted its key \/sync, .* 1\.26 s before/,
    'no-lost-writes': /: 1487 writes acknowledged while synchronous mode was off, and it was to be `on`/,
  },
}

test('there are recorded runs', () => expect(recordedFiles.length).toBeGreaterThan(0))

test.each(recordedFiles)('%s keeps its verdict', file => {
  const [, verdict] = basename(file).split('.')
  const report = recordedReport(file)
  expect({verdict: report.verdict, headline: report.headline}).toMatchObject({verdict})
})

/** Names that a scenario's file uses, where a person reads sentences; braces; one of many. */
const broken =
  /\b(which is|is|not|be) (sync-standby|old-leader|handover|tagged)\b|[{}]|\bundefined\b|\bnull\b|\b1 [a-z]+ed [a-z]+s\b|\. \(and/

test.each(recordedFiles)('%s: headline, findings and expectations read as sentences', file => {
  const {headline, findings} = recordedReport(file)
  expect([headline, ...findings.map(one => one.says)].filter(one => broken.test(one))).toEqual([])
  expect(findings.map(one => one.expectation).filter(one => /[{}"]/.test(one))).toEqual([])
})

const failed = recordedFiles.filter(file => file.includes('.fail.'))

test.each(failed)('%s fails for its own reason, and for no other', file => {
  const expected = reasons[basename(file).split('.')[0]!] ?? {}
  const bad = recordedReport(file).findings.filter(one => one.verdict === 'fail')
  expect(bad.map(one => one.check).toSorted()).toEqual(Object.keys(expected).toSorted())
  for (const {check, says} of bad) expect(says).toMatch(expected[check]!)
})

/** As if the record broke off, or the run was interrupted, after each of these shares of it. */
const shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97]

/** What a record that broke off there says of its run: two claims are made of it. */
type Cut = Pick<Report, 'verdict' | 'findings'>
const known = new Map<string, readonly Cut[]>()

function brokenOff(file: string): readonly Cut[] {
  const {events} = recordedRun(file)
  const cuts = known.get(file) ?? shares.map(share => cutAt(events, share))
  known.set(file, cuts)
  return cuts
}

function cutAt(events: readonly Event[], share: number): Cut {
  const {verdict, findings} = judge({events: upTo(share, events)})
  return {verdict, findings}
}

const upTo = (share: number, events: readonly Event[]) => events.slice(0, Math.floor(events.length * share))

test.each(recordedFiles)('%s proves no more, and nothing else, when its end is taken away', file => {
  const {events} = recordedRun(file)
  const whole = judge({events})
  const cuts = brokenOff(file)
  const worse = shares.flatMap((share, nth) => {
    const some = upTo(share, events)
    const {at} = some.at(-1)!
    const interrupted = judge({events: [...some, {at, kind: 'run-ended', how: 'interrupted'}]})
    return [cuts[nth]!, interrupted].flatMap(report => {
      const turned = report.findings.filter((one, index) => {
        const before = whole.findings[index]!.verdict
        return one.verdict === 'fail' && before !== 'fail'
      })
      const says = turned.map(one => `${share}: ${one.check}: ${one.says}`)
      return report.verdict === 'pass' ? [...says, `${share}: the run passed`] : says
    })
  })
  expect(worse).toEqual([])
})

test.each(recordedFiles)('%s lets no finding pass when its record breaks off', file => {
  const passed = brokenOff(file).flatMap(({findings}) => findings.filter(one => one.verdict === 'pass'))
  expect(passed).toEqual([])
})
