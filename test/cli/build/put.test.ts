/** A build that comes while a command runs. */
import {spawn} from 'node:child_process'
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {type Built, putBuild} from '../../../cli/build/put.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-lab-build-'))
})
afterEach(() => rmSync(folder, {recursive: true}))

/** Says `begun`, and who it is as soon as something is said to it: with what it imports only then. */
const build = (says: string): Built[] => [
  {
    name: 'main.js',
    code: `console.log('begun')\nprocess.stdin.once('data', async () => {\n  console.log((await import('./late.js')).says)\n  process.exit()\n})\n`,
  },
  {name: 'late.js', code: `export const says = '${says}'\n`},
]
const begin = () => spawn(process.execPath, [join(folder, 'main.js')], {stdio: ['pipe', 'pipe', 'inherit']})
const builds = () => readdirSync(folder, {withFileTypes: true}).flatMap(one => (one.isDirectory() ? one.name : []))

test('a command that began before goes on with its own build, over two more, and the next begins with the newest', async () => {
  putBuild(folder, build('the first'))
  const running = begin()
  const said = text(running.stdout)
  await new Promise(resolve => running.stdout.once('data', resolve))
  putBuild(folder, build('the second'))
  putBuild(folder, build('the third'))
  running.stdin.end('\n')
  expect(await said).toBe('begun\nthe first\n')
  const next = begin()
  next.stdin.end('\n')
  expect(await text(next.stdout)).toBe('begun\nthe third\n')
})

test('a build is kept for a day after the next one came, however old it is by itself', () => {
  const daysAgo = (name: string, days: number) => {
    const at = Date.now() / 1000 - days * 86_400
    utimesSync(join(folder, name), at, at)
  }
  putBuild(folder, build('the first'))
  const [first = ''] = builds()
  daysAgo(first, 9)
  putBuild(folder, build('the second'))
  expect(builds()).toContain(first)
  expect(Date.now() - statSync(join(folder, first)).mtimeMs).toBeLessThan(3_600_000)
  daysAgo(first, 2)
  putBuild(folder, build('the third'))
  expect(builds()).not.toContain(first)
  expect(builds()).toHaveLength(2)
})

test('the same build once more changes nothing, and what npm packs is the newest alone', () => {
  putBuild(folder, build('the first'))
  putBuild(folder, build('the second'))
  const before = builds()
  putBuild(folder, build('the second'))
  expect(builds()).toEqual(before)
  const newest = /[0-9a-f]{16}/.exec(readFileSync(join(folder, 'main.js'), 'utf8'))?.[0]
  expect(readFileSync(join(folder, '.npmignore'), 'utf8')).toBe(`/*\n!/main.js\n!/${newest}\n`)
  expect(existsSync(join(folder, newest ?? 'none', 'late.js'))).toBe(true)
})
