import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {LabError, type LabErrorCode} from '../../lab/words/errors.ts'
import {sections} from './markdown.ts'
import {root} from './shell-blocks.ts'

const told = sections(readFileSync(join(root, 'docs', 'troubleshooting.md'), 'utf8'))

test('every code of an error has its row with its exit code, and no other has one', () => {
  const source = readFileSync(join(root, 'lab', 'words', 'errors.ts'), 'utf8')
  const table = /const codes = \{([\s\S]*?)\n\} as const/.exec(source)?.[1] ?? ''
  const codes = [...table.matchAll(/^ {2}'?([a-z-]+)'?: /gm)].map(found => found[1] as LabErrorCode)
  expect(codes.length).toBeGreaterThan(10)
  const rows = [...(told.get('Errors') ?? '').matchAll(/^\| `([^`]+)` \| (\d+) \| [^|]+ \| [^|]+ \|$/gm)]
  expect(Object.fromEntries(rows.map(([, code, exit]) => [code, Number(exit)]))).toEqual(
    Object.fromEntries(codes.map(code => [code, new LabError(code, '').exitCode])),
  )
})

/** What a check says when it cannot know, as it stands in its source, with … for what it fills in. */
function reasons(): string[] {
  const files = ['lab/judge/judge.ts', ...globSync('lab/checks/*.ts', {cwd: root})]
  const told =
    /(?:verdict: 'unknown'(?: as const)?,\s*says:\s*|unknown\(\s*|doubts\.push\(\s*)(?:`((?:\\`|[^`])*)`|'((?:\\.|[^'\\])*)')/g
  return files.flatMap(file =>
    [...readFileSync(join(root, file), 'utf8').matchAll(told)].map(found =>
      (found[1] ?? found[2] ?? '').replaceAll(/\$\{[^}]*\}/g, '…').replaceAll(/\s+/g, ' '),
    ),
  )
}

const named = [...(told.get('Inconclusive') ?? '').matchAll(/^\| (`.*?`) \| [^|]+ \|$/gm)].flatMap(row =>
  [...(row[1] ?? '').matchAll(/`([^`]+)`/g)].map(found => found[1] ?? ''),
)

const says = (reason: string, part: string) =>
  new RegExp(part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*')).test(reason)

test('each reason for which a check cannot know is on the page', () => {
  expect(reasons().length).toBeGreaterThan(50)
  // A sentence that is only put together from parts has its parts on the page.
  const whole = reasons().filter(reason => reason.replaceAll(/[…\s.]/g, '') !== '')
  expect(whole.filter(reason => !named.some(part => says(reason, part)))).toEqual([])
})

test('what spoils a whole run is on the page', () => {
  const source = readFileSync(join(root, 'lab', 'history', 'disturbances.ts'), 'utf8')
  const found = [...source.matchAll(/^(?:export )?function (\w+)\(history: History/gm)].map(one => one[1]!)
  const words: Readonly<Record<string, RegExp>> = {
    engineAway: /engine did not answer/,
    clockSet: /wall clock was set/,
    diskFull: /disk was full/,
    fullRoom: /disk was full/,
  }
  expect(found.filter(name => name !== 'disturbances').toSorted()).toEqual(Object.keys(words).toSorted())
  for (const word of Object.values(words)) expect(told.get('Inconclusive')).toMatch(word)
})

test('no reason on the page is one that nothing says', () => {
  const sources = globSync('lab/**/*.ts', {cwd: root}).map(file =>
    readFileSync(join(root, file), 'utf8').replaceAll(/\$\{[^}]*\}/g, '…'),
  )
  const parts = (phrase: string) =>
    phrase
      .split('…')
      .map(part => part.trim())
      .filter(part => part.length > 3)
  expect(named.filter(phrase => !parts(phrase).every(part => sources.some(text => text.includes(part))))).toEqual([])
})
