/** When a watch asks for etcd's quorum: its regular turn never comes here. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test, vi} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import {type Quorum, watchLab} from '../../../lab/run/watch.ts'
import {fakeLab} from '../fake/lab.ts'

const turnMs = 5000
vi.mock('node:timers/promises', async original => {
  const real = await original<typeof import('node:timers/promises')>()
  const setTimeout: typeof real.setTimeout = (ms, value, options) =>
    real.setTimeout(ms === turnMs ? 2 ** 30 : ms, value, options)
  return {...real, setTimeout, default: {...real, setTimeout}}
})

test('the quorum is asked again as soon as a member of etcd is heard to be down', async () => {
  const state = mkdtempSync(join(tmpdir(), 'pgha-lab-watch-'))
  vi.stubEnv('XDG_STATE_HOME', state)
  await using faked = await fakeLab()
  const heard: Event[] = []
  const quorums: Quorum[] = []
  {
    await using _watched = await watchLab(faked.lab, {
      event: event => void heard.push(event),
      quorum: told => void quorums.push(told),
    })
    await vi.waitFor(() => expect(quorums.at(-1)?.silent).toBe(0), 20_000)
    await faked.engine.kill(faked.world.host('node3').id)
    await vi.waitFor(() => expect(quorums.at(-1)?.silent).toBe(1), 20_000)
    expect(heard).toContainEqual(expect.objectContaining({kind: 'etcd-member', host: 'node3', up: false}))
  }
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true, force: true})
})
