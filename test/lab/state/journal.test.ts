import {appendFileSync, existsSync, type fsyncSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {labFolder} from '../../../lab/state/folders.ts'
import {inForce, mended, plan} from '../../../lab/state/journal.ts'

// As the real one, and what stood in the file by then.
const onDisk: string[] = []
vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>()
  const fsync: typeof fsyncSync = fd => {
    fs.fsyncSync(fd)
    onDisk.push(fs.readFileSync(`/proc/self/fd/${fd}`, 'utf8'))
  }
  return {...fs, fsyncSync: vi.fn(fsync)}
})

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'journal-'))
  vi.stubEnv('XDG_STATE_HOME', state)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true})
})

const one = {id: 'a/1', fault: 'a', mend: {do: 'start-host', host: 'node1'}} as const
const two = {id: 'b/1', fault: 'b', mend: {do: 'start-host', host: 'node2'}} as const

test('what was planned is in force, newest first, until it is mended', () => {
  plan('x', one)
  plan('x', two)
  expect(inForce('x')).toEqual([two, one])
  mended('x', 'b/1')
  expect(inForce('x')).toEqual([one])
})

test('what is planned or mended is on the disk, and not only in the memory of the system, when that is done', () => {
  onDisk.length = 0
  plan('x', one)
  expect(onDisk.at(-1)).toContain('"planned"')
  expect(onDisk.at(-1)).toBe(readFileSync(join(labFolder('x'), 'journal.ndjson'), 'utf8'))
  mended('x', 'a/1')
  expect(onDisk.at(-1)).toContain('"mended"')
})

test('a line cut short by a crash hides neither what stands before it nor what comes after', () => {
  plan('x', one)
  appendFileSync(join(labFolder('x'), 'journal.ndjson'), '{"state":"planned","id":"cu')
  plan('x', two)
  expect(inForce('x')).toEqual([two, one])
})

test.each([
  {state: 'planned', id: 1, fault: 'a', mend: one.mend},
  {state: 'planned', id: 'c/1', fault: 'c'},
  {state: 'planned', id: 'c/1', fault: 'c', mend: {host: 'node1'}},
  {state: 'mended', id: {}},
  null,
])('a line of another shape is passed over: %j', line => {
  plan('x', one)
  appendFileSync(join(labFolder('x'), 'journal.ndjson'), `${JSON.stringify(line)}\n`)
  plan('x', two)
  expect(inForce('x')).toEqual([two, one])
})

test('nothing in force leaves no file', () => {
  plan('x', one)
  mended('x', one.id)
  expect(inForce('x')).toEqual([])
  expect(existsSync(join(labFolder('x'), 'journal.ndjson'))).toBe(false)
})
