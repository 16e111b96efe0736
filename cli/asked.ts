/** Questions at a terminal, one line each; an empty answer is what stands in the brackets. */
import {createInterface} from 'node:readline'
import {setImmediate as turn} from 'node:timers/promises'
import {LabError} from '../lab/inside/start.ts'
import {tell} from './output.ts'

export interface Question {
  readonly asks: string
  readonly usual: string
  /** The answer as it is meant; undefined: it is asked again, after what `refused` says. */
  readonly takes: (answer: string) => string | undefined
  readonly refused: string
}

/** Whether somebody is there to answer. */
export function canAsk(
  stdin: {readonly isTTY?: boolean} = process.stdin,
  stderr: {readonly isTTY?: boolean} = process.stderr,
): boolean {
  return stdin.isTTY === true && stderr.isTTY === true
}

/** @throws LabError `interrupted` when the answers end. */
export async function ask(
  questions: readonly Question[],
  input: NodeJS.ReadableStream = process.stdin,
): Promise<readonly string[]> {
  const lines = createInterface({input, terminal: false})
  const answers: string[] = []
  const coming = lines[Symbol.asyncIterator]()
  try {
    for (const question of questions) answers.push(await answered(question, coming))
  } finally {
    lines.close()
    // It stops reading in the next turn: a screen that begins to read before that would hear nothing any more, Ctrl-C neither.
    await turn()
  }
  return answers
}

async function answered({asks, usual, takes, refused}: Question, coming: AsyncIterator<string>): Promise<string> {
  for (;;) {
    tell(`${asks} [${usual}] `)
    const {value, done} = await coming.next()
    if (done === true) throw new LabError('interrupted', 'interrupted: nothing was touched')
    const answer = takes(value.trim() === '' ? usual : value.trim())
    if (answer !== undefined) return answer
    tell(`${refused}\n`)
  }
}

/** A question of yes or no, which only a yes affirms. */
export async function confirmed(asks: string, input?: NodeJS.ReadableStream): Promise<boolean> {
  const takes = (answer: string) => (/^y(es)?$/i.test(answer) ? 'y' : 'N')
  const [answer] = await ask([{asks: `${asks} y/N`, usual: 'N', takes, refused: ''}], input)
  return answer === 'y'
}
