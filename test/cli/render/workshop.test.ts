import {describe, expect, test} from 'vitest'
import {large} from '../../../cli/render/large.ts'
import {renderList, renderPage, stateOf} from '../../../cli/render/workshop.ts'
import {type Phase, phaseLabel} from '../../../lab/budget/index.ts'
import {loadLessons} from '../../../lab/workshop/index.ts'
import {phaseWords} from '../../../lab/workshop/phase-words.ts'
import {begin} from '../../../lab/workshop/progress.ts'
import type {Page} from '../../../lab/workshop/stage.ts'

const look = {width: 80, ascii: false, color: false, present: false}
const lessons = loadLessons()

/** As lessons show them, but for what a lab says. */
const pages: readonly (Page & {readonly of: string})[] = [
  ...lessons.flatMap(({name, title, parts}) =>
    parts.flatMap((part, index) => {
      const heading = `${title}  ${index + 1}/${parts.length}`
      const shown = (page: Omit<Page, 'heading'>) => [{of: `${name} ${index + 1}`, heading, ...page}]
      switch (part.do) {
        case 'say':
          return shown({caption: part.title ?? title, paragraphs: part.paragraphs})
        case 'type':
          return shown({
            ...{caption: `pgha-lab ${part.words[0]}`, paragraphs: ['Type in your own shell:'], commands: [part.words]},
            ...(part.look === null ? {} : {after: `Look at: ${part.look}`}),
          })
        case 'ask': {
          const choices = part.answer.kind === 'choices' ? {choices: part.answer.choices.map(one => one.says)} : {}
          return shown({caption: 'question', paragraphs: [part.asks], ...choices})
        }
        default:
          return []
      }
    }),
  ),
  ...Object.entries(phaseWords).map(([phase, says]) => ({
    ...{of: phase, heading: 'A host is lost  10/11  phase 3 of 6', caption: `${phaseLabel(phase as Phase)} 22.22 s`},
    paragraphs: [phaseLabel(phase as Phase).toUpperCase(), says],
    figures: [
      ['after the fault', '22.22 s'],
      ['the model, for this run', '22.2 to 33.3 s'],
      ['after "HAProxy: new server up"', '1.11 s'],
    ] as const,
  })),
]

describe.each([
  [80, 24],
  [120, 40],
])('on %i columns and %i rows every page fits with its prompt', (width, rows) => {
  const shown = (page: Page, present: boolean) => {
    const commands = (page.commands ?? []).map(words => `pgha-lab ${words.join(' ')} --name lab`)
    const lines = renderPage(page, commands, {...look, width, rows, present}).split('\n')
    return {lines, rows: lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / width)), 0)}
  }

  test.each([false, true])('for an audience: %s', present => {
    for (const page of pages) expect(shown(page, present).rows, page.of).toBeLessThanOrEqual(rows - 3)
  })

  test('and an audience sees all of a caption or nothing, and those of phases always', () => {
    for (const page of pages) {
      const caption = shown(page, true).lines.filter(line => /^[ █▀▄]*[█▀▄]/.test(line))
      const whole = [5, 3].map(
        high => high * large(page.caption, {columns: width, ascii: false}).filter(line => line === '').length + high,
      )
      if (page.figures !== undefined) expect(caption.length, page.of).toBeGreaterThan(0)
      if (caption.length > 0) expect(whole, page.of).toContain(caption.length)
    }
  })
})

test('each command is on a line of its own, whole', () => {
  const command = `./pgha-lab psql -c '${'x'.repeat(90)}'`
  const shown = renderPage(
    {heading: 'One  1/2', caption: 'psql', paragraphs: ['Type:'], after: 'Look at it.'},
    [command, './pgha-lab status'],
    look,
  )
  expect(shown.split('\n').slice(1)).toEqual(['Type:', '', `  ${command}`, '  ./pgha-lab status', '', 'Look at it.'])
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
    [],
    look,
  )
  expect(shown).toMatch(/\n {2}a\) word.*\n {5}word.*\n {2}b\) b\n\n {2}you said {8}3 s\n {2}the model says {2}4 s$/)
})

describe('large letters', () => {
  test('are five lines high, no wider than the terminal, and keep words whole', () => {
    const lines = large('lease expiry 32.22 s', {columns: 80, ascii: false})
    expect(lines.length).toBe(11)
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80)
    expect(large('lease', {columns: 80, ascii: false})[0]).toBe('█     █████  ███   ████ █████')
  })

  test('are ASCII where nothing else can be shown, and leave out what has no picture', () => {
    expect(large('ü1', {columns: 80, ascii: true})).toEqual(['  #', ' ##', '  #', '  #', ' ###'])
  })

  test('are three lines high where there is no room for more, and none where there is none at all', () => {
    expect(large('ttl', {columns: 80, rows: 4, ascii: false})).toEqual([
      '▀▀█▀▀ ▀▀█▀▀ █',
      '  █     █   █',
      '  ▀     ▀   ▀▀▀▀▀',
    ])
    expect(large('ttl', {columns: 80, rows: 2, ascii: false})).toEqual([])
    expect(large('ttl', {columns: 80, rows: 4, ascii: true})).toEqual([])
  })

  test('of every title there is need no more than three rows', () => {
    for (const {title} of lessons) expect(large(title, {columns: 200, ascii: false}).length, title).toBeLessThan(18)
  })

  test('stand above the page for an audience', () => {
    const shown = renderPage({heading: 'One', caption: 'ttl', paragraphs: ['Words.']}, [], {
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
