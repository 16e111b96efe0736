import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {loadHistory} from '../../../lab/history/read-events.ts'
import {teach} from '../../../lab/workshop/course.ts'
import type {Lesson} from '../../../lab/workshop/lesson.ts'
import {begin, type Kept} from '../../../lab/workshop/progress.ts'
import {type Played, played} from '../../../lab/workshop/run-values.ts'
import {Left} from '../../../lab/workshop/stage.ts'
import {count, hosts} from '../../../lab/workshop/truth.ts'
import {FakeSite, FakeStage, lessonOf} from './fake-site.ts'

const now = () => new Date('2026-11-28T09:00:00Z')

/** What was kept at each step, and how it ended. */
async function taught(
  lesson: Lesson,
  stage: FakeStage,
  site = new FakeSite(),
  from: Kept = begin(lesson.digest, now()),
) {
  const kept: Kept[] = []
  const left = await teach({lesson, site, stage, keep: one => void kept.push(one), now}, from).then(
    () => null,
    (error: unknown) => error,
  )
  return {kept, last: kept.at(-1)!, left}
}

const leaderAsked = '  - {ask: Who leads?, answer: {lab: leader}, wrong: Only one has the key., hints: [One., Two.]}\n'

describe('a question about the lab', () => {
  test('is right by what the lab says when it is answered, not when it was asked', async () => {
    const site = new FakeSite()
    const stage = new FakeStage(['node1', 'node3', ''])
    stage.tell = says => {
      stage.told.push(says)
      site.facts.set('leader', hosts(['node3'], 'node3 leads right now'))
    }
    site.facts.set('leader', hosts(['node2'], 'node2 leads right now'))
    const {last, left} = await taught(lessonOf(leaderAsked), stage, site)
    expect(left).toBeNull()
    expect(last.answers['0']).toMatchObject({said: 'node3', right: true, wrong: 1, truth: 'node3 leads right now.'})
  })

  test('says after a wrong answer why, and one hint more each time, and the answer after the third', async () => {
    const stage = new FakeStage(['node2', 'node3', 'node2', 'node1', ''])
    const {last} = await taught(lessonOf(leaderAsked), stage)
    expect(stage.told).toEqual([
      'Not so. You said node2. It is another one.',
      'Only one has the key.',
      'Hint 1 of 2: One.',
      'Not so. You said node3. It is another one.',
      'Only one has the key.',
      'Hint 2 of 2: Two.',
      'Not so. You said node2. It is another one.',
      'Only one has the key.',
      'Hint: Two.',
      'To be told: node1 leads right now.',
      'Right: node1 leads right now.',
    ])
    expect(last.answers['0']).toMatchObject({wrong: 3, hints: 3})
  })

  test('takes a host that is not there for a slip, and not for an answer', async () => {
    const stage = new FakeStage(['nod1', '', 'node1', ''])
    const {last} = await taught(lessonOf(leaderAsked), stage)
    expect(stage.told[0]).toBe('This lab has no host nod1, did you mean node1?')
    expect(stage.told[1]).toMatch(/^A host is asked for/)
    expect(last.answers['0']?.wrong).toBe(0)
  })

  test('says why nobody can tell, and stays', async () => {
    const site = new FakeSite()
    site.facts.delete('leader')
    const stage = new FakeStage(['node1', 'skip', ''])
    const {last, left} = await taught(lessonOf(leaderAsked), stage, site)
    expect(stage.told[0]).toBe('That cannot be told right now: nobody tells leader.')
    expect(left).toBeNull()
    expect(last.answers['0']?.right).toBe(false)
  })
})

test('hints come one at a time when asked for, and the page again', async () => {
  const stage = new FakeStage(['hint', 'HINT', 'hint', 'again', 'node1', ''])
  const {last} = await taught(lessonOf(leaderAsked), stage)
  expect(stage.told.slice(0, 3)).toEqual(['Hint 1 of 2: One.', 'Hint 2 of 2: Two.', 'Hint: Two.'])
  expect(stage.pages).toHaveLength(2)
  expect(last.answers['0']).toMatchObject({wrong: 0, hints: 3})
})

test('a choice has its own reason', async () => {
  const lesson = lessonOf(
    '  - {ask: Who decides?, choices: [{says: HAProxy, why: It follows.}, {says: The key, why: There is one., right: true}]}\n',
  )
  const stage = new FakeStage(['c', 'a', 'B)', ''])
  await taught(lesson, stage)
  expect(stage.pages[0]?.choices).toEqual(['HAProxy', 'The key'])
  expect(stage.told).toEqual(['Answer with a letter from a to b.', 'Not so. It follows.', 'Right. There is one.'])
})

describe('a command', () => {
  const killed =
    '  - {type: "shell {leader} -- true", done: [{lab: leader, changed: true}, {run: kill-leader}], hints: [Paste it.]}\n'

  test('is done when the lab shows it, whatever the learner says', async () => {
    const site = new FakeSite()
    const stage = new FakeStage(['', 'done!', 'run', ''], () => {
      site.facts.set('leader', hosts(['node2'], 'node2 leads right now'))
    })
    const {left, kept} = await taught(lessonOf(killed), stage, site)
    expect(stage.pages[0]?.commands).toEqual([['shell', 'node1', '--', 'true']])
    expect(stage.performed).toEqual([['shell', 'node1', '--', 'true']])
    expect(stage.told).toEqual([
      'Not yet: node1 leads right now, as before.',
      '`hint` helps, `run` does it for you.',
      'It is typed in another shell, not here. `run` does it here for you.',
      'Not yet: lab fake has no run of kill-leader yet.',
      '`hint` helps, `run` does it for you.',
      'Not yet: lab fake has no run of kill-leader yet.',
      '`hint` helps, `run` does it for you.',
    ])
    expect(left).toMatchObject({how: 'ended'})
    expect(kept[0]).toMatchObject({at: 0, before: {leader: 'node1'}})
    expect(site.asked.at(-1)).toEqual(now())
  })

  test('has to bring about the value that it says', async () => {
    const site = new FakeSite()
    site.facts.set('timeline', count(1, 'node1 writes timeline 1'))
    const lesson = lessonOf('  - {type: status, done: {lab: timeline, is: 2}}\n')
    const stage = new FakeStage(['', 'run', ''], () => site.facts.set('timeline', count(2, 'node1 writes timeline 2')))
    const {left} = await taught(lesson, stage, site)
    expect(left).toBeNull()
    expect(stage.told).toEqual(['Not yet: node1 writes timeline 1.', 'Done: the lab shows it.'])
  })

  test('that asks for a run says what became of it', async () => {
    const file = join(import.meta.dirname, '..', '..', 'histories', 'kill-leader-never-marked-down.fail.ndjson.gz')
    const site = new FakeSite()
    site.runs.set('kill-leader', played('20261128T090000Z-kill-leader', await loadHistory(file)))
    const stage = new FakeStage(['', ''])
    await taught(lessonOf('  - {type: chaos kill-leader, done: {run: kill-leader}}\n'), stage, site)
    expect(stage.told[0]).toMatch(
      /^Done: the lab shows it\. The run FAILED, which this lesson does not expect: .*[^.]\.$/,
    )
  })

  test('that is passed over is counted', async () => {
    const {last, left} = await taught(lessonOf(killed), new FakeStage(['skip']))
    expect(left).toBeNull()
    expect(last).toMatchObject({skipped: 1, finishedAt: now().toISOString()})
  })
})

test('who leaves comes back to the same page, and what was before that is still known', async () => {
  const lesson = lessonOf(`  - say: One.\n  - {type: status, done: {lab: leader, changed: true}}\n  - say: Three.\n`)
  const first = await taught(lesson, new FakeStage(['', 'quit']))
  expect(first.left).toMatchObject({how: 'quit'})
  expect(first.left).toBeInstanceOf(Left)
  expect(first.last).toMatchObject({at: 1, before: {leader: 'node1'}, finishedAt: null})
  const site = new FakeSite()
  site.facts.set('leader', hosts(['node3'], 'node3 leads right now'))
  const again = new FakeStage(['', '', ''])
  const second = await taught(lesson, again, site, first.last)
  expect(again.pages.map(one => one.heading)).toEqual(['Mine  2/3', 'Mine  3/3'])
  expect(second.left).toBeNull()
  expect(second.last.finishedAt).not.toBeNull()
})

describe('a run of one’s own', async () => {
  const recorded = (name: string) => join(import.meta.dirname, '..', '..', 'histories', `${name}.ndjson.gz`)
  const run = played('20261128T090000Z-kill-leader', await loadHistory(recorded('kill-leader-default-profile.pass')))
  const site = new FakeSite()
  site.runs.set('kill-leader', run)
  const phasePages = async (one: Played) => {
    const walked = new FakeSite()
    walked.runs.set('kill-leader', one)
    const stage = new FakeStage(['', '', '', '', '', '', '', ''])
    await taught(lessonOf('  - phases: kill-leader\n'), stage, walked)
    return stage.pages
  }

  test('is laid beside what was said and what the model says, and is kept as a figure', async () => {
    const lesson = lessonOf(
      '  - {ask: How long?, as: outage, answer: {model: kill-host, of: outage}}\n  - {recall: outage, run: kill-leader, of: total, why: So it is.}\n',
    )
    const stage = new FakeStage(['20 s', '', ''])
    const {last} = await taught(lesson, stage, site)
    expect(stage.pages[1]?.figures).toEqual([
      ['you said', '20 s'],
      ['the model says', '19.0 to 24.9 s'],
      ['the same for this run', expect.stringMatching(/^34\.\d to \d\d\.\d s$/)],
      ['your run shows', '40.36 s'],
    ])
    expect(last.figures).toEqual([
      {what: 'How long?', said: '20 s', predicted: [19, 24.9], measured: '40.36 s', run: run.name},
    ])
  })

  test('is walked through phase by phase, each with what happens in it', async () => {
    const stage = new FakeStage(['', '', '', '', '', '', ''])
    await taught(lessonOf('  - phases: kill-leader\n'), stage, site)
    expect(stage.pages.length).toBeGreaterThanOrEqual(6)
    const lease = stage.pages.find(one => one.paragraphs[0] === 'LEASE EXPIRY')
    expect(lease?.caption).toBe('lease expiry 32.22 s')
    expect(lease?.paragraphs[1]).toMatch(/The leader key is a lease in etcd/)
    expect(lease?.figures).toEqual([
      ['after the fault', '32.22 s'],
      ['the model, for this run', '31.80 s to 33.17 s'],
    ])
  })

  test('says from which phase each duration counts, and it is the difference of the two', async () => {
    const shown = await phasePages(run)
    const figures = new Map(shown.map(one => [one.paragraphs[0]!.toLowerCase(), one.figures ?? []]))
    expect(figures.get('haproxy: new server up')?.[2]).toEqual(['after "election"', '5.92 s'])
    expect(figures.get('promotion')?.[2]).toEqual(['after "election"', '407 ms'])
    const at = (name: string) => Number.parseFloat(figures.get(name)?.[0]?.[1] ?? '')
    let compared = 0
    for (const [name, [, , between]] of figures) {
      const [, from = '', took = ''] = /^after "(.*)" (.*)$/.exec(between?.join(' ') ?? '') ?? []
      if (from === '') continue
      const seconds = took.endsWith('ms') ? Number.parseFloat(took) / 1000 : Number.parseFloat(took)
      expect(seconds, name).toBeCloseTo(at(name) - at(from.toLowerCase()), 1)
      compared++
    }
    expect(compared).toBe(4)
  })

  test('says of a write that was acknowledged before the promotion was seen that this is none that contradicts', async () => {
    const early = played('20261128T090000Z-kill-leader', await loadHistory(recorded('kill-leader.pass')))
    const shown = await phasePages(early)
    const write = shown.find(one => one.paragraphs[0] === 'FIRST ACKNOWLEDGED WRITE')
    const seconds = (name: string) =>
      Number.parseFloat(shown.find(one => one.paragraphs[0] === name)?.figures?.[0]?.[1] ?? '')
    expect(seconds('FIRST ACKNOWLEDGED WRITE')).toBeLessThan(seconds('PROMOTION'))
    expect(write?.figures?.[2]).toEqual(['beside "promotion"', 'at most 205 ms apart'])
    expect(write?.paragraphs[2]).toMatch(/^It was seen before "promotion", which it waits for\. Both are right: /)
    expect(shown.filter(one => one.paragraphs.length > 2)).toEqual([write])
  })

  test('that is not there is asked for, or played', async () => {
    const empty = new FakeSite()
    const stage = new FakeStage(['', 'run', '', '', '', '', '', ''], () => empty.runs.set('kill-leader', run))
    const {left} = await taught(lessonOf('  - phases: kill-leader\n'), stage, empty)
    expect(stage.performed).toEqual([['chaos', 'kill-leader']])
    expect(stage.told[0]).toBe(
      'This page is about a run of kill-leader of yours: lab fake has no run of kill-leader yet.',
    )
    expect(left).toBeNull()
  })
})
