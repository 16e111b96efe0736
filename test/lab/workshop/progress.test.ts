import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {begin, forgetProgress, keepLesson, loadProgress} from '../../../lab/workshop/progress.ts'

let state: string
const folder = () => join(state, 'pgha-lab', 'workshop')
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'progress-'))
  vi.stubEnv('XDG_STATE_HOME', state)
  vi.stubEnv('PGHA_LAB_OWNER', 'us')
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true})
})

test('what is kept of a lesson is found again, and of another owner there is another file', () => {
  expect(loadProgress().lessons).toEqual({})
  keepLesson('parts', {...begin('a'), at: 3})
  keepLesson('write', begin('b'))
  expect(loadProgress().lessons.parts).toMatchObject({at: 3, digest: 'a'})
  expect(Object.keys(loadProgress().lessons)).toEqual(['parts', 'write'])
  vi.stubEnv('PGHA_LAB_OWNER', 'them')
  expect(loadProgress()).toEqual({schema: 1, owner: 'them', lessons: {}})
})

test('the file appears whole, for its owner alone, and leaves no draft', () => {
  keepLesson('parts', begin('a'))
  expect(readdirSync(folder())).toEqual(['us.json'])
  expect(statSync(join(folder(), 'us.json')).mode & 0o777).toBe(0o600)
})

test('one lesson is forgotten, or all', () => {
  keepLesson('parts', begin('a'))
  keepLesson('write', begin('b'))
  expect(forgetProgress('crash')).toBe(false)
  expect(forgetProgress('parts')).toBe(true)
  expect(Object.keys(loadProgress().lessons)).toEqual(['write'])
  expect(forgetProgress()).toBe(true)
  expect(forgetProgress()).toBe(false)
  expect(loadProgress().lessons).toEqual({})
})

test('a file that somebody has been at is told with its place and the way out, and is left as it is', () => {
  keepLesson('parts', begin('a'))
  const file = join(folder(), 'us.json')
  const spoiled = readFileSync(file, 'utf8').replace('"at": 0', '"at": -1')
  writeFileSync(file, spoiled)
  expect(loadProgress).toThrow(/us\.json:\d+:\d+: /)
  try {
    loadProgress()
  } catch (error) {
    expect((error as {hint: string}).hint).toContain('pgha-lab workshop --reset')
  }
  expect(readFileSync(file, 'utf8')).toBe(spoiled)
  expect(forgetProgress()).toBe(true)
})

test('a name that every object answers to is no lesson', () => {
  expect(forgetProgress('constructor')).toBe(false)
})
