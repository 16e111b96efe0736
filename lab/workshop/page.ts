/** How much of a lesson is on one page: what fits on a terminal of 80 columns and 24 lines, with its heading and its prompt. */
import type {Part} from './lesson.ts'

/** Prose is broken at this width on every terminal: longer lines are hard to read. */
export const pageWidth = 76
/** Beside these there are the heading, two empty lines and the prompt. */
export const mostLines = 19

/** How many lines its text takes. */
export function linesOfPage(part: Part): number {
  switch (part.do) {
    case 'say':
      return pages(part.paragraphs)
    case 'type':
      // The command, and what surrounds it.
      return 5 + pages([part.look ?? ''])
    case 'ask': {
      const {answer} = part
      const choices = answer.kind === 'choices' ? answer.choices.map(one => one.says) : []
      return pages([part.asks]) + choices.reduce((lines, says) => lines + wrapped(says, pageWidth - 5).length, 1)
    }
    case 'recall':
      return 6 + pages([part.why ?? ''])
    case 'phases':
      return 1
  }
}

function pages(paragraphs: readonly string[]): number {
  return paragraphs.reduce((lines, one) => lines + wrapped(one, pageWidth).length + 1, -1)
}

/** Words are not broken. */
export function wrapped(text: string, width: number = pageWidth): readonly string[] {
  const lines: string[] = ['']
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1)!
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}
