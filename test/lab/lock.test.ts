import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {lockLab, worksOn} from '../../lab/lock.ts'
import {stateRoot} from '../../lab/state.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'lock-'))
  vi.stubEnv('XDG_STATE_HOME', state)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true})
})

test('a lab is worked on by one command at a time, and the second hears by whom', () => {
  const held = lockLab('x', 'up')
  expect(() => lockLab('x', 'chaos kill-leader')).toThrow(`lab x is in use by \`pgha-lab up\` (pid ${process.pid})`)
  lockLab('y', 'up')[Symbol.dispose]()
  held[Symbol.dispose]()
  lockLab('x', 'down')[Symbol.dispose]()
})

test('whoever asks is told which command works on a lab, and of none when its process is dead', () => {
  expect(worksOn('x')).toBeNull()
  {
    using _held = lockLab('x', 'chaos kill-leader')
    expect(worksOn('x')).toEqual({pid: process.pid, doing: 'chaos kill-leader'})
    expect(worksOn('y')).toBeNull()
  }
  expect(worksOn('x')).toBeNull()
  leave({pid: process.pid, started: '1', doing: 'up'})
  expect(worksOn('x')).toBeNull()
})

test('a process that was killed holds nothing', async () => {
  const child = spawn('sleep', ['60'])
  child.kill('SIGKILL')
  await once(child, 'exit')
  leave({pid: child.pid, started: null, doing: 'up'})
  lockLab('x', 'up')[Symbol.dispose]()
})

test('a pid that came again is not the process that held the lock', () => {
  leave({pid: process.pid, started: '1', doing: 'up'})
  lockLab('x', 'up')[Symbol.dispose]()
})

test('a lock file cut short holds nothing', () => {
  leave(undefined)
  lockLab('x', 'up')[Symbol.dispose]()
})

function leave(holder: unknown): void {
  mkdirSync(join(stateRoot(), 'locks'), {recursive: true})
  writeFileSync(join(stateRoot(), 'locks', 'x'), JSON.stringify(holder) ?? '{"pid":')
}
