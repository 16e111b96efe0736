/** Recorded runs keep their verdicts, whatever changes in the checks. */
import {globSync, readFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {expect, test} from 'vitest'
import {parseHistory} from '../../lab/history.ts'
import {judge} from '../../lab/judge.ts'

const folder = join(import.meta.dirname, '..', 'histories')
const files = globSync('*.ndjson.gz', {cwd: folder})

test('there are recorded runs', () => expect(files.length).toBeGreaterThan(0))

test.each(files)('%s keeps its verdict', file => {
  const [, verdict] = basename(file).split('.')
  const report = judge(parseHistory(gunzipSync(readFileSync(join(folder, file))).toString()))
  expect({verdict: report.verdict, headline: report.headline}).toMatchObject({verdict})
})
