import {describe, expect, test} from 'vitest'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {judgeAnswer, predicted} from '../../../lab/workshop/answers.ts'
import {fits, raising} from '../../../lab/workshop/site.ts'
import {count, hosts, seconds, yes} from '../../../lab/workshop/truth.ts'

const known = ['node1', 'node2', 'node3']
const verdict = (said: string, truth: Parameters<typeof judgeAnswer>[1], within: number | null = null) =>
  judgeAnswer(said, truth, within, known).verdict

describe('an answer', () => {
  test.each([
    ['22 s', 'right'],
    ['22', 'right'],
    ['about 22 seconds', 'right'],
    ['22000ms', 'right'],
    ['0m 22s', 'right'],
    ['17', 'right'], // 15 % below
    ['15', 'wrong'],
    ['29', 'wrong'],
    ['soon', 'unread'],
    ['', 'unread'],
    ['-3', 'unread'],
  ])('of a time between 19 and 24.9 s: %s is %s', (said, is) => {
    expect(verdict(said, seconds(19, 24.9, 'it takes that long'))).toBe(is)
  })

  test('of a count is exact unless the lesson says otherwise', () => {
    expect([verdict('3', count(3, '3')), verdict('three', count(3, '3')), verdict('4', count(3, '3'))]).toEqual([
      'right',
      'right',
      'wrong',
    ])
    expect(verdict('1000000', count(1_048_576, ''), 10)).toBe('right')
  })

  test('of a host may be any of several, and nobody where nobody is', () => {
    const both = hosts(['node2', 'node3'], 'they follow')
    expect(verdict('Node2', both)).toBe('right')
    expect(verdict('node2 and node3', both)).toBe('right')
    expect(verdict('node1, node2', both)).toBe('wrong')
    expect(verdict('nobody', hosts([], 'nobody leads'))).toBe('right')
    expect(verdict('nobody', both)).toBe('wrong')
    expect(verdict('node9', both)).toBe('unread')
  })

  test('of yes or no has many spellings, and tells a direction when it is wrong, not the answer', () => {
    expect(verdict('Y', yes(true, 'it is'))).toBe('right')
    expect(verdict('off', yes(true, 'it is'))).toBe('wrong')
    expect(verdict('perhaps', yes(true, 'it is'))).toBe('unread')
    expect(judgeAnswer('9', seconds(19, 24.9, 'secret'), null, known).says).toBe('You said 9. It is more than that.')
    expect(judgeAnswer('node1', hosts(['node2'], 'secret'), null, known).says).not.toContain('node2')
  })
})

describe('the model', () => {
  test('goes by the settings of the lab, and by those of the lesson where it has some', () => {
    const fast = loadTopology({profile: 'fast'})
    const source = {from: 'model', fault: 'kill-host', of: 'outage-most', set: []} as const
    const usual = predicted(source, fast).value
    const longer = predicted({...source, set: ['patroni.ttl=40s']}, fast).value
    expect(usual).toMatchObject({kind: 'number', least: expect.closeTo(24.95, 1)})
    expect(longer).toMatchObject({kind: 'number', least: expect.closeTo(44.95, 1)})
  })

  test('that says nothing of a fault says why', () => {
    const source = {from: 'model', fault: 'crash-postgres', of: 'lease', set: []} as const
    expect(() => predicted(source, loadTopology({}))).toThrow(/the model says nothing of lease after crash-postgres/)
  })
})

describe('a lab fits a lesson', () => {
  const of = (lab: Parameters<typeof fits>[0]['lab'], wanted: Parameters<typeof loadTopology>[0]) =>
    fits({lab}, loadTopology(wanted))

  test('with the same hosts and what the lesson asks for, whatever else is set', () => {
    expect(of({set: []}, {profile: 'fast', set: ['patroni.ttl=25s']})).toBe(true)
    expect(of({set: ['patroni.watchdog=required']}, {profile: 'fast'})).toBe(false)
    expect(of({set: ['patroni.watchdog=required']}, {set: ['patroni.watchdog=required']})).toBe(true)
    expect(of({profile: 'fast', set: []}, {profile: 'default'})).toBe(false)
    expect(of({topology: 'pgbouncer', set: []}, {})).toBe(false)
    expect(of({topology: 'pgbouncer', set: []}, {topology: 'pgbouncer', profile: 'fast'})).toBe(true)
    expect(of({set: []}, {topology: 'vip'})).toBe(false)
    expect(of(null, {topology: 'vip'})).toBe(true)
  })

  test('and `up` raises it', () => {
    expect(raising({topology: 'pgbouncer', set: ['patroni.ttl=25s']}, 'fast')).toEqual([
      '--topology',
      'pgbouncer',
      '--profile',
      'fast',
      '--set',
      'patroni.ttl=25s',
    ])
  })
})
