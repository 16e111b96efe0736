import {existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {basename, dirname, join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {clear, placeFor} from '../../../lab/state/run-folder.ts'
import {LabError} from '../../../lab/words/errors.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'run-folder-'))
})
afterEach(() => rmSync(root, {recursive: true}))

/** As far as they say whose they are. */
const contents: Readonly<Record<string, string>> = {
  'events.ndjson': `${JSON.stringify({
    ...{at: 0, kind: 'run-started', run: '1-mine'},
    scenario: {name: 'mine', clients: [{kind: 'writers'}, {kind: 'program', name: 'pgbench'}]},
    topology: {hosts: [{name: 'node1'}]},
  })}\n`,
  'report.json': JSON.stringify({schema: 1, run: '1-mine', verdict: 'pass', eventsSha256: null}),
  'summary.json': JSON.stringify({schema: 1, verdict: 'pass', asked: 2, runs: []}),
}

function put(...files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), {recursive: true})
    writeFileSync(join(root, file), contents[basename(file)] ?? '')
  }
}

function refused(out: string, overwrite = false): {says: string; exit: number} {
  try {
    placeFor(join(root, out), overwrite)
  } catch (error) {
    if (error instanceof LabError) return {says: error.message.replaceAll(root, ''), exit: error.exitCode}
    throw error
  }
  throw new Error('it was not refused')
}

const run = (folder: string) =>
  [
    ...['events.ndjson', 'report.json', 'report.txt', 'report.md', 'report.html', 'plan.yaml'],
    ...['logs/node1.log', 'logs/pgbench.log'],
  ].map(file => `${folder}/${file}`)

test('a new folder and an empty one are taken', () => {
  mkdirSync(join(root, 'empty'))
  expect(placeFor(join(root, 'new', 'deep'), false).files).toEqual([])
  expect(placeFor(join(root, 'empty'), false).files).toEqual([])
  expect(existsSync(join(root, 'new'))).toBe(false)
})

test.each([
  ['a file', ['x'], 'x', '--out /x is a file, and a run needs a folder', 2],
  ['a file on the way', ['x'], 'x/y', 'a file is in the way where a folder should be (ENOTDIR)', 3],
  ['a folder of something else', ['x/thesis.tex'], 'x', '--out /x is not empty, and holds no run: thesis.tex', 2],
  ['an earlier run', run('x'), 'x', '--out /x holds an earlier run', 2],
  ['a place inside a run', run('x'), 'x/y/z', '--out /x/y/z is inside the run /x', 2],
  ['a name too long', [], 'x'.repeat(300), 'the name is too long (ENAMETOOLONG)', 3],
])('%s is refused', (_, files, out, says, exit) => {
  put(...files)
  const told = refused(out)
  expect([told.says.slice(0, says.length), told.exit]).toEqual([says, exit])
})

test('--overwrite takes a run, a repetition, a storm and its shrinking away, and leaves the folder', () => {
  put(...run('a'))
  put('b/summary.json', 'b/summary.txt', ...run('b/runs/1'), ...run('b/runs/2'))
  put(...run('c'), 'c/shrink/smallest.yaml', ...run('c/shrink/again'), ...run('c/shrink/001'))
  for (const name of ['a', 'b', 'c']) {
    const place = placeFor(join(root, name), true)
    expect(readdirSync(join(root, name)).length).toBeGreaterThan(0)
    clear(place)
    expect(readdirSync(join(root, name))).toEqual([])
  }
})

test('what other tools call by the same names is none of ours, and nothing of it is touched', () => {
  mkdirSync(join(root, 'x', 'logs'), {recursive: true})
  const files = {
    'report.json': '{"lighthouseVersion":"12.0","categories":{}}',
    'report.html': '<h1>lighthouse</h1>',
    'summary.json': '{"total":1}',
    'events.ndjson': '{"ts":1,"msg":"x"}\n',
    'logs/app.log': 'my only log',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, 'x', name), text)
  expect(refused('x', true).says).toContain('holds no run')
})

test('of a run only the logs of its own hosts and programs are taken away', () => {
  put(...run('x'), 'x/logs/app.log')
  expect(refused('x', true).says).toBe('/x/logs/app.log is no part of a run, so --overwrite takes nothing away')
})

test('a packed record is known by its first event, too', () => {
  mkdirSync(join(root, 'x'))
  writeFileSync(join(root, 'x', 'events.ndjson.gz'), gzipSync(contents['events.ndjson']!))
  expect(placeFor(join(root, 'x'), true).files).toHaveLength(1)
})

test.each([
  ['a file of somebody', 'x/notes.txt'],
  ['a file among the logs', 'x/logs/id_rsa'],
  ['a folder of somebody', 'x/more/a'],
  ['a folder in place of a file', 'x/report.html/a'],
])('--overwrite with %s in it takes nothing away', (_, file) => {
  put(...run('x').filter(one => !file.startsWith(one)), file)
  const before = readdirSync(root, {recursive: true})
  expect(refused('x', true)).toEqual({says: expect.stringContaining('is no part of a run'), exit: 2})
  expect(readdirSync(root, {recursive: true})).toEqual(before)
})

test('--overwrite follows no link', () => {
  put('other/node1.log', 'x/events.ndjson')
  symlinkSync('../other', join(root, 'x', 'logs'))
  expect(refused('x', true).says).toBe('/x/logs is no part of a run, so --overwrite takes nothing away')
  expect(refused('other', true).says).toContain('holds no run')
  expect(existsSync(join(root, 'other', 'node1.log'))).toBe(true)
})
