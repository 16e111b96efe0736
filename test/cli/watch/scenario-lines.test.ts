import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test, vi} from 'vitest'
import {scenarioLines} from '../../../cli/watch/scenario-lines.ts'
import {previewFault} from '../../../lab/run/preview.ts'
import {loadScenario} from '../../../lab/scenario/index.ts'
import {inForce} from '../../../lab/state/journal.ts'
import {fakeLab} from '../../lab/fake/lab.ts'

test('a scenario is told with its steps, and whom each fault would hit now, and touches nothing', async () => {
  const state = mkdtempSync(join(tmpdir(), 'pgha-lab-lines-'))
  vi.stubEnv('XDG_STATE_HOME', state)
  await using faked = await fakeLab()
  const scenario = loadScenario('kill-leader')
  const {leader} = await vi.waitFor(async () => {
    const seen = await previewFault(faked.lab, 'kill', {on: 'leader', params: {what: 'host'}})
    expect(seen.leader).not.toBeNull()
    return seen
  }, 20_000)
  const lines = await scenarioLines(faked.lab, scenario)
  expect(lines[0]).toBe('scenario kill-leader')
  expect(lines[1]).toContain(scenario.about)
  expect(lines[2]).toMatch(/^ {2}takes {4}about \d\d s, by the timings of this lab$/)
  expect(lines).toHaveLength(3 + scenario.steps.length)
  expect(lines.find(line => line.includes('kill host on leader'))).toContain(`: ${leader} (leader) now`)
  expect(inForce('fake')).toEqual([])
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true, force: true})
})
