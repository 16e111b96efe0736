/** The house stays tidy: nothing too long for one look, nothing that nobody uses, and no page that names what is gone. */
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {deadFiles, leftToDo, longFiles, longFunctions, stalePaths, unusedExports} from './tidy/rules.ts'
import {sourcesOf} from './tidy/sources.ts'

const root = join(import.meta.dirname, '..')
const untidy = mkdtempSync(join(tmpdir(), 'untidy-'))
afterAll(() => rmSync(untidy, {recursive: true}))

function plant(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(untidy, dirname(path)), {recursive: true})
    writeFileSync(join(untidy, path), text)
  }
}

const lines = (count: number) => Array.from({length: count}, (_, index) => `  void ${index}\n`).join('')
const long = (head: string) => `${head} {\n${lines(59)}}\n`
const todo = ['TO', 'DO'].join('')

plant({
  'package.json': JSON.stringify({
    exports: {'.': {default: './dist/lab/index.js'}},
    scripts: {build: 'tsc && rolldown lab/agent.ts --file dist/agent.mjs'},
  }),
  'tsconfig.json': JSON.stringify({
    compilerOptions: {module: 'nodenext', allowImportingTsExtensions: true, noEmit: true, types: []},
    include: ['lab', 'cli'],
  }),
  'lab/index.ts': "export {used} from './words/names.ts'\nexport const door = 1\n",
  'lab/agent.ts': "import * as all from './words/whole.ts'\nvoid all\n",
  'lab/words/whole.ts': 'export const everything = 1\n',
  'lab/words/names.ts':
    "export const used = 1\nexport const unused = 2\nexport type Nobody = 3\nexport const lazily = 4\nexport {everything} from './whole.ts'\n",
  'lab/words/dead.ts': "import {used} from './names.ts'\nvoid used\n",
  'lab/words/file.ts': `/** As long as it may be. */\n${'\n'.repeat(398)}void 0\n`,
  'lab/words/long-file.ts': `/** Too long by a line. */\n${'\n'.repeat(399)}void 0\n`,
  'lab/words/excused-file.ts': `/** Long because it is one table. */\n${'\n'.repeat(399)}void 0\n`,
  'lab/words/functions.ts': [
    '/** Long because each must be. */',
    long('function declared()').replace('  void 0\n', ''),
    long('function tooLong()'),
    long('/** Long because it is one protocol. */\nfunction excused()'),
    long('export const arrow = () =>'),
    long('/** Long because it is one list. */\nexport const excusedArrow = () =>'),
    `class Some {\n${long('  method()')}}\nvoid Some\n`,
    `export const table = {\n  // ordinary\n${long('  entry: () =>').trimEnd()},\n}\n`,
  ].join('\n'),
  'cli/main.ts':
    "const {lazily} = await import('../lab/words/names.ts')\nvoid lazily\nimport '../lab/words/file.ts'\nimport '../lab/words/long-file.ts'\nimport '../lab/words/excused-file.ts'\nimport {arrow, excusedArrow, table} from '../lab/words/functions.ts'\nvoid [arrow, excusedArrow, table]\n",
  'images/app/agent.py': `#!/usr/bin/env python3\n"""An agent."""\n\ndef short():\n    pass\n\n\ndef endless():\n${'    pass\n'.repeat(60)}\n\nshort()\n`,
  'images/host/run': `#!/bin/sh\n# Runs.\n${'true\n'.repeat(400)}`,
  'README.md': 'See `lab/words/names.ts`, `words/names`, `lab/words/`, `lab/*/names.ts`, `a/b` and `lab/words/gone`.\n',
  'docs/page.md': `\`words/missing.ts\`\n\n\`\`\`sh\n\`test/none.ts\`\n\`\`\`\n<!-- ${todo}: more -->\n`,
})

describe('planted, each is found, and nothing else', () => {
  const sources = sourcesOf(untidy, 'tsconfig.json')
  test.each([
    ['a file too long', () => longFiles(untidy), ['images/host/run: 402 lines', 'lab/words/long-file.ts: 401 lines']],
    [
      'a function too long, however it is written',
      () => longFunctions(untidy, sources),
      [
        'images/app/agent.py: endless has 61 lines',
        'lab/words/functions.ts: arrow has 61 lines',
        'lab/words/functions.ts: entry has 61 lines',
        'lab/words/functions.ts: method has 61 lines',
        'lab/words/functions.ts: tooLong has 61 lines',
      ],
    ],
    ['a file that nothing leads to', () => deadFiles(untidy, sources), ['lab/words/dead.ts']],
    [
      'an export that nobody takes',
      () => unusedExports(sources),
      ['lab/words/names.ts: Nobody', 'lab/words/names.ts: everything', 'lab/words/names.ts: unused'],
    ],
    [
      'a path that leads to nothing',
      () => stalePaths(untidy),
      ['README.md: lab/words/gone', 'docs/page.md: words/missing.ts'],
    ],
    ['what is left to do', () => leftToDo(untidy), ['docs/page.md:6']],
  ] as const)('%s', (_what, found, expected) => {
    expect(found().toSorted()).toEqual(expected)
  })
})

describe('here', () => {
  const sources = sourcesOf(root, 'test/tsconfig.json')
  test('no file has more than 400 lines without a reason', () => expect(longFiles(root)).toEqual([]))
  test('no function has more than 60 lines without a reason', () => expect(longFunctions(root, sources)).toEqual([]))
  test('every source is used by a program or the library', () => expect(deadFiles(root, sources)).toEqual([]))
  test('what a file exports another one uses', () => expect(unusedExports(sources)).toEqual([]))
  test('no page names a file that is not there', () => expect(stalePaths(root)).toEqual([]))
  test('nothing is left to do', () => expect(leftToDo(root)).toEqual([]))
})
