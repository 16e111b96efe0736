/** Where a lesson is shown and answered: a terminal, a pipe, or a test. */

/** One page: it fits on a terminal of 80 columns and 24 lines. */
export interface Page {
  readonly heading: string
  /** What is shown large to an audience. */
  readonly caption: string
  readonly paragraphs: readonly string[]
  /** Commands of pgha-lab to be typed one after the other, each as its words behind the program. */
  readonly commands?: readonly (readonly string[])[]
  /** What to look at in what it prints. */
  readonly after?: string
  readonly choices?: readonly string[]
  /** A few figures below each other, with what they are. */
  readonly figures?: readonly (readonly [what: string, value: string])[]
}

export interface Stage {
  show(page: Page): void
  /** A sentence or two, after an answer. */
  tell(says: string): void
  /** The answer without its line break. @throws Left when there will be none: Ctrl-C, or the end of a pipe. */
  answer(prompt: string): Promise<string>
  /** A command of pgha-lab, here instead of in one's own shell; resolves to its exit code. @throws Left when interrupted. */
  perform(words: readonly string[]): Promise<number>
}

/** Somebody has left: asked to, interrupted, or at the end of the answers. What was reached is kept. */
export class Left extends Error {
  readonly how: 'quit' | 'interrupted' | 'ended'

  constructor(how: Left['how']) {
    super(`left: ${how}`)
    this.name = 'Left'
    this.how = how
  }
}
