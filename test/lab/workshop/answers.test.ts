import {describe, expect, test} from 'vitest'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {judgeAnswer, predicted} from '../../../lab/workshop/answers.ts'
import {teach} from '../../../lab/workshop/course.ts'
import {begin} from '../../../lab/workshop/progress.ts'
import {fits, raising} from '../../../lab/workshop/site.ts'
import {bytes, count, hosts, seconds, word, yes} from '../../../lab/workshop/truth.ts'
import {FakeSite, FakeStage, lessonOf} from './fake-site.ts'

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

  test.each([
    ['20,0', 'right'],
    ['20,5 s', 'right'],
    ['20.5s', 'right'],
    ['20 sec', 'right'],
    ['~ 20 seconds', 'right'],
    ['20,000 ms', 'unread'], // 20 s, or 20 ms
    ['20500 ms', 'right'],
    ['1,048', 'unread'], // 1.048 s, or 1048 s
    ['20.0.0', 'unread'],
    ['20 to 25', 'unread'],
    ['20 minutes', 'wrong'],
    ['20 rows', 'unread'],
    ['20 kB', 'unread'],
  ])('of a time, typed as %s, is %s', (said, is) => {
    expect(verdict(said, seconds(19, 24.9, 'it takes that long'))).toBe(is)
  })

  test.each([
    ['2755', 'right'],
    ['2,755', 'right'],
    ['2,755 rows', 'right'],
    ['2755 acknowledged writes', 'right'],
    ['2 755', 'right'],
    ['about 2755', 'right'],
    ['2.755', 'unread'], // a decimal point, or a German's thousands
    ['2,75', 'unread'],
    ['27,55', 'unread'],
    [',755', 'unread'],
    ['2,755,', 'unread'],
    ['2755 ms', 'unread'],
    ['2755 %', 'unread'],
    ['2755 thousand', 'unread'],
    ['2755 or so many', 'unread'],
    ['2755 or 2756', 'unread'],
    ['2755 two', 'unread'],
    ['2,756 rows', 'wrong'],
    ['2', 'wrong'],
    ['two', 'wrong'],
    ['275500 rows', 'wrong'],
  ])('of a count of 2755, typed as %s, is %s', (said, is) => {
    expect(verdict(said, count(2755, 'that many'))).toBe(is)
  })

  test.each([
    ['1048576', 'right'],
    ['1,048,576', 'right'],
    ['1 048 576 bytes', 'right'],
    ['1.048.576', 'right'],
    ['1048576 B', 'right'],
    ['1MB', 'right'],
    ['1 mb', 'right'],
    ['1 MiB', 'right'],
    ['1.0 MB', 'right'],
    ['1,0 MB', 'right'],
    ['1024kB', 'right'],
    ['1024 KB', 'right'],
    ['0.001 GiB', 'wrong'],
    ['1 GB', 'wrong'],
    ['1 kB', 'wrong'],
    ['1', 'wrong'],
    ['1,048', 'wrong'], // 1048 bytes
    ['1,048,577', 'wrong'],
    ['1,024 kB', 'unread'], // 1024 kB, or about 1 kB
    ['1.048 kB', 'wrong'],
    ['1 Mbit', 'unread'],
    ['1 s', 'unread'],
    ['a megabyte', 'unread'],
    ['', 'unread'],
  ])('of a size of 1048576 bytes, typed as %s, is %s', (said, is) => {
    expect(verdict(said, bytes(1_048_576, 'that much'))).toBe(is)
  })

  test('of a size may be as reports print it, by thousands', () => {
    const room = bytes(16_777_216, 'that much')
    expect(['16MB', '16.8 MB', '16.8MB'].map(said => verdict(said, room))).toEqual(['right', 'right', 'right'])
    expect(['16.7 MB', '17 MB', '16.8 kB'].map(said => verdict(said, room))).toEqual(['wrong', 'wrong', 'wrong'])
  })

  test('of a setting is exact, also where it is a time: it is read, and not guessed', async () => {
    const lesson = lessonOf('  - {ask: What is the ttl?, answer: {lab: ttl}}\n')
    const stage = new FakeStage(['18', '20 s', ''])
    const site = new FakeSite()
    site.facts.set('ttl', seconds(20, 20, 'ttl is 20 s'))
    await teach({lesson, site, stage, keep: () => {}}, begin(lesson.digest))
    expect(stage.told).toEqual(['Not so. You said 18. It is more than that.', 'Right: ttl is 20 s.'])
  })

  test('that is no number is refused with what can be typed', () => {
    const says = (said: string, truth: Parameters<typeof judgeAnswer>[1]) => judgeAnswer(said, truth, null, known).says
    expect(says('much', bytes(1_048_576, ''))).toBe(
      'That is read as no size. Type a size, such as 512kB, 64MB or 65,536.',
    )
    expect(says('many', count(3, ''))).toBe('That is read as no number. Type a number, such as 8 or 4,200.')
    expect(says('long', seconds(3, 3, ''))).toBe('That is read as no time. Type seconds, such as 12 s or 0.8 s.')
    expect(says('1,048', seconds(3, 3, ''))).toBe('1,048 can be read in two ways. Type 1048 s or 1.048 s.')
    expect(says('1,024 kB', bytes(3, ''))).toBe('1,024 kB can be read in two ways. Type 1024 kB or 1.024 kB.')
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

  test('of a word is that word, in large or small letters, and no other that begins alike', () => {
    const mode = word('strict', 'synchronous_mode is strict')
    expect(['strict', ' STRICT ', 'stricter', 'stric', ''].map(said => verdict(said, mode))).toEqual([
      ...['right', 'right', 'wrong', 'wrong', 'unread'],
    ])
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
