import {appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {FollowedRun} from '../../../cli/watch/follow-run.ts'
import {runsFolder} from '../../../lab/state/folders.ts'
import {storyUntil} from '../ui/story.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'follow-run-'))
  vi.stubEnv('XDG_STATE_HOME', root)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(root, {recursive: true})
})

const lines = storyUntil(20).map(event => `${JSON.stringify(event)}\n`)

function record(run: string, text: string): string {
  const folder = join(runsFolder('demo'), run)
  mkdirSync(folder, {recursive: true})
  const file = join(folder, 'events.ndjson')
  writeFileSync(file, text)
  return file
}

test('a record that grows is read on from where it was, a line at a time', () => {
  const file = record('1', lines.slice(0, 100).join(''))
  const followed = new FollowedRun('demo')
  const before = followed.look()
  expect(before?.scenario).toBe('kill-leader')
  expect(before?.failover).toBeNull()
  const rest = lines.slice(100).join('')
  appendFileSync(file, rest.slice(0, -20))
  appendFileSync(file, rest.slice(-20))
  expect(followed.look()?.failover?.after).toBe('kill on node1')
  expect(followed.look()?.failover?.after).toBe('kill on node1')
})

test('the newest record is the one that is followed, and one that is torn ends nothing', () => {
  const old = record('1', lines.join(''))
  utimesSync(old, 1, 1)
  const followed = new FollowedRun('demo')
  expect(followed.look()?.failover).not.toBeNull()
  record('2', `${lines[0]}{"at": tor\n`)
  expect(followed.look()?.failover ?? null).toBeNull()
})

test('a lab without a run has none', () => {
  expect(new FollowedRun('demo').look()).toBeNull()
})
