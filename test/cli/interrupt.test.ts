import {execFile} from 'node:child_process'
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'

const root = join(import.meta.dirname, '..', '..')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-interrupt-'))
})
afterEach(() => rmSync(folder, {recursive: true}))

const said = (file: string) => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '')

/** A program that works until it is interrupted, heals for a while, and says so. */
function worker(lateMs = 0): string {
  const file = join(folder, 'worker.mjs')
  writeFileSync(
    file,
    `import {writeFileSync} from 'node:fs'
    import {setTimeout as sleep} from 'node:timers/promises'
    const {onInterrupt} = await import(${JSON.stringify(join(root, 'cli/interrupt.ts'))})
    process.stderr.on('error', () => {}) // as program.ts has it: the reader is gone too
    writeFileSync('born', String(process.pid))
    await sleep(${lateMs})
    using interrupt = onInterrupt({first: 'healing', second: 'leaving'})
    writeFileSync('pid', String(process.pid))
    await sleep(20_000, undefined, {signal: interrupt.signal}).catch(() => {})
    await sleep(100)
    writeFileSync('healed', String(interrupt.code()))
    process.exitCode = interrupt.code()`,
  )
  return file
}

/** A suite of one child, as a process of its own; resolves with it when the child has written `file`. */
async function suite(lateMs: number, file: string): Promise<{kill(signal: NodeJS.Signals): void}> {
  const script = `
    const {childOf} = await import(${JSON.stringify(join(root, 'lab/suite/child.ts'))})
    await childOf([process.execPath, ${JSON.stringify(worker(lateMs))}])([], new AbortController().signal)`
  const running = execFile(process.execPath, ['--input-type=module', '--eval', script], {cwd: folder})
  await vi.waitUntil(() => said(file) !== '', {timeout: 10_000})
  return running
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a child whose suite was killed by SIGKILL heals and ends, as if it had been sent SIGTERM', async () => {
  const running = await suite(0, 'pid')
  const pid = Number(said('pid'))
  running.kill('SIGKILL')
  await vi.waitUntil(() => said('healed') !== '', {timeout: 10_000})
  expect(said('healed')).toBe('143')
  await vi.waitUntil(() => !lives(pid), {timeout: 5000})
})

test('a child whose suite was gone before it listened ends too', async () => {
  const running = await suite(500, 'born')
  running.kill('SIGKILL')
  await vi.waitUntil(() => said('healed') !== '', {timeout: 10_000})
  expect(said('healed')).toBe('143')
})

test('a program that nobody started as a child of a suite works on and ends by itself', async () => {
  const script = `const {onInterrupt} = await import(${JSON.stringify(join(root, 'cli/interrupt.ts'))})
    using interrupt = onInterrupt({first: '', second: ''})
    console.log(interrupt.signal.aborted)`
  const out = await new Promise((resolve, reject) =>
    execFile(process.execPath, ['--input-type=module', '--eval', script], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  )
  expect(out).toBe('false\n')
})
