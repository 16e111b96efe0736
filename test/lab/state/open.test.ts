import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {Docker} from '../../../lab/engine/docker.ts'
import {openLab} from '../../../lab/state/open.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'open-'))
  vi.stubEnv('XDG_STATE_HOME', state)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true})
})

function keep(lab: string): void {
  mkdirSync(join(state, 'pgha-lab', 'labs', lab), {recursive: true})
  writeFileSync(join(state, 'pgha-lab', 'labs', lab, 'lab.json'), '{}')
}

test('a lab that is not there is told with those that are', () => {
  expect(() => openLab(new Docker(), 'lab')).toThrow(/^there is no lab called lab$/)
  keep('s15a')
  expect(() => openLab(new Docker(), 'lab')).toThrow(/^there is no lab called lab; there is s15a, which --name names$/)
  keep('s15b')
  expect(() => openLab(new Docker(), 'lab')).toThrow(
    /^there is no lab called lab; there are s15a and s15b, which --name names$/,
  )
})
