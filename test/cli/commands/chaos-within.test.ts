/** `chaos --within` does not answer with a lucky moment: what it asks the run for. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {run} from '../../../cli/program.ts'
import {LabError} from '../../../lab/words/errors.ts'

const asked = vi.hoisted(() => ({phases: [] as unknown[]}))
const noteAndStop = async (_lab: unknown, _scenario: unknown, {phase}: {phase?: unknown}) => {
  asked.phases.push(phase)
  throw new LabError('not-ready', 'far enough')
}
vi.mock('../../../lab/index.ts', async original => ({
  ...(await original<object>()),
  openOurs: async () => ({name: 'within', async [Symbol.asyncDispose]() {}}),
  runScenario: noteAndStop,
}))
vi.mock('../../../lab/run/repeat.ts', () => ({repeat: noteAndStop}))

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'within-'))
  vi.stubEnv('XDG_STATE_HOME', state)
  for (const stream of ['stdout', 'stderr'] as const) vi.spyOn(process[stream], 'write').mockReturnValue(true)
  asked.phases = []
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true})
  process.exitCode = undefined
})

test.each([
  [['--within', '30s'], 'worst'],
  [['--within', '30s', '--repeat', '2'], 'worst'],
  [['--within', '30s', '--phase', 'random'], 'random'],
  [[], undefined],
])('chaos kill-leader %j plays the moment %s', async (options, moment) => {
  await run(['node', 'pgha-lab', 'chaos', 'kill-leader', '--name', 'within', ...options])
  expect(asked.phases).toEqual([moment])
})
