import {execFileSync} from 'node:child_process'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {seatProcess} from '../../lab/suite/seat-process.ts'
import {packageRoot} from '../../lab/words/package-root.ts'

const never = new AbortController().signal
const main = join(packageRoot, 'cli', 'main.ts')

test('one process does many commands, and each says and ends as it would by itself', async () => {
  await using run = seatProcess([process.execPath, main])
  const listed = ['topologies', '--json']
  const alone = execFileSync(process.execPath, [main, ...listed], {encoding: 'utf8'})
  expect(await run(listed, never)).toEqual({exitCode: 0, stdout: alone, stderr: ''})
  const wrong = await run(['predict', 'nowhere.yaml', '--quiet'], never)
  expect(wrong).toMatchObject({exitCode: 2, stdout: '', stderr: expect.stringContaining('nowhere.yaml')})
  expect(await run(listed, never)).toEqual({exitCode: 0, stdout: alone, stderr: ''})
})
