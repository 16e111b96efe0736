/** What every part of a lesson has at hand: its place, and the words that can be typed at each prompt. */
import type {Lesson} from './lesson.ts'
import type {Kept} from './progress.ts'
import type {Site} from './site.ts'
import {Left, type Page, type Stage} from './stage.ts'

export interface Teaching {
  readonly lesson: Lesson
  readonly site: Site
  readonly stage: Stage
  /** Keeps how far it has come; what was kept last is where it goes on. */
  readonly keep: (kept: Kept) => void
  readonly now?: () => Date
}

/** What every part has at hand. */
export interface Place extends Teaching {
  readonly kept: Kept
  /** Of this part, from 0. */
  readonly index: number
  readonly heading: string
}

/** A page that Enter turns. */
export async function turned({stage}: Pick<Place, 'stage'>, page: Page): Promise<void> {
  stage.show(page)
  for (;;) {
    const said = await reply(stage, 'Enter goes on')
    if (said === 'again') stage.show(page)
    else if (said === '' || said === 'skip') return
    else stage.tell('Nothing is asked here: Enter goes on, `quit` leaves, and your place is kept.')
  }
}

/** What was typed, in small letters where it is a word for us. @throws Left for `quit`. */
export async function reply(stage: Stage, prompt: string): Promise<string> {
  const said = (await stage.answer(prompt)).trim()
  const word = said.toLowerCase()
  if (word === 'quit' || word === 'exit' || word === 'q') throw new Left('quit')
  return ['hint', 'skip', 'again', 'run'].includes(word) ? word : said
}

/** Hints come one at a time; the last one is said again. */
export function hintAt(hints: readonly string[], given: number): string {
  const hint = hints[Math.min(given, hints.length - 1)]
  if (hint === undefined) return 'There is no hint here: `skip` goes on without it.'
  return hints.length > 1 && given < hints.length ? `Hint ${given + 1} of ${hints.length}: ${hint}` : `Hint: ${hint}`
}
