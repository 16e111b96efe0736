import {mkdirSync, mkdtempSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {learnedSeconds} from '../../../lab/suite/seconds.ts'

test('the latest run of a scenario on the same profile teaches how long it takes; broken reports teach nothing', () => {
  const root = mkdtempSync(join(tmpdir(), 'runs-'))
  const run = (folder: string, report: string) => {
    mkdirSync(join(root, folder), {recursive: true})
    writeFileSync(join(root, folder, 'report.json'), report)
  }
  run('a/20261120T100000Z-kill-leader', '{"profile": "fast", "durationMicros": 40000000}')
  run('b/20261120T110000Z-kill-leader', '{"profile": "fast", "durationMicros": 50000000}')
  run('b/20261120T120000Z-kill-leader', '{"profile": "default", "durationMicros": 90000000}')
  run('b/20261120T130000Z-kill-leader', '{"profile": "fa')
  mkdirSync(join(root, 'b/20261120T140000Z-stop-leader'))
  expect(learnedSeconds('fast', root)).toEqual(new Map([['kill-leader', 50]]))
  expect(learnedSeconds('fast', join(root, 'nowhere'))).toEqual(new Map())
})
