import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {commandsDoc} from '../../docs/make-commands.ts'
import {firstCells} from './markdown.ts'
import {root} from './shell-blocks.ts'

const reference = (name: string) => readFileSync(join(root, 'docs', 'reference', name), 'utf8')

test('commands.md is what the program says: node docs/make-commands.ts > docs/reference/commands.md', () => {
  expect(reference('commands.md')).toBe(commandsDoc())
})

test('environment.md has every variable of the environment that the program reads, and no other', () => {
  const read = globSync('{lab,cli}/**/*.{ts,tsx}', {cwd: root}).flatMap(file =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\benv\.([A-Z][A-Z_]+)|\.env\('([A-Z_]+)'\)/g)].map(
      found => found[1] ?? found[2]!,
    ),
  )
  // The program sets these for a library and for its own observer; nobody is asked for them.
  const own = new Set(['NODE_ENV'])
  expect(firstCells(reference('environment.md')).toSorted()).toEqual(
    [...new Set(read)].filter(name => !own.has(name)).toSorted(),
  )
})

test('events.md has every kind of event that a history can hold, and no other', () => {
  const source = readFileSync(join(root, 'lab', 'history', 'event.ts'), 'utf8')
  const kinds = new Set([...source.matchAll(/\bkind: '([a-z-]+)'/g)].map(found => found[1]!))
  expect(firstCells(reference('events.md')).toSorted()).toEqual([...kinds].toSorted())
})

test('library.md names every function and value that the library exports', () => {
  const source = readFileSync(join(root, 'lab', 'index.ts'), 'utf8')
  const exported = [...source.matchAll(/^export \{([^}]*)\}/gm)]
    .flatMap(found => found[1]!.split(','))
    .map(name => name.trim())
    .filter(name => name !== '' && !name.startsWith('type '))
  const page = reference('library.md')
  expect(exported.filter(name => !page.includes(`\`${name}\``))).toEqual([])
})

test('the story of library.md is docs/story.ts, which is type-checked and played live', () => {
  const blocks = [...reference('library.md').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(found => found[1])
  expect(blocks).toContain(
    readFileSync(join(root, 'docs', 'story.ts'), 'utf8').replace("'../lab/index.ts'", "'pgha-lab'"),
  )
})
