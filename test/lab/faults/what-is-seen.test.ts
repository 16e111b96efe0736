/** Each fault's reading of what a host shows: it must be able to say that the fault did not take hold. */
import {describe, expect, test} from 'vitest'
import {whoGoesOn} from '../../../lab/breaking/lasting.ts'
import {nftScript, whatIsMissing} from '../../../lab/breaking/nft.ts'
import {breakScript, judgeStart} from '../../../lab/faults/break-start.ts'
import {judgeDefrag} from '../../../lab/faults/defrag-etcd.ts'
import {judgeDeletion} from '../../../lab/faults/delete-leader-key.ts'
import {fillScript, freeScript} from '../../../lab/faults/fill-disk.ts'
import {judgeAlarm} from '../../../lab/faults/fill-etcd.ts'
import {judgeFlap} from '../../../lab/faults/flap.ts'
import {holdDown} from '../../../lab/faults/kill.ts'
import {judgeLost} from '../../../lab/faults/lose-etcd-data.ts'
import {judgeSame} from '../../../lab/faults/noop.ts'
import {judgeLoad, judgeQuota, loadScript} from '../../../lab/faults/overload.ts'
import {stopScript} from '../../../lab/faults/pause.ts'
import {judgeReconnect, judgeReload} from '../../../lab/faults/reload-pgbouncer.ts'
import {judgeRemoved} from '../../../lab/faults/remove-host.ts'
import {judgeShown, serialsIn} from '../../../lab/faults/renew-certificates.ts'
import {judgeClock, skewScript} from '../../../lab/faults/skew-clock.ts'
import {judgeDelays} from '../../../lab/faults/slow-disk.ts'
import {judgeTaken} from '../../../lab/faults/truncate-table.ts'

describe('a host to which nothing was done', () => {
  const before = new Map([
    ['node1', ''],
    ['node2', 'down etcd'],
  ])

  test('is seen to be as it was, whatever is broken there', () =>
    expect(judgeSame(before, new Map(before))).toEqual({holds: true, says: 'nothing has changed on node1, node2'}))

  test('is seen to have changed when a fault has come or gone', () => {
    expect(judgeSame(before, new Map([...before, ['node2', '']])).says).toMatch(/broken or mended on node2$/)
    expect(judgeSame(before, new Map([...before, ['node1', 'stopped']])).holds).toBe(false)
  })
})

describe('the clock of Patroni', () => {
  const hosts = String(Date.parse('2026-11-20T16:00:00Z') / 1000)

  test.each([
    ['Fri, 20 Nov 2026 16:01:00 GMT', 60_000, true, '+60 s off'],
    ['Fri, 20 Nov 2026 16:01:02 GMT', 60_000, true, '+62 s off'],
    ['Fri, 20 Nov 2026 14:00:00 GMT', -7_200_000, true, '-7200 s off'],
    ['Fri, 20 Nov 2026 16:00:00 GMT', 60_000, false, '+0 s off'],
    ['Fri, 20 Nov 2026 16:00:57 GMT', 60_000, false, '+57 s off'],
    ['Fri, 20 Nov 2026 15:59:00 GMT', 60_000, false, '-60 s off'],
    ['Fri, 20 Nov 2026 16:00:00 GMT', -5000, false, '+0 s off'],
    ['Fri, 20 Nov 2026 16:00:03 GMT', 5000, false, '+3 s off'],
  ])('%s, to be off by %d ms: %s', (patronis, by, holds, says) => {
    const seen = judgeClock('node1', by, {hosts, patronis})
    expect(seen.holds).toBe(holds)
    expect(seen.says).toContain(says)
  })

  test('a Patroni that does not answer proves nothing', () => {
    expect(judgeClock('node1', 60_000, {hosts, patronis: undefined})).toEqual({
      holds: false,
      says: 'Patroni of node1 does not tell the time yet',
    })
    expect(judgeClock('node1', 60_000, {hosts, patronis: 'nonsense'}).holds).toBe(false)
  })

  test('is set with its sign, for libfaketime', () => {
    expect(skewScript(60_000)).toContain("echo '+60' >")
    expect(skewScript(-7_200_000)).toContain("echo '-7200' >")
    expect(skewScript(5500)).toContain("echo '+5.5' >")
  })
})

describe('the CPU limit', () => {
  test.each([
    ['20000 100000', 0.2, true, '0.2 CPUs'],
    ['50000 100000', 0.2, false, '0.5 CPUs'],
    ['max 100000', 0.2, false, 'no CPU limit'],
    ['-1 100000', 0.2, false, 'no CPU limit'],
    ['', 0.2, false, 'no CPU limit'],
  ])('%j, to be %d', (printed, cpus, holds, says) => {
    const seen = judgeQuota('node1', cpus, printed)
    expect(seen.holds).toBe(holds)
    expect(seen.says).toContain(says)
  })
})

describe('the connections', () => {
  test.each([
    ['held 20 full 0 failed 0', 20, true],
    ['held 97 full 23 failed 0', 120, true],
    ['held 19 full 0 failed 1', 20, false],
    ['held 0 full 0 failed 20', 20, false],
    ['', 20, false],
  ])('%j of %d', (printed, wanted, holds) => expect(judgeLoad('node1', wanted, printed).holds).toBe(holds))

  test('a password reaches the load in its environment only', () => {
    const script = loadScript(10, 60_000, "it's")
    expect(script).toContain(`PGPASSWORD='it'\\''s'`)
    expect(
      script
        .split('\n')
        .filter(line => line.includes('setsid'))
        .join(),
    ).not.toContain('it')
    expect(script).toContain('exec -a pgha-lab-load python3 /usr/local/bin/hold-connections 10 60')
  })
})

test('who is held down is told so before it dies, and is started again by its host after the limit', () => {
  const lines = holdDown('patroni', 90_500).split('\n')
  expect(lines[0]).toBe('s6-svc -O /run/service/patroni')
  expect(lines.at(-1)).toBe('undo-later 91 start-service patroni')
})

test('the postmaster is stopped before its children, so that it starts no more of them', () => {
  expect(stopScript([7])).toBe('kill -STOP 7')
  expect(stopScript([7, 8, 9]).split('\n')).toEqual(['kill -STOP 7', 'kill -STOP 8 9 2> /dev/null || true'])
})

test('a disk is filled to the last byte only when nothing is to be left', () => {
  expect(fillScript(0)).toContain('cat /dev/zero')
  expect(fillScript(4096)).not.toContain('cat /dev/zero')
  expect(fillScript(4096)).toContain(freeScript)
})

test.each([
  [200, '{"header":{"revision":"42"},"deleted":"1"}', true, 'etcd deleted the leader key, in revision 42'],
  [200, '{"header":{"revision":"42"}}', false, 'etcd deleted 0 keys: there was no leader key'],
  [503, '{}', false, 'etcd answered 503 and deleted nothing'],
])('a leader key is deleted by the word of etcd: %d %s', (code, body, holds, says) =>
  expect(judgeDeletion(code, body)).toEqual({holds, says}),
)

test.each([
  [false, '1', '2', true, 'has a new file: it was emptied'],
  [false, '1', '1', false, 'is as it was'],
  [false, '1', null, false, 'is gone'],
  [true, '1', null, true, 'is gone'],
  [true, '1', '2', false, 'has a new file'],
  [true, null, null, false, 'was not there'],
])('a table, to be dropped %j, with the file %j and then %j', (drop, before, after, holds, says) => {
  const seen = judgeTaken(drop, before, after)
  expect(seen.holds).toBe(holds)
  expect(seen.says).toContain(says)
})

describe('a link that comes and goes', () => {
  const dialled = (answer: 'open' | 'refused' | 'silent') => [{from: 'node1', to: 'node2', port: 2379, answer}]
  const hits = (first: number, second: number) => [{host: 'node1', first, second}]

  test.each([
    [
      'open',
      'silent',
      'open',
      hits(2, 5),
      true,
      '1 connections that were answered were not for a while, and then were again; node1 dropped 2 packets, and then 3',
    ],
    ['silent', 'silent', 'silent', hits(2, 5), false, 'no connection was answered before'],
    ['open', 'open', 'open', hits(2, 5), false, 'still answered: node1 to node2:2379'],
    ['open', 'silent', 'silent', hits(2, 5), false, 'not answered again: node1 to node2:2379'],
    ['open', 'silent', 'open', hits(2, 2), false, 'no packet has met the rules of node1 in each period'],
    ['open', 'silent', 'open', hits(0, 3), false, 'no packet has met the rules of node1 in each period'],
  ] as const)('%s, then %s, then %s', (before, away, back, counted, holds, says) => {
    const seen = judgeFlap({...{before: dialled(before), away: dialled(away), back: dialled(back)}, hits: counted})
    expect(seen.holds).toBe(holds)
    expect(seen.says).toContain(says)
  })
})

describe('etcd without space', () => {
  const alarm = {member: '1', alarm: 'NOSPACE'}
  const member = (host: string, id: string, alarms: readonly (typeof alarm)[]) => ({
    ...{host, says: {member: id, leader: '1', term: 2, alarms}, knows: null},
  })
  const silent = {host: 'node3', says: null, knows: null}

  test.each([
    [
      [member('node1', '1', [alarm]), member('node2', '2', [alarm])],
      true,
      'etcd on node1, node2 has the alarm NOSPACE of node1, and refuses writes',
    ],
    [[member('node1', '1', [alarm]), silent], true, 'etcd on node1 has the alarm NOSPACE of node1'],
    [[member('node1', '1', [alarm]), member('node2', '2', [])], false, 'etcd on node2 has no alarm NOSPACE'],
    [[member('node1', '1', [{member: '1', alarm: 'CORRUPT'}])], false, 'etcd on node1 has no alarm NOSPACE'],
    [[silent], false, 'no member of etcd answers'],
  ])('%#', (members, holds, says) => {
    const seen = judgeAlarm(members)
    expect(seen.holds).toBe(holds)
    expect(seen.says).toContain(says)
  })
})

describe('a slow disk', () => {
  test.each([
    ['1893  fdatasync(9)                    = 0 (DELAYED) <0.200312>\n', true, 'an fsync on node1 took 200 ms'],
    ['1893  fdatasync(9)                    = 0 <0.000312>\n', false, 'no fsync on node1 was held up yet'],
    ['1893  fsync(9)                    = 0 (DELAYED) <0.100312>\n', false, 'no fsync on node1 was held up yet'],
    ['', false, 'no fsync on node1 was held up yet'],
  ])('%j', (printed, holds, says) => expect(judgeDelays(200, new Map([['node1', printed]]))).toEqual({holds, says}))
})

describe('a start of PostgreSQL', () => {
  const member = (state: string) => ({
    ...{role: 'replica', state, tags: {}, pendingRestart: false, paused: false},
  })

  test.each([
    [false, member('start failed'), true, 'Patroni says of it: start failed'],
    [false, member('starting'), false, 'Patroni says of it: starting'],
    [false, undefined, false, 'Patroni says of it: nothing'],
    [true, member('start failed'), false, 'has not died'],
  ])('that lives: %j', (runs, seen, holds, says) => {
    const judged = judgeStart('node1', runs, seen)
    expect(judged.holds).toBe(holds)
    expect(judged.says).toContain(says)
  })

  test('cannot come between what is broken and the death: it stands still, and whatever happens to the script, it dies', () => {
    const lines = breakScript('wal', 7).split('\n')
    expect(lines.indexOf('kill -STOP 7 $(pgrep -P 7)')).toBe(1)
    expect(lines[2]).toBe("trap 'kill -KILL 7 $(pgrep -P 7)' EXIT")
    expect(lines.at(-1)).toMatch(/^mv /)
  })
})

describe('a fault that somebody else ended', () => {
  test.each([
    ['10 T\n11 T', null],
    ['10 T', null], // a child may end
    ['10 T\n11 S', /^is no longer stopped: pid 11 is in state S$/],
    ['10 R\n11 T', /pid 10 is in state R/],
    ['', /^is no longer stopped: pid 10 is gone$/],
  ])('stopped processes, seen as %j', (printed, says) => {
    const seen = whoGoesOn('patroni', [10, 11], printed)
    if (says === null) expect(seen).toBeNull()
    else expect(seen).toMatch(says)
  })

  test('a process of PostgreSQL that is gone: nobody knows who ended it', () =>
    expect(() => whoGoesOn('postgres', [10], '')).toThrow(/who ended it is not known/))

  const rules = nftScript(
    {
      ...{cut: 'cut', how: 'drop', limitMs: 60_000},
      cuts: [{service: null, end: 'either', ways: 'both', peers: ['node1', 'node2']}],
    },
    {topology: {}, allocation: {addresses: {node1: '10.0.0.1', node2: '10.0.0.12'}}},
  )
  /** As nft prints what was loaded. */
  const listing = (elements: string, chains = rules) =>
    `table inet pgha_lab_cut {\n\tset everything {\n\t\telements = { ${elements} }\n\t}\n${chains
      .split('\n')
      .filter(line => line.includes('counter'))
      .map(line => line.replace('counter', 'counter packets 3 bytes 180'))
      .join('\n')}\n}`
  const all = '10.0.0.1 timeout 1m expires 54s123ms, 10.0.0.12 timeout 1m expires 54s123ms'
  test.each([
    ['whole', listing(all), null],
    ['no table', 'Error: No such file or directory\nlist table inet pgha_lab_cut', /its nftables table is not there/],
    ['an address deleted', listing('10.0.0.12 timeout 1m expires 3s'), /its sets lack 10\.0\.0\.1$/],
    ['its chains flushed', listing(all, ''), /it has 0 of its 2 rules/],
  ])('a cut: %s', (_, printed, says) => {
    const seen = whatIsMissing(rules, printed)
    if (says === null) expect(seen).toBeNull()
    else expect(seen).toMatch(says)
  })

  test('a cut of which the kernel says something else: nobody knows', () =>
    expect(() => whatIsMissing(rules, 'netlink: Error: Could not process rule: Resource busy')).toThrow(
      /Resource busy/,
    ))
})

describe('a member of etcd', () => {
  test.each([
    ['down\nnothing', true, /etcd on node2 is down, and its data is gone/],
    ['up\nnothing', false, /runs/],
    ['down\ndata', false, /has its data/],
    ['', false, /runs/],
  ])('that shows %j has lost its data: %s', (printed, holds, says) => {
    const seen = judgeLost(new Map([['node2', printed]]))
    expect(seen).toEqual({holds, says: expect.stringMatching(says)})
  })

  test('has lost nothing where nobody was asked', () => expect(judgeLost(new Map()).holds).toBe(false))

  test.each([
    [30_000_000, 25_000, true],
    [30_000_000, 30_000_000, false],
    [Number.NaN, 25_000, false],
    [30_000_000, Number.NaN, false],
  ])('whose file had %d bytes and has %d was defragmented: %s', (before, after, holds) => {
    expect(judgeDefrag('node1', before, after, '40\n').holds).toBe(holds)
  })
})

describe('PgBouncer', () => {
  test.each([
    ['15\n22\n15', true],
    ['15\n15\n15', false],
    ['15\n22\n22', false],
    ['', false],
  ])('that says %j has read its file twice: %s', (printed, holds) => {
    expect(judgeReload('node1', printed).holds).toBe(holds)
  })

  const reloaded = {holds: true, says: 'reloaded'}
  test.each([
    ['101\n102\n', '103\n', true],
    ['101\n102', '', true],
    ['101\n102', '102\n103', false],
    ['', '103', false],
  ])('that was served by backends %j and is by %j has connected anew: %s', (before, after, holds) => {
    expect(judgeReconnect(reloaded, before, after).holds).toBe(holds)
  })
})

describe('a certificate', () => {
  const [old, fresh] = ['A1'.repeat(16), 'B2'.repeat(16)]
  const shown = (file: string, etcd: string, postgresql: string) =>
    serialsIn(`${file} of the host\n${etcd} of etcd\n${postgresql} of PostgreSQL\n`)

  test.each([
    [
      shown(fresh, fresh, fresh),
      true,
      'on node1 the certificate B2B2B2B2 is shown in place of A1A1A1A1 by etcd, PostgreSQL',
    ],
    [shown(fresh, fresh, old), false, 'on node1, where the new certificate is B2B2B2B2, PostgreSQL shows A1A1A1A1'],
    [shown(fresh, fresh, 'nothing'), false, 'PostgreSQL shows none'],
    [shown(old, old, old), false, 'node1 has no new certificate'],
    [serialsIn(''), false, 'node1 has no new certificate'],
  ])('%o is shown: %s', (after, holds, says) => {
    const seen = judgeShown('node1', shown(old, old, old), after)
    expect(seen.holds).toBe(holds)
    expect(seen.says).toContain(says)
  })

  test('of a host on which nobody showed one before proves nothing', () => {
    const before = serialsIn(`${old} of the host`)
    expect(judgeShown('node1', before, serialsIn(`${fresh} of the host`)).holds).toBe(false)
  })
})

describe('a host that was taken out', () => {
  const gone = {members: ['node1'], slots: ['node_3'], kept: new Map([['node-2', 'nothing\n']])}

  test('has neither key nor slot nor data', () => expect(judgeRemoved(['node-2'], gone).holds).toBe(true))

  test.each([
    ['its key', {members: ['node1', 'node-2']}, /has its key in the DCS/],
    ['its slot', {slots: ['node_2']}, /keeps the slot node_2 \(member_slots_ttl/],
    ['its data', {kept: new Map([['node-2', 'data']])}, /has its data/],
    ['no leader to tell', {slots: null}, /nobody leads/],
    ['told nothing', {kept: new Map()}, /has its data/],
  ])('is not out with %s', (_, left, says) => {
    expect(judgeRemoved(['node-2'], {...gone, ...left})).toEqual({holds: false, says: expect.stringMatching(says)})
  })
})
