/** A page of docs/ for a terminal: links lose their addresses, tables their bars, and nothing is wider than the terminal but what is to be pasted. Pure. */
import {wrapWords} from '../wrap.ts'

/** Between two columns. */
const gap = '  '
/** A column that is narrower cannot be read: then cells stand below each other. */
const leastColumn = 24

/** @param part only what stands below this heading. */
export function pageText(markdown: string, width: number, part?: string): string {
  const lines = markdown.replaceAll(/<!--[\s\S]*?-->\n*/g, '').split('\n')
  const blocks = blocksOf(part === undefined ? lines : below(lines, part))
  return `${blocks.map(block => shown(block, width).join('\n')).join('\n\n')}\n`
}

function below(lines: readonly string[], part: string): readonly string[] {
  const from = lines.findIndex(line => /^#+ /.test(line) && line.replace(/^#+ /, '') === part)
  const depth = /^#+/.exec(lines[from] ?? '')?.[0].length ?? 0
  const rest = lines.slice(from + 1)
  const to = rest.findIndex(line => (/^#+(?= )/.exec(line)?.[0].length ?? Number.POSITIVE_INFINITY) <= depth)
  return [lines[from] ?? '', ...(to === -1 ? rest : rest.slice(0, to))]
}

type Block = {readonly kind: 'code' | 'table' | 'heading' | 'words'; readonly lines: readonly string[]}

function blocksOf(lines: readonly string[]): readonly Block[] {
  const blocks: {kind: Block['kind']; lines: string[]}[] = []
  let open: {kind: Block['kind']; lines: string[]} | undefined
  const begin = (kind: Block['kind']) => {
    open = {kind, lines: []}
    blocks.push(open)
  }
  for (const line of lines) {
    if (/^\s*```/.test(line)) {
      if (open?.kind === 'code') open = undefined
      else begin('code')
    } else if (open?.kind === 'code') open.lines.push(line)
    else if (line.trim() === '') open = undefined
    else if (/^#+ /.test(line)) {
      begin('heading')
      open!.lines.push(line)
      open = undefined
    } else if (line.startsWith('|')) {
      if (open?.kind !== 'table') begin('table')
      open!.lines.push(line)
    } else {
      if (open?.kind !== 'words') begin('words')
      open!.lines.push(line)
    }
  }
  return blocks
}

function shown({kind, lines}: Block, width: number): readonly string[] {
  if (kind === 'code') return lines.map(line => `    ${line}`.trimEnd())
  if (kind === 'heading') return wrapWords(plain(lines[0]!.replace(/^#+ /, '')).toUpperCase(), width)
  if (kind === 'table') return table(lines.map(cellsOf), width)
  return paragraphs(lines).flatMap(({mark, words}) =>
    wrapWords(`${mark}${plain(words)}`, width, ' '.repeat(mark.length)),
  )
}

/** The items of a list each by themselves; other lines belong to what they follow. */
function paragraphs(lines: readonly string[]): readonly {mark: string; words: string}[] {
  const found: {mark: string; words: string}[] = []
  for (const line of lines) {
    const [, mark = '', words = ''] = /^(\s*(?:[-*]|\d+\.) |> |)(.*)$/.exec(line) ?? []
    const last = found.at(-1)
    const goesOn = last !== undefined && (mark === '' || (mark === '> ' && last.mark === mark))
    if (goesOn) last.words += ` ${words.trim()}`
    else found.push({mark, words})
  }
  return found
}

function cellsOf(line: string): readonly string[] {
  return line
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map(cell => plain(cell.trim()))
}

function table([head = [], , ...rows]: readonly (readonly string[])[], width: number): readonly string[] {
  const all = head.some(cell => cell !== '') ? [head, ...rows] : rows
  const widths = head.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + gap.length, 0)
  if (width - before < leastColumn && before + (widths.at(-1) ?? 0) > width) return stacked(rows, width)
  return all.flatMap(row => {
    const cells = row.slice(0, head.length - 1).map((cell, column) => cell.padEnd(widths[column]!))
    const [first = '', ...more] = wrapWords(row[head.length - 1] ?? '', Math.max(leastColumn, width - before))
    const indent = ' '.repeat(before)
    return [[...cells, first].join(gap).trimEnd(), ...more.map(line => `${indent}${line}`)]
  })
}

/** A row each: its first cell, and the others below it. */
function stacked(rows: readonly (readonly string[])[], width: number): readonly string[] {
  return rows.flatMap(([first = '', ...others]) => [
    ...wrapWords(first, width),
    ...others.filter(cell => cell !== '').flatMap(cell => wrapWords(`    ${cell}`, width, '    ')),
  ])
}

/** What marks words in Markdown, and nothing in backticks. */
function plain(words: string): string {
  return words
    .replaceAll('\\|', '|')
    .replaceAll(/\*\*([^*]+)\*\*/g, '$1')
    .split(/(`[^`]*`)/)
    .map(part => (part.startsWith('`') ? part : part.replaceAll(/(?<![\w*])\*([^*\s][^*]*)\*/g, '$1')))
    .join('')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
}
