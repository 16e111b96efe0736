/** Recorded runs keep their verdicts, whatever changes in the checks. */
import {globSync, readFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {expect, test} from 'vitest'
import {parseHistory} from '../../lab/history.ts'
import {judge} from '../../lab/judge.ts'

const folder = join(import.meta.dirname, '..', 'histories')
const files = globSync('*.ndjson.gz', {cwd: folder})

const judged = (file: string) => judge(parseHistory(gunzipSync(readFileSync(join(folder, file))).toString()))

/** Why a recorded run failed: each check that must say so, and its words. */
const reasons: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'kill-leader-never-marked-down': {
    failover: /proxy1 never marked the dead node\d down and went on sending connections to it/,
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
      /^proxy1 led writes to node3 while another host held .* its check is a mere connection \(L4OK\), which does not ask who leads; writes refused there as read-only \(SQLSTATE 25006\): 87\.$/,
    'read-your-writes': /45 of 155 reads through the primary port were stale/,
  },
  'sync-failover-mode-off': {
    promoted:
      /^node1 was promoted, to timeline 2, but no standby was synchronous .* deleted its key \/sync, .* 1\.26 s before/,
    'no-lost-writes': /: 1487 writes acknowledged while synchronous mode was off, and it was to be `on`/,
  },
}

test('there are recorded runs', () => expect(files.length).toBeGreaterThan(0))

test.each(files)('%s keeps its verdict', file => {
  const [, verdict] = basename(file).split('.')
  const report = judged(file)
  expect({verdict: report.verdict, headline: report.headline}).toMatchObject({verdict})
})

const failed = files.filter(file => file.includes('.fail.'))

test.each(failed)('%s fails for its own reason, and for no other', file => {
  const expected = reasons[basename(file).split('.')[0]!] ?? {}
  const bad = judged(file).findings.filter(one => one.verdict === 'fail')
  expect(bad.map(one => one.check).toSorted()).toEqual(Object.keys(expected).toSorted())
  for (const {check, says} of bad) expect(says).toMatch(expected[check]!)
})
