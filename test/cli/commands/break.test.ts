/** `break` as a person without a lab sees it, and what it says of a fault before it is done. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Readable} from 'node:stream'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {confirmed} from '../../../cli/asked.ts'
import {run} from '../../../cli/program.ts'
import {previewLines} from '../../../cli/render/preview-text.ts'

let root: string
let said: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'break-'))
  vi.stubEnv('XDG_STATE_HOME', root).stubEnv('DOCKER_HOST', `unix://${join(root, 'no-engine.sock')}`)
  said = ''
  for (const name of ['stdout', 'stderr'] as const)
    vi.spyOn(process[name], 'write').mockImplementation(text => {
      said += String(text)
      return true
    })
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(root, {recursive: true})
  process.exitCode = undefined
})

test('a slip is told with the same command put right, before any engine is asked', async () => {
  await run(['node', 'pgha-lab', 'break', 'kil', 'host', 'on', 'leader'])
  expect(process.exitCode).toBe(2)
  expect(said).toBe('there is no fault `kil`, did you mean `kill`?\n  next: pgha-lab break kill host on leader\n')
})

test('without a lab it says how to get one', async () => {
  await run(['node', 'pgha-lab', 'break', 'kill', 'host', 'on', 'leader'])
  expect(process.exitCode).toBe(3)
  expect(said).toContain('next:')
})

test('a preview has a line for what is known, and none for what is not', () => {
  const step = {do: 'inject', fault: 'kill', on: 'leader', as: 'kill', params: {what: 'host'}} as const
  const seen = {step, says: 'kill host on leader', hosts: ['node1'], from: null, leader: 'node1'}
  const bare = {...seen, limitMs: null, destroys: null, keepsKey: null}
  expect(previewLines({...bare, outage: [14_200_000, 30_100_000]})).toEqual([
    'kill host on leader',
    '  hits     node1 (leader)',
    '  lasts    until it is healed, where it does not end with the blow',
    '  model    14-31 s until clients can write again: least and most',
  ])
  expect(previewLines({...bare, outage: null, keepsKey: 'its Patroni still reaches etcd'})).toContain(
    '  model    no failover is expected: its Patroni still reaches etcd',
  )
  expect(previewLines({...bare, limitMs: 30_000, destroys: 'all of it', outage: null}).slice(2)).toEqual([
    '  lasts    until it is healed, at most 30s',
    '  for good all of it: no healing brings it back',
  ])
})

test('only a yes is a yes', async () => {
  const answers = ['y', 'YES', 'n', '', 'yes please'].map(line => confirmed('break it?', Readable.from([`${line}\n`])))
  expect(await Promise.all(answers)).toEqual([true, true, false, false, false])
})
