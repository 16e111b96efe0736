/** Every scenario against a real cluster, and sabotage that must be found. `npm test` plays one of each family. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, expect, test} from 'vitest'
import type {Report} from '../../../lab/report.ts'
import {scenarioFile, suites} from '../../../lab/scenario.ts'
import {expectExit} from '../cli.ts'

const out = mkdtempSync(join(tmpdir(), 'pgha-lab-suites-'))
afterAll(() => rmSync(out, {recursive: true, force: true}))

test.for([...suites().keys()])('suite %s: every scenario passes', async suite => {
  await expectExit(0, ['chaos', '--suite', suite, '--name', `long-${suite}`, '--out', join(out, suite)])
})

test('strict-no-standby fails when somebody switches synchronous mode off under it', async () => {
  const lab = ['--name', 'long-sabotage']
  const text = readFileSync(scenarioFile('strict-no-standby'), 'utf8')
  const sabotage =
    '  - inject: set-config\n    config: { synchronous_mode: false, synchronous_mode_strict: false }\n    as: sabotage\n'
  const file = join(out, 'strict-no-standby.yaml')
  writeFileSync(file, text.replace('  - inject: stop\n', `${sabotage}  - hold: 3s\n  - inject: stop\n`))
  await expectExit(0, ['down', ...lab])
  await expectExit(0, ['up', ...lab, '--profile', 'fast'])
  try {
    const report = JSON.parse((await expectExit(1, ['chaos', file, ...lab, '--json'])).out) as Report
    expect(report.findings.find(one => one.check === 'unavailability')).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('the fault did not stop writes as it should'),
    })
  } finally {
    await expectExit(0, ['down', ...lab])
  }
})
