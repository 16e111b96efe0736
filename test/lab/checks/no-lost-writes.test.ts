import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {noLostWrites} from '../../../lab/checks/no-lost-writes.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {altered, cleanRun, micros, withRows} from './history-builder.ts'
import {firstId, tailWrite} from './tail-write.ts'

const judge = (history: History, allow: unknown = 'async-tail') =>
  noLostWrites.judge(history, noLostWrites.params.parse({allow}))
const clean = cleanRun()
const writesOf = (events: readonly Event[]) => events.filter((event): event is Of<'op'> => event.kind === 'op')
const lose = (events: readonly Event[], ...ids: number[]) =>
  historyOf(
    withRows(events, rows => {
      for (const id of ids) rows.delete(id)
    }),
  )

test('passes a run without losses, under either rule', () => {
  for (const allow of ['none', 'async-tail'])
    expect(judge(historyOf(clean), allow)).toMatchObject({
      verdict: 'pass',
      measures: {lost: 0, refusedInTable: 0, duplicates: 0},
    })
})

test('allows the tail that asynchronous replication can lose, and counts and lists it', () => {
  const history = historyOf([...clean, tailWrite()])
  expect(judge(history)).toMatchObject({
    verdict: 'pass',
    says: expect.stringContaining(`1 in the tail that asynchronous replication can lose: id ${firstId}`),
    measures: {lost: 1, lostInAsyncTail: 1},
  })
  expect(judge(history, 'none').verdict).toBe('fail')
})

describe('fails a loss that asynchronous replication does not explain:', () => {
  test('the promoted replica had received it', () => {
    const old = writesOf(clean).find(op => op.outcome === 'ok' && op.at > micros(-2))!
    expect(judge(lose(clean, old.id))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('node2 had received as much'),
    })
  })

  test('it was acknowledged by the new leader', () => {
    const fresh = writesOf(clean).find(op => op.timeline === 2)!
    expect(judge(lose(clean, fresh.id))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('not by the dead leader'),
    })
  })

  test.each(['on', 'strict', 'quorum'] as const)('replication is synchronous (%s)', synchronousMode => {
    const synchronous = cleanRun({patroni: {synchronousMode}})
    expect(judge(historyOf([...synchronous, tailWrite()]))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('synchronous'),
    })
  })

  test('it was acknowledged long after the leader was dead', () => {
    const late = tailWrite({at: micros(1), sentAt: micros(0.99)})
    expect(judge(historyOf([...clean, late]))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('was dead'),
    })
  })

  test('its place in the WAL or its server is not known', () => {
    expect(judge(historyOf([...clean, tailWrite({lsn: null})])).verdict).toBe('fail')
    expect(judge(historyOf([...clean, tailWrite({server: null})])).verdict).toBe('fail')
  })

  test('the replica was further behind than maximum_lag_on_failover lets it be', () => {
    const behind = altered(clean, event =>
      event.kind === 'postgres' && event.host === 'node2' && event.inRecovery ? {...event, lsn: 0} : event,
    ).events
    const far = behind.map(event =>
      event.kind === 'status-key' ? {...event, optime: event.optime + 10_000_000} : event,
    )
    const moved = far.map(event =>
      event.kind === 'op' && event.at > micros(-1) && event.lsn !== null
        ? {...event, lsn: event.lsn + 1_000_000}
        : event,
    )
    const lost = writesOf(moved).find(op => op.outcome === 'ok' && op.at > micros(-3))!
    expect(judge(lose(moved, lost.id))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('maximum_lag_on_failover'),
    })
  })
})

test('fails a write that was told to have failed, yet is there', () => {
  const failed = writesOf(clean).find(op => op.outcome === 'fail')!
  const history = historyOf(withRows(clean, rows => rows.add(failed.id)))
  expect(judge(history)).toMatchObject({verdict: 'fail', measures: {refusedInTable: 1}})
})

test('fails a write that is there twice', () => {
  const history = altered(clean, event => (event.kind === 'final-rows' ? {...event, duplicates: [7]} : event))
  expect(judge(history)).toMatchObject({verdict: 'fail', measures: {duplicates: 1}})
})

test('counts writes without an answer apart, whether they are there or not', () => {
  const open = writesOf(clean).find(op => op.outcome === 'unknown')!
  const history = historyOf(withRows(clean, rows => rows.add(open.id)))
  expect(judge(history)).toMatchObject({verdict: 'pass', measures: {indeterminate: 4, indeterminateInTable: 1}})
})

describe('where synchronous mode was to be on', () => {
  const synchronous = cleanRun({patroni: {synchronousMode: 'strict'}})
  const key = (at: number, leader: string | null, ...standbys: string[]): Event => ({
    ...{at: micros(at), kind: 'sync-key', scope: 'pgha', leader, standbys, revision: 12, told: 'node2'},
  })

  test('fails for what was acknowledged after Patroni had deleted /sync, though nothing is lost', () => {
    const history = historyOf([...synchronous, key(-7, 'node1', 'node2'), key(-3, null), key(23, 'node2', 'node3')])
    expect(judge(history, 'none')).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(
        /0 lost: \d+ writes acknowledged while synchronous mode was off, and it was to be `strict`: Patroni deleted its key \/sync at 5\.00 s of the run\.$/,
      ),
      hint: expect.stringContaining('synchronous_mode'),
    })
  })

  test('passes while the key is there, also without a standby, and while the mode is still being switched on', () => {
    expect(judge(historyOf([...synchronous, key(-7, 'node1', 'node2'), key(-3, 'node1')]), 'none').verdict).toBe('pass')
    expect(judge(historyOf([...synchronous, key(-7, null), key(-5, 'node1', 'node2')]), 'none').verdict).toBe('pass')
  })

  describe('and no member of etcd answered for five seconds of the run', () => {
    const ofEtcd = (event: Event): event is Of<'watching'> => event.kind === 'watching' && event.who === 'etcd'
    const awayFor = (from: number, to: number, all: readonly Event[]) =>
      all.filter(one => !ofEtcd(one) || one.at < micros(from) || one.at > micros(to))
    const told = [...synchronous, key(-7, 'node1', 'node2')]

    test('passes: each watch goes on at the revision where it stopped, so who looks again has missed nothing', () => {
      expect(judge(historyOf(awayFor(4, 9, told)), 'none')).toMatchObject({verdict: 'pass'})
    })

    test.each<[string, readonly Event[], string]>([
      [
        'nobody looked again',
        awayFor(4, 1000, told),
        'whether synchronous mode was on all the time is not known: the watch on etcd told nothing for',
      ],
      [
        'the key had been deleted, and what was told of it then was told late',
        awayFor(4, 9, [...told, key(9.5, null), key(9.6, 'node2', 'node3')]),
        'the watch on etcd told nothing for',
      ],
      [
        'etcd had compacted away what changed meanwhile',
        awayFor(4, 9, told).map(one =>
          ofEtcd(one) && one.at > micros(9) && one.at < micros(10.5) ? {...one, compacted: true as const} : one,
        ),
        'the record lacks what the watch on etcd told',
      ],
      [
        'a change of the leader key is not in the record',
        awayFor(4, 9, [
          ...told,
          {
            ...{at: micros(3.5), kind: 'lease', scope: 'pgha', lease: 'unheard of', told: 'node2'},
            ...{leftSeconds: 3, grantedSeconds: 20},
          },
        ]),
        'the watch on etcd missed a change of the leader key',
      ],
    ])('is inconclusive where %s', (_, all, says) => {
      const found = judge(historyOf(all.toSorted((a, b) => a.at - b.at)), 'none')
      expect([found.verdict, found.says]).toEqual(['unknown', expect.stringContaining(says)])
    })
  })
})

describe('an acknowledgement with the warning that no standby may have it', () => {
  const op = writesOf(clean).find(one => one.outcome === 'ok' && one.timeline === 2)!
  const warning = (says: string): Event => ({
    ...{at: op.at, kind: 'client-notice', client: op.client, id: op.id, sqlstate: '01000', says},
  })
  const doubtful = warning('canceling wait for synchronous replication due to user request')

  test.each(['ok', 'unknown'] as const)('is neither lost nor kept, but counted apart (told as %s)', outcome => {
    const events = [...clean.map(event => (event === op ? {...op, outcome} : event)), doubtful]
    expect(judge(historyOf(events), 'none')).toMatchObject({
      verdict: 'pass',
      measures: {indeterminate: 5, warned: 1, warnedInTable: 1},
    })
    expect(judge(lose(events, op.id), 'none')).toMatchObject({
      verdict: 'pass',
      measures: {lost: 0, indeterminate: 5, warned: 1, warnedInTable: 0},
    })
  })

  test('is no excuse when the warning is about something else', () => {
    const events = [...clean, warning('there is already a transaction in progress')]
    expect(judge(lose(events, op.id), 'none')).toMatchObject({verdict: 'fail', measures: {lost: 1, warned: 0}})
  })

  test('is no excuse for the write of another client with the same id: those of bankers count apart', () => {
    const events = [...clean, {...doubtful, client: 'b1'} as Event]
    expect(judge(lose(events, op.id), 'none')).toMatchObject({verdict: 'fail', measures: {lost: 1, warned: 0}})
  })
})

test('the sentence agrees in number', () => {
  const fresh = writesOf(clean)
    .filter(op => op.timeline === 2)
    .map(op => op.id)
  const why = 'lost: acknowledged by node2 on timeline 2, not by the dead leader (id'
  expect(judge(lose(clean, fresh[0]!)).says).toContain(`1 acknowledged write ${why}`)
  expect(judge(lose(clean, ...fresh.slice(0, 15))).says).toContain(`15 acknowledged writes ${why}`)
})

test('fails hosts that have parted ways', () => {
  const open = writesOf(clean).find(op => op.outcome === 'unknown')!
  const history = historyOf(withRows(clean, rows => rows.add(open.id), 'node3'))
  expect(judge(history)).toMatchObject({verdict: 'fail', says: expect.stringContaining('parted ways')})
})

describe('rows that are there, and not as they were written:', () => {
  const changed = (ranges: [number, number][], only?: string) =>
    altered(clean, event =>
      event.kind === 'final-rows' && (only === undefined || event.host === only) ? {...event, altered: ranges} : event,
    )

  test('a trigger that changes every tenth row fails, with their ids', () => {
    const tenth = writesOf(clean).filter(op => op.outcome === 'ok' && op.id % 10 === 0)
    const finding = judge(changed(tenth.map(op => [op.id, op.id])))
    expect(finding).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining(
        `${tenth.length} rows on node1 and node2 and node3 not as they were written (id 10, 20, 30, 40, 50 and`,
      ),
      measures: {lost: 0, altered: tenth.length, alteredIds: tenth.map(op => op.id).join(', ')},
      hint: expect.stringContaining('triggers'),
    })
  })

  test('one row of one member fails as well', () => {
    expect(judge(changed([[100, 100]], 'node3'))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('1 row on node3 not as it was written (id 100)'),
    })
  })

  test('a row that no client of ours wrote accuses nobody', () =>
    expect(judge(changed([[5_000_000, 5_000_001]])).verdict).toBe('pass'))
})

describe('whose table counts', () => {
  /** node1 has not replayed its last rows; node2 is the primary. */
  const behind = (say: boolean, caughtUp: boolean | null = false) =>
    withRows(clean, rows => void [...rows].slice(-500).map(id => rows.delete(id)), 'node1').map(
      (event): Event =>
        event.kind === 'final-rows'
          ? {
              ...event,
              caughtUp: event.host === 'node1' ? caughtUp : true,
              ...(say ? {inRecovery: event.host !== 'node2'} : {}),
            }
          : event,
    )

  test.each([
    ['by its own word', true],
    ['by who took writes at the end, in an older record', false],
  ])('the primary, %s: a replica that is behind is no proof of loss or fork', (_, say) => {
    expect(judge(historyOf(behind(say)))).toMatchObject({
      verdict: 'unknown',
      says: expect.stringMatching(/, 0 lost: node1 was behind: 500 rows on node2 that node1 does not have\.$/),
      measures: {lost: 0},
    })
  })

  test('a replica that had caught up and lacks what was acknowledged fails, with the ids', () => {
    expect(judge(historyOf(behind(true, true)))).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(
        /500 acknowledged writes on node2 that node1 does not have, though it had caught up \(id \d+, /,
      ),
    })
  })

  test('no member at all that is a primary, and none that had caught up: nothing is proven', () => {
    const orphans = behind(true).filter(event => event.kind !== 'final-rows' || event.host === 'node1')
    expect(judge(historyOf(orphans))).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('no primary was read at the end, and node1 had not caught up'),
    })
  })
})

test('every id of what is wrong is in the measures, as ranges', () => {
  const acknowledged = writesOf(clean).filter(op => op.outcome === 'ok' && op.timeline === 2)
  const refused = writesOf(clean).filter(op => op.outcome === 'fail')
  const gone = acknowledged.slice(10, 40).map(op => op.id)
  const edited = withRows(clean, rows => {
    for (const id of gone) rows.delete(id)
    for (const {id} of refused) rows.add(id)
  })
  const twice = altered(edited, event => (event.kind === 'final-rows' ? {...event, duplicates: [7, 8, 9, 20]} : event))
  expect(judge(twice).measures).toMatchObject({
    lostIds: `${gone[0]}-${gone.at(-1)}`,
    refusedInTableIds: `${refused[0]!.id}-${refused.at(-1)!.id}`,
    duplicateIds: '7-9, 20',
  })
})

describe('a loss where commits are acknowledged before they are safe', () => {
  const told = (events: readonly Event[], setting: string, source: string) =>
    altered(events, event =>
      event.kind === 'final-rows' && event.host === 'node1' ? {...event, synchronousCommit: {setting, source}} : event,
    )
  const lost = [...clean, tailWrite()]

  test.each([
    ['user', 'for the role of the clients'],
    ['configuration file', 'for the cluster'],
    ['database', 'for the database'],
  ])('names synchronous_commit and what set it (%s)', (source, says) => {
    const finding = judge(told(lost, 'off', source), 'none')
    expect(finding).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining(`synchronous_commit is off on node1, set ${says}: a commit is acknowledged before`),
      hint: expect.stringContaining('who set synchronous_commit?'),
    })
  })

  test('says nothing of it where nothing is lost, and where the setting explains nothing', () => {
    expect(judge(told(clean, 'off', 'user')).says).not.toContain('synchronous_commit')
    expect(judge(told(lost, 'local', 'user'), 'none').says).not.toContain('synchronous_commit')
  })

  test('with synchronous replication, local is as bad', () => {
    const synchronous = [...cleanRun({patroni: {synchronousMode: 'on'}}), tailWrite()]
    expect(judge(told(synchronous, 'local', 'user'), 'none').says).toContain('no standby is waited for')
  })
})

describe('cannot tell', () => {
  const gone = (drop: (event: Event) => boolean) => judge(altered(clean, event => (drop(event) ? null : event)))

  test.each<[string, (event: Event) => boolean]>([
    ['without the final rows', event => event.kind === 'final-rows'],
    ['without the final rows of one member', event => event.kind === 'final-rows' && event.host === 'node3'],
    ['without any write', event => event.kind === 'op'],
    ['when rows are there that no client told of', event => event.kind === 'op' && event.id === 100],
  ])('%s', (_, drop) => expect(gone(drop).verdict).toBe('unknown'))

  test('when a replica lacks rows of which nobody knows whether it had caught up', () => {
    const events = withRows(clean, rows => rows.delete(2000), 'node3')
    const old = altered(events, event => (event.kind === 'final-rows' ? {...event, caughtUp: null} : event))
    expect(judge(old).verdict).toBe('unknown')
  })

  test('the tail, when nobody saw what the promoted replica had received', () => {
    const history = altered([...clean, tailWrite()], event =>
      event.kind === 'postgres' && event.host === 'node2' && event.inRecovery ? null : event,
    )
    expect(judge(history)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('the tail has no bound')})
  })
})

test('every planted loss, ghost and duplicate is found, and nothing else is accused (300 runs)', () => {
  const writes = writesOf(clean)
  // The last writes of the old leader have nothing after them that would prove where they lie: they are the tail.
  const provable = writes.filter(op => op.outcome === 'ok' && !(op.timeline === 1 && op.at > micros(-0.5)))
  const refused = writes.filter(op => op.outcome === 'fail')
  const some = (ops: readonly Of<'op'>[]) => fc.uniqueArray(fc.constantFrom(...ops.map(op => op.id)), {maxLength: 5})
  fc.assert(
    fc.property(some(provable), some(refused), some(provable), (lost, ghosts, duplicates) => {
      const edited = withRows(clean, rows => {
        for (const id of lost) rows.delete(id)
        for (const id of ghosts) rows.add(id)
      })
      const history = altered(edited, event => (event.kind === 'final-rows' ? {...event, duplicates} : event))
      const {verdict, measures} = judge(history)
      expect(measures).toMatchObject({
        lost: lost.length,
        lostInAsyncTail: 0,
        refusedInTable: ghosts.length,
        duplicates: duplicates.length,
      })
      expect(verdict).toBe(lost.length + ghosts.length + duplicates.length > 0 ? 'fail' : 'pass')
    }),
    {numRuns: 300},
  )
}, 60_000)
