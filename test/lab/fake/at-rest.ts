/** A fake lab for each test of a file, with the clock stopped and a state directory of its own. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, vi} from 'vitest'
import {untilHealthy} from '../../../lab/cluster/wait.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {passing, stopTheClock} from './clock.ts'
import {type Faked, fakeLab} from './lab.ts'

let state: string
const opened: AsyncDisposable[] = []

export function eachWithItsOwnState(): void {
  beforeEach(() => {
    stopTheClock()
    state = mkdtempSync(join(tmpdir(), 'pgha-fake-'))
    vi.stubEnv('XDG_STATE_HOME', state)
    vi.stubEnv('PGHA_LAB_OWNER', 'us')
  })
  afterEach(async () => {
    for (const one of opened.splice(0)) await one[Symbol.asyncDispose]()
    vi.useRealTimers()
    vi.unstubAllEnvs()
    rmSync(state, {recursive: true, force: true})
  })
}

export function stateFolder(): string {
  return state
}

/** Disposed of when the test is over. */
export function disposedOf<T extends AsyncDisposable>(one: T): T {
  opened.push(one)
  return one
}

/** Healthy, as after `up`. */
export async function healthyLab(topology?: Topology): Promise<Faked> {
  const faked = disposedOf(await fakeLab(topology))
  await passing(untilHealthy(faked.lab, {withinMs: 30_000, signal: new AbortController().signal}))
  faked.engine.asked.length = 0
  return faked
}
