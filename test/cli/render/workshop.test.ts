import {describe, expect, test} from 'vitest'
import {large} from '../../../cli/render/large.ts'
import {renderList, renderPage, stateOf} from '../../../cli/render/workshop.ts'
import {loadLessons} from '../../../lab/workshop/index.ts'
import {begin} from '../../../lab/workshop/progress.ts'

const look = {width: 80, ascii: false, color: false, present: false}
const lessons = loadLessons()

test('every page of every lesson fits on 80x24 with its prompt, and an audience’s caption besides the text', () => {
  for (const {title, parts} of lessons)
    for (const part of parts) {
      if (part.do !== 'say') continue
      const page = {heading: `${title}  10/12`, caption: part.title ?? title, paragraphs: part.paragraphs}
      const lines = renderPage(page, undefined, look).split('\n')
      expect(lines.length, title).toBeLessThanOrEqual(21)
      expect(Math.max(...lines.map(line => line.length)), title).toBeLessThanOrEqual(80)
    }
})

test('a command is on a line of its own, whole', () => {
  const command = `./pgha-lab psql -c '${'x'.repeat(90)}'`
  const shown = renderPage(
    {heading: 'One  1/2', caption: 'psql', paragraphs: ['Type:'], after: 'Look at it.'},
    command,
    look,
  )
  expect(shown.split('\n').slice(1)).toEqual(['Type:', '', `  ${command}`, '', 'Look at it.'])
})

test('choices have letters and hang, figures stand below each other', () => {
  const shown = renderPage(
    {
      ...{heading: 'One  1/2', caption: '', paragraphs: ['Which?']},
      ...{
        choices: ['word '.repeat(20).trim(), 'b'],
        figures: [
          ['you said', '3 s'],
          ['the model says', '4 s'],
        ] as const,
      },
    },
    undefined,
    look,
  )
  expect(shown).toMatch(/\n {2}a\) word.*\n {5}word.*\n {2}b\) b\n\n {2}you said {8}3 s\n {2}the model says {2}4 s$/)
})

describe('large letters', () => {
  test('are five lines high, no wider than the terminal, and keep words whole', () => {
    const lines = large('lease expiry 32.22 s', 80)
    expect(lines.length).toBe(11)
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80)
    expect(large('lease', 80)[0]).toBe('█     █████  ███   ████ █████')
  })

  test('are ASCII where nothing else can be shown, and leave out what has no picture', () => {
    expect(large('ü1', 80, true)).toEqual(['  #', ' ##', '  #', '  #', ' ###'])
  })

  test('of every title there is need no more than three rows', () => {
    for (const {title} of lessons) expect(large(title, 200).length, title).toBeLessThan(18)
  })

  test('stand above the page for an audience', () => {
    const shown = renderPage({heading: 'One', caption: 'ttl', paragraphs: ['Words.']}, undefined, {
      ...look,
      present: true,
    })
    expect(shown.split('\n')[1]).toBe('█████ █████ █')
    expect(shown.endsWith('\n\nWords.')).toBe(true)
  })
})

test('the list says how far one is, also in a lesson that was changed meanwhile', () => {
  const [first, second, third] = lessons
  const kept = {
    [first!.name]: {...begin(first!.digest), finishedAt: '2026-11-28T09:00:00.000Z'},
    [second!.name]: {...begin(second!.digest), at: 3},
    [third!.name]: {...begin('another'), at: 3},
  }
  const rows = renderList(lessons, kept).split('\n')
  expect(rows[0]).toMatch(/^ 1 {2}parts .* 8 min {2}done$/)
  expect(rows[1]).toMatch(/page 4\/\d+$/)
  expect(rows[2]).toMatch(/changed since$/)
  expect(stateOf(first!, undefined)).toBe('')
})
