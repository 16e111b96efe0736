/** What `doctor` found, one thing below the other: its words are wrapped, its fix can be pasted. Pure. */
import {type Caller, type Hint, labelled, linesOf, printable} from '../../lab/inside/start.ts'
import {wrapWords} from '../wrap.ts'

interface Examined {
  readonly what: string
  readonly state: string
  readonly says: string
  readonly fix: Hint | null
}

const stateWidth = 4
/** What was looked at has a column of its own where enough of a line is left for what is said of it. */
const leastSaid = 40

export function renderExamined(examined: readonly Examined[], width: number, called: Caller): string {
  const names = Math.max(0, ...examined.map(one => one.what.length))
  const beside = stateWidth + 2 + names + 2
  const indent = width - beside >= leastSaid ? beside : stateWidth + 2
  return examined.map(one => `${entry(one, indent, width, called).join('\n')}\n`).join('')
}

function entry({what, state, says, fix}: Examined, indent: number, width: number, called: Caller): string[] {
  const head = `${state.padEnd(stateWidth)}  ${printable(what)}`
  const said = wrapWords(printable(says), width - indent)
  // A name that is longer than its column has a line of its own.
  const [first = '', ...more] = head.length + 2 > indent ? [head, ...said.map(line => blank(indent) + line)] : besides()
  return [first, ...more, ...(fix === null ? [] : fixed(fix, indent, width, called))].map(line => line.trimEnd())

  function besides(): string[] {
    return said.map((line, index) => (index === 0 ? head.padEnd(indent) : blank(indent)) + line)
  }
}

function fixed(fix: Hint, indent: number, width: number, called: Caller): string[] {
  const room = width - indent - 'fix: '.length
  const lines = linesOf(fix).flatMap(line => (typeof line === 'string' ? wrapWords(line, room) : [line.says(called)]))
  return labelled('fix:', lines, blank(indent)).split('\n')
}

function blank(columns: number): string {
  return ' '.repeat(columns)
}
