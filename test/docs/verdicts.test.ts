import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import type {Check} from '../../lab/checks/check.ts'
import {checks} from '../../lab/checks/index.ts'
import {keysOfParams} from '../../lab/scenario/params.ts'
import {exitCodes, exitMeanings} from '../../lab/words/errors.ts'
import {firstCells, sections} from './markdown.ts'
import {pages, root} from './shell-blocks.ts'

const docs = join(import.meta.dirname, '..', '..', 'docs')
const page = readFileSync(join(docs, 'reference', 'verdicts.md'), 'utf8')
const table = sections(page).get('The checks') ?? ''

test('docs/reference/verdicts.md has a row for every check, and for nothing else', () => {
  expect(firstCells(table).toSorted()).toEqual(Object.keys(checks).toSorted())
})

describe.each(Object.entries(checks) as [string, Check<unknown>][])('the row of %s', (name, check) => {
  const row = table.split('\n').find(line => line.startsWith(`| \`${name}\` |`)) ?? ''
  const parameters = row.split(' | ')[1] ?? ''

  test('names every parameter, and invents none', () => {
    // `within`: a duration; `is`, `not`: somebody
    const named = parameters
      .split('; ')
      .filter(part => part.includes('`:'))
      .flatMap(part => firstNames(part))
    expect(named.toSorted()).toEqual(keysOfParams(check.params).toSorted())
    expect(parameters === 'none').toBe(named.length === 0)
  })

  test('says when it passes and when nobody can know', () => {
    expect(row.split(' | ')).toHaveLength(4)
  })
})

const exits = Object.entries(exitCodes).map(([name, code]) => [
  String(code),
  exitMeanings[name as keyof typeof exitCodes],
])

test.each(['README.md', 'docs/reference/verdicts.md'])(
  'the table in %s has every exit code with its meaning, and no other',
  file => {
    const text = readFileSync(join(docs, '..', file), 'utf8')
    const [, rows = ''] = /^\| exit code \| means \|\n\| --- \| --- \|\n((?:\|.*\n)+)/m.exec(text) ?? []
    const cells = rows
      .trimEnd()
      .split('\n')
      .map(row => row.slice(2, -2).split(' | '))
    expect(cells).toEqual(exits)
  },
)

function firstNames(part: string): string[] {
  return [...part.slice(0, part.indexOf('`:') + 1).matchAll(/`([^`]+)`/g)].map(match => match[1] ?? '')
}

/** Where data and code are described, in their own words. */
const ofData = /^docs\/(reference\/(report|events|library)|how\/add-a-unit)\.md$/

test.each(pages.filter(page => !ofData.test(page)))('%s calls a verdict by its word for people', name => {
  const text = readFileSync(join(root, name), 'utf8').replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '')
  const machine = /\*unknown\*|fail > |(?:is|are|be|judged|verdict(?: is)?|evidence is) `(?:unknown|pass|fail)`/
  // The one place that says how both go together.
  const told = text.replace(/^People read [\s\S]*?\n\n/m, '')
  expect(machine.exec(told)?.[0]).toBeUndefined()
})
