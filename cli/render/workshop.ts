/** Pages of the workshop as lines of text, and what `--list` prints. Pure. */
import {stripVTControlCharacters} from 'node:util'
import {pageWidth, wrapped} from '../../lab/inside/reading.ts'
import type {Kept, Lesson, Page} from '../../lab/inside/workshop.ts'
import {large} from './large.ts'

export interface PageLook {
  readonly width: number
  /** Of the terminal; of a pipe there are none. */
  readonly rows?: number | undefined
  readonly ascii: boolean
  readonly color: boolean
  /** For an audience: the caption in large letters first. */
  readonly present: boolean
}

/** @param commands as they are typed: each is on a line of its own, whole. */
export function renderPage(page: Page, commands: readonly string[], look: PageLook): string {
  const width = Math.min(pageWidth, Math.max(40, look.width - 2))
  const rule = (look.ascii ? '-' : '─').repeat(Math.max(0, width - page.heading.length - 1))
  const choices = (page.choices ?? []).flatMap((says, index) =>
    wrapped(says, width - 5).map((line, at) => `  ${at === 0 ? `${letters[index] ?? ''})` : '  '} ${line}`),
  )
  const label = Math.max(0, ...(page.figures ?? []).map(([what]) => what.length))
  const figures = (page.figures ?? []).map(([what, value]) => `  ${what.padEnd(label)}  ${value}`)
  const blocks = [
    ...page.paragraphs.map(one => wrapped(one, width)),
    commands.map(one => `  ${strong(one, look)}`),
    ...(page.after === undefined ? [] : [wrapped(page.after, width)]),
    choices,
    figures,
  ].filter(block => block.length > 0)
  const body = blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]))
  return [`${strong(page.heading, look)} ${rule}`, ...captionAbove(body, page.caption, look), ...body].join('\n')
}

/** Beside the heading and the text: an empty line above the page, another below it, and the prompt. */
const linesAround = 3

/** Smaller, or not at all, where the text would push it off the screen. */
function captionAbove(body: readonly string[], says: string, {present, width, rows, ascii}: PageLook): string[] {
  if (!present) return []
  // A command is not broken by us, but by the terminal.
  const taken = body.reduce(
    (sum, line) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(line).length / width)),
    0,
  )
  const heading = 1
  const free = rows === undefined ? undefined : rows - linesAround - heading - taken - 1
  const letters = large(says, {columns: width, rows: free, ascii})
  return letters.length === 0 ? [] : [...letters, '']
}

const letters: readonly string[] = ['a', 'b', 'c', 'd', 'e', 'f']

function strong(text: string, {color}: PageLook): string {
  return color ? `\u001b[1m${text}\u001b[22m` : text
}

/** What is said after an answer. */
export function renderTold(says: string, width: number): string {
  return wrapped(says, Math.min(pageWidth, Math.max(40, width - 2))).join('\n')
}

/** @param kept what is kept of each lesson, by its name. */
export function renderList(lessons: readonly Lesson[], kept: Readonly<Record<string, Kept>>): string {
  const widest = Math.max(...lessons.map(one => one.name.length))
  const title = Math.max(...lessons.map(one => one.title.length))
  const rows = lessons.map((lesson, index) => {
    const state = stateOf(lesson, Object.hasOwn(kept, lesson.name) ? kept[lesson.name] : undefined)
    return `${String(index + 1).padStart(2)}  ${lesson.name.padEnd(widest)}  ${lesson.title.padEnd(title)}  ${`${lesson.minutes} min`.padStart(6)}  ${state}`
  })
  const minutes = lessons.reduce((sum, one) => sum + one.minutes, 0)
  return `${rows.map(row => row.trimEnd()).join('\n')}\n${lessons.length} lessons, about ${Math.round(minutes / 6) / 10} hours in all\n`
}

export function stateOf({digest, parts}: Lesson, kept: Kept | undefined): string {
  if (kept === undefined) return ''
  if (kept.finishedAt !== null) return 'done'
  return kept.digest === digest ? `page ${kept.at + 1}/${parts.length}` : 'changed since'
}
