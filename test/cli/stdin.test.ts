/** `-` is stdin wherever a file is read, and -q takes the progress away and nothing else. The program itself runs: stdin is of a process. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {execa} from 'execa'
import {expect, test} from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const packed = readFileSync(join(root, 'test', 'histories', 'all-etcd-down.pass.ndjson.gz'))
const scenario = readFileSync(join(root, 'scenarios', 'kill-leader.yaml'), 'utf8')

const pgha = (args: readonly string[], input: string | Uint8Array) =>
  execa(process.execPath, [join(root, 'cli', 'main.ts'), ...args], {input, reject: false})

test.each([
  ['unpacked', gunzipSync(packed)],
  ['packed', packed],
])('a record of a run, %s, is judged and shown', async (_, input) => {
  const judged = await pgha(['judge', '-'], input)
  expect(judged).toMatchObject({exitCode: 0, stdout: expect.stringMatching(/^PASSED all-etcd-down/)})
  // What is gone cannot be named again.
  expect(judged.stdout).not.toMatch(/pgha-lab (report|replay) -/)
  expect((await pgha(['report', '-', '--format', 'junit'], input)).stdout).toMatch(/^<\?xml/)
})

test('a scenario is checked, with its places', async () => {
  expect(await pgha(['scenarios', 'validate', '-'], scenario)).toMatchObject({exitCode: 0, stderr: '-: valid'})
  const wrong = await pgha(['scenarios', 'validate', '-'], scenario.replace('hold:', 'hodl:'))
  expect(wrong).toMatchObject({exitCode: 2, stderr: expect.stringMatching(/^-:\d+:\d+: .*hodl/)})
  const nothing = await pgha(['scenarios', 'validate', '-'], '')
  expect(nothing).toMatchObject({exitCode: 2, stderr: expect.stringMatching(/^-: .*: there is nothing on stdin/)})
})

test('a configuration is linted, and predicted from', async () => {
  const patroni = 'scope: one\nname: node1\nbootstrap:\n  dcs: {ttl: 30, loop_wait: 10, retry_timeout: 12}\n'
  expect((await pgha(['lint', '-'], patroni)).stdout).toMatch(/^ +-:\d+:\d+$/m)
  expect((await pgha(['predict', '--from', '-'], patroni)).exitCode).toBe(0)
})

test('what has no sense says so', async () => {
  const played = await pgha(['chaos', '-'], scenario)
  expect(played).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/^the report of a run names the file of its/),
  })
  expect((await pgha(['config', '--topology', '-'], '')).exitCode).toBe(2)
})

test('-q leaves results and errors, before a command and behind it', async () => {
  for (const args of [
    ['-q', 'scenarios', 'validate', '-'],
    ['scenarios', 'validate', '-', '--quiet'],
  ])
    expect((await pgha(args, scenario)).stderr).toBe('-: valid')
  expect((await pgha(['-q', 'judge', 'nowhere'], '')).stderr).toMatch(/^there is no run `nowhere`/)
})
