/** keepalived.conf: blocks in braces; a ! or # begins a comment. */
import {type Place, refuse, type Word} from '../../words/place.ts'

export interface KeepalivedFile {
  readonly kind: 'keepalived'
  readonly file: string
  /** Those in no block. */
  readonly lines: readonly (readonly Word[])[]
  readonly blocks: readonly KeepalivedBlock[]
}

export interface KeepalivedBlock {
  readonly type: string
  readonly name: string
  readonly place: Place
  readonly lines: readonly (readonly Word[])[]
  readonly blocks: readonly KeepalivedBlock[]
}

interface Open extends KeepalivedBlock {
  readonly lines: (readonly Word[])[]
  readonly blocks: Open[]
}

export function readKeepalived(file: string, text: string): KeepalivedFile {
  const root: Open = {type: '', name: '', place: {file, line: 1, column: 1}, lines: [], blocks: []}
  const open = [root]
  for (const [index, line] of text.split('\n').entries()) {
    let words: Word[] = []
    const end = () => {
      if (words.length > 0) open.at(-1)?.lines.push(words)
      words = []
    }
    for (const word of wordsOf(line, file, index + 1)) {
      if (word.text === '{') {
        // The name of a block may stand on the line above its brace.
        const [type, name] = words.length > 0 ? words : (open.at(-1)?.lines.pop() ?? [])
        const block: Open = {
          type: type?.text ?? '',
          name: name?.text ?? '',
          place: type?.place ?? word.place,
          lines: [],
          blocks: [],
        }
        open.at(-1)?.blocks.push(block)
        open.push(block)
        words = []
      } else if (word.text === '}') {
        end()
        if (open.length > 1) open.pop()
      } else words.push(word)
    }
    end()
  }
  const unclosed = open.at(-1)
  if (open.length > 1 && unclosed !== undefined) refuse('file/cut-off', unclosed.place, ': this block is not closed')
  return {kind: 'keepalived', file, lines: root.lines, blocks: root.blocks}
}

function wordsOf(line: string, file: string, number: number): readonly Word[] {
  const found: Word[] = []
  for (const {0: written, index} of line.matchAll(/"[^"]*"|[!#].*|[{}]|[^\s{}"!#]+/g)) {
    if (/^[!#]/.test(written)) break
    found.push({text: written.replace(/^"|"$/g, ''), place: {file, line: number, column: index + 1}})
  }
  return found
}

/** What stands behind a key of a block. */
export function valueIn(block: KeepalivedBlock, key: string): Word | undefined {
  return block.lines.find(([first]) => first?.text === key)?.[1]
}

export function blocksOf(
  {blocks}: {readonly blocks: readonly KeepalivedBlock[]},
  type: string,
): readonly KeepalivedBlock[] {
  return blocks.filter(block => block.type === type)
}

/** The addresses of an instance, without their masks. */
export function addressesOf(instance: KeepalivedBlock): readonly string[] {
  return blocksOf(instance, 'virtual_ipaddress').flatMap(({lines}) =>
    lines.flatMap(([first]) => (first === undefined ? [] : [first.text.replace(/\/.*$/, '')])),
  )
}
