/** Every scenario against a real cluster. `npm test` plays a few of them. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, test} from 'vitest'
import {suites} from '../../../lab/scenario/index.ts'
import {expectExit} from '../cli.ts'

const out = mkdtempSync(join(tmpdir(), 'pgha-lab-suites-'))
afterAll(() => rmSync(out, {recursive: true, force: true}))

test.for([...suites().keys()])('suite %s: every scenario passes', async suite => {
  await expectExit(0, ['chaos', '--suite', suite, '--name', `long-${suite}`, '--out', join(out, suite)])
})
