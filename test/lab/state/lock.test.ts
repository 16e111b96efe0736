import {execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {stateRoot} from '../../../lab/state/folders.ts'
import {lockLab, worksOn} from '../../../lab/state/lock.ts'

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

test.each([
  ['a pipe', (file: string) => execFileSync('mkfifo', [file])],
  ['a folder', (file: string) => mkdirSync(file)],
  ['a link', (file: string) => symlinkSync('/dev/zero', file)],
])('%s in the place of a lock is told as that, at once', (_, lay) => {
  lockLab('x', 'up')[Symbol.dispose]()
  const file = join(stateRoot(), 'locks', 'x.lock')
  rmSync(file)
  lay(file)
  expect(() => lockLab('x', 'up')).toThrow(`cannot lock ${file}: something that is no file is in the way`)
})

test('whoever asks is told which command works on a lab', () => {
  expect(worksOn('x')).toBeNull()
  {
    using _held = lockLab('x', 'chaos kill-leader')
    expect(worksOn('x')).toEqual({pid: process.pid, doing: 'chaos kill-leader'})
    expect(worksOn('y')).toBeNull()
  }
  expect(worksOn('x')).toBeNull()
})

test('what one who was killed has left names nobody, whoever has its pid today', () => {
  for (const left of [`{"pid":${process.pid},"doing":"up"}`, '{"pid":', '{"pid":"all","doing":7}', '']) {
    leave(left)
    expect(worksOn('x')).toBeNull()
    using _held = lockLab('x', 'heal')
    expect(worksOn('x')).toEqual({pid: process.pid, doing: 'heal'})
  }
})

test('a killed command holds nothing, though a program that it has started lives on', async () => {
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import {execFileSync, spawn} from 'node:child_process'
       const {lockLab} = await import(${JSON.stringify(join(import.meta.dirname, '..', '..', '..', 'lab', 'state', 'lock.ts'))})
       lockLab('x', 'chaos kill-leader')
       console.log(spawn('sleep', ['60'], {stdio: 'inherit', detached: true}).pid)
       setInterval(() => {}, 1000)`,
    ],
    {stdio: ['ignore', 'pipe', 'inherit']},
  )
  const [said] = await once(holder.stdout, 'data')
  const child = Number(said)
  try {
    expect(() => lockLab('x', 'up')).toThrow(`in use by \`pgha-lab chaos kill-leader\` (pid ${holder.pid})`)
    const gone = once(holder, 'exit')
    holder.kill('SIGKILL')
    await gone
    expect(() => process.kill(child, 0)).not.toThrow()
    lockLab('x', 'up')[Symbol.dispose]()
  } finally {
    process.kill(child, 'SIGKILL')
  }
})

test('a lock that is not there to be taken is told by its file, not by a stack', () => {
  mkdirSync(join(stateRoot(), 'locks', 'x.lock'), {recursive: true})
  expect(() => lockLab('x', 'up')).toThrow(/^cannot lock .*x\.lock: /)
  rmSync(join(stateRoot(), 'locks', 'x.lock'), {recursive: true})
  writeFileSync(join(stateRoot(), 'locks', 'x.lock'), 'something else that happens to have this name')
  expect(() => lockLab('x', 'up')).toThrow(/^cannot lock .*x\.lock: /)
})

test('releasing twice takes nothing from the next holder', () => {
  const first = lockLab('x', 'up')
  first[Symbol.dispose]()
  using _second = lockLab('x', 'down')
  first[Symbol.dispose]()
  expect(() => lockLab('x', 'up')).toThrow('in use by `pgha-lab down`')
})

function leave(signature: string): void {
  mkdirSync(join(stateRoot(), 'locks'), {recursive: true})
  writeFileSync(join(stateRoot(), 'locks', 'x.holder'), signature)
}
