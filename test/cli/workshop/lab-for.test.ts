/** A lab that a lesson cannot be played on: what its page shows is what has to be typed, all of it. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {labFor} from '../../../cli/workshop/lab-for.ts'
import {saveLab} from '../../../lab/state/state.ts'
import {allocation, topology} from '../../compose/a-lab.ts'
import {FakeStage, lessonOf} from '../../lab/workshop/fake-site.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'lab-for-'))
  vi.stubEnv('XDG_STATE_HOME', state)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true})
})

const lesson = {...lessonOf('  - say: Hello.\n'), lab: {topology: 'pgbouncer', set: []}}
const up = ['up', '--topology', 'pgbouncer', '--profile', 'fast']
const wanted = {name: 'x', profile: 'fast'}

test('another lab is removed before the one for the lesson is raised, on the page as by `yes`', async () => {
  saveLab({schema: 2, topology: topology('fast'), allocation: {...allocation(), lab: 'x'}}, '')
  const stage = new FakeStage(['yes'])
  await expect(labFor(lesson, stage, wanted)).rejects.toMatchObject({how: 'ended'})
  expect(stage.pages[0]?.commands).toEqual([['down'], up])
  expect(stage.performed).toEqual([['down'], up])
})

test('where there is no lab it is only raised', async () => {
  const stage = new FakeStage(['yes'])
  await expect(labFor(lesson, stage, wanted)).rejects.toMatchObject({how: 'ended'})
  expect(stage.pages[0]?.commands).toEqual([up])
  expect(stage.performed).toEqual([up])
})
