/** The dead man's switch of a host, run on this machine: its scripts need no container, only Linux's own tools. */
import {execFileSync} from 'node:child_process'
import {existsSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, beforeEach, expect, test} from 'vitest'

const bin = join(import.meta.dirname, '../../images/host/bin')
const onLinux = test.runIf(process.platform === 'linux')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-lab-undo-'))
})
afterEach(() => {
  run('never-undo', 'touch', folder)
  rmSync(folder, {recursive: true})
})

const run = (script: string, ...args: string[]) => execFileSync(join(bin, script), args, {encoding: 'utf8'})

onLinux('what was broken is undone after its time, though whoever armed the switch has ended', async () => {
  const mark = join(folder, 'undone')
  run('undo-later', '1', 'touch', mark)
  expect(existsSync(mark)).toBe(false)
  await expect.poll(() => existsSync(mark), {timeout: 10_000}).toBe(true)
})

onLinux('a fault that was mended is not undone a second time, and others keep their switch', async () => {
  const [mended, other] = [join(folder, 'mended'), join(folder, 'other')]
  run('undo-later', '1', 'touch', mended)
  run('undo-later', '1', 'touch', other)
  run('never-undo', 'touch', mended)
  await expect.poll(() => existsSync(other), {timeout: 10_000}).toBe(true)
  await sleep(500)
  expect(existsSync(mended)).toBe(false)
})

onLinux('ending a switch that nobody armed is no failure', () => {
  expect(run('never-undo', 'touch', join(folder, 'nothing'))).toBe('')
})
