/** The commands that our pages and helps show: where they stand, and as the words of each call of pgha-lab. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseAllDocuments} from 'yaml'

export const root = join(import.meta.dirname, '..', '..')

export interface Block {
  /** `docs/ci.md:12`, or whose help it is. */
  readonly where: string
  readonly text: string
}

export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...globSync('docs/**/*.md', {cwd: root}).toSorted(),
]

/** Every ```sh block of README and docs, and every script of a CI job in a ```yaml block. */
export function blocksOfPages(): Block[] {
  return pages.flatMap(page => {
    const text = readFileSync(join(root, page), 'utf8')
    return [...text.matchAll(/^( *)```(sh|yaml)\n([\s\S]*?)^\1```$/gm)].flatMap(found => {
      const [, , language, body = ''] = found
      const where = `${page}:${text.slice(0, found.index).split('\n').length}`
      return language === 'sh' ? [{where, text: body}] : scriptsOf(body).map(script => ({where, text: script}))
    })
  })
}

/** What stands under `run:` of a GitHub job, and under `script:` and its like of a GitLab job. */
function scriptsOf(yaml: string): string[] {
  return parseAllDocuments(yaml).flatMap(document => scriptsIn('toJS' in document ? document.toJS() : null))
}

function scriptsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'run' && typeof inner === 'string') return [inner]
    if (/^(before_|after_)?script$/.test(key) && Array.isArray(inner)) return [inner.join('\n')]
    return scriptsIn(inner)
  })
}

/** Each simple command as its words; comments, redirections and assignments before it left out. */
export function simpleCommands(text: string): string[][] {
  const commands: string[][] = []
  let words: string[] = []
  const end = () => {
    while (words[0] !== undefined && /^([A-Za-z_]\w*=|do$|then$|if$|for$|!$)/.test(words[0])) words.shift()
    if (words.length > 0) commands.push(words)
    words = []
  }
  const token =
    /\\\n|#[^\n]*|\n|&&|\|\||[;|&()]|\d?>>?&?\s*\S+|\s+|((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\;|&()<>])+)/g
  for (const [whole, word] of text.matchAll(token)) {
    if (word !== undefined) words.push(word.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"/g, '$1$2'))
    else if (/^(\n|&&|\|\||[;|&()])$/.test(whole)) end()
  }
  end()
  return commands
}

/** The words behind the program's name, for each call of pgha-lab. */
export function callsOf(text: string): string[][] {
  return simpleCommands(text)
    .map(words => (words[0] === 'npx' ? words.slice(1) : words))
    .filter(words => /^(\.\/)?pgha-lab$/.test(words[0] ?? ''))
    .map(words => words.slice(1))
}
