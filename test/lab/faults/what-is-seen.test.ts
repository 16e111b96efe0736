/** Each fault's reading of what a host shows: it must be able to say that the fault did not take hold. */
import {describe, expect, test} from 'vitest'
import {whoGoesOn} from '../../../lab/breaking/lasting.ts'
import {nftScript, whatIsMissing} from '../../../lab/breaking/nft.ts'
import {fillScript, freeScript} from '../../../lab/faults/fill-disk.ts'
import {holdDown} from '../../../lab/faults/kill.ts'
import {judgeSame} from '../../../lab/faults/noop.ts'
import {judgeLoad, judgeQuota, loadScript} from '../../../lab/faults/overload.ts'
import {stopScript} from '../../../lab/faults/pause.ts'
import {judgeClock, skewScript} from '../../../lab/faults/skew-clock.ts'

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
  const hosts = Date.parse('2026-11-20T16:00:00Z') / 1000
  const printed = (patronis: string) => `${hosts}\n${patronis}`

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
    const seen = judgeClock('node1', by, printed(patronis))
    expect(seen.holds).toBe(holds)
    expect(seen.says).toContain(says)
  })

  test('a Patroni that does not answer proves nothing', () => {
    expect(judgeClock('node1', 60_000, String(hosts))).toEqual({
      holds: false,
      says: 'Patroni of node1 does not tell the time yet',
    })
    expect(judgeClock('node1', 60_000, `${hosts}\nnonsense`).holds).toBe(false)
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
    {node1: '10.0.0.1', node2: '10.0.0.12'},
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
