/** CONTRIBUTING and the pages it leads to name scripts, tests and files that are there. */
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {pages, root, simpleCommands} from './shell-blocks.ts'

const read = (file: string) => readFileSync(join(root, file), 'utf8')
const {scripts} = JSON.parse(read('package.json')) as {scripts: Record<string, string>}
const guide = read('CONTRIBUTING.md')

/** In blocks and in sentences. */
const codeOf = (text: string) =>
  [...text.matchAll(/^```sh\n([\s\S]*?)^```$|`([^`\n]+)`/gm)].map(one => one[1] ?? one[2]!)

const calls = pages.flatMap(page =>
  codeOf(read(page))
    .flatMap(simpleCommands)
    .flatMap(([program, ...words]) => (program === 'npm' ? [{page, words}] : [])),
)

/** What npm does by itself; what it runs before, a script called so after it, goes with it. */
const ofNpm = new Set(['ci', 'init', 'install', 'pack'])

test('CONTRIBUTING says of every script of package.json what it is for', () => {
  const named = [...guide.matchAll(/`npm (?:run )?([\w:]+)/g)].map(one => one[1]!)
  expect(
    Object.keys(scripts).filter(name => !named.includes(name) && !named.includes(name.replace(/^pre/, ''))),
  ).toEqual([])
})

test('commands with npm are shown', () => expect(calls.length).toBeGreaterThan(10))

test.each(calls.map(({page, words}) => [page, words.join(' '), words] as const))(
  '%s: `npm %s` runs a script, of tests that are there',
  (_, __, words) => {
    const [verb, name = ''] = words
    if (ofNpm.has(verb ?? '')) return
    expect(verb === 'test' ? scripts.test : scripts[name]).toBeDefined()
    const paths = words.filter(word => word.startsWith('test/'))
    expect(paths.filter(path => !existsSync(join(root, path)))).toEqual([])
  },
)

describe('every file that is named is there', () => {
  const guides = [
    'CONTRIBUTING.md',
    'docs/how/add-a-unit.md',
    'docs/found.md',
    ...pages.filter(page => page.startsWith('docs/decisions/')),
  ]

  test.each(guides)('in %s', page => {
    const named = [...read(page).matchAll(/`((?:lab|test|cli|docs|images|compose)\/[\w./-]+)`/g)].map(one => one[1]!)
    expect(named.filter(file => !existsSync(join(root, file)))).toEqual([])
  })
})
