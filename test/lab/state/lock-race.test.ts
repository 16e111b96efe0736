import {type ChildProcessByStdio, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import type {Readable, Writable} from 'node:stream'
import {afterEach, beforeEach, expect, test} from 'vitest'

const contenders = 4
const rounds = 30

interface Contender {
  readonly process: ChildProcessByStdio<Writable, Readable, null>
  readonly heard: AsyncIterator<string>
}

let state: string
const alive = new Set<Contender>()
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'lock-race-'))
})
afterEach(async () => {
  await Promise.all([...alive].map(end))
  rmSync(state, {recursive: true})
})

test('of many who reach for the lock of one who was killed, one gets it, and the others hear who', async () => {
  const all = await Promise.all(Array.from({length: contenders}, begin))
  for (let round = 1; round <= rounds; round++) {
    const atMs = Date.now() + 10
    for (const one of all) one.process.stdin.write(`${atMs}\n`)
    const said = await Promise.all(all.map(says))
    const holders = all.filter((_, index) => said[index] === 'got')
    expect(holders, `round ${round}: ${said.join('; ')}`).toHaveLength(1)
    const [holder] = holders as [Contender]
    for (const one of said.filter(line => line !== 'got'))
      expect(one).toBe(`lab x is in use by \`pgha-lab up\` (pid ${holder.process.pid})`)
    await end(holder)
    all[all.indexOf(holder)] = await begin()
  }
}, 300_000)

async function begin(): Promise<Contender> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'lock-contender.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {...process.env, XDG_STATE_HOME: state},
  })
  const one = {process: child, heard: createInterface({input: child.stdout})[Symbol.asyncIterator]()}
  alive.add(one)
  expect(await says(one)).toBe('ready')
  return one
}

async function says({heard}: Contender): Promise<string> {
  return (await heard.next()).value ?? 'nothing: it ended'
}

async function end(one: Contender): Promise<void> {
  alive.delete(one)
  const gone = once(one.process, 'exit')
  one.process.kill('SIGKILL')
  await gone
}
