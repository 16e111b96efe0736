/** What a page quotes as a command's answer (`>` under its block) is what that command answers. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {afterAll, afterEach, beforeEach, expect, test, vi} from 'vitest'
import {run} from '../../cli/program.ts'
import {parseHistory} from '../../lab/history/read-events.ts'
import {judge} from '../../lab/judge/judge.ts'
import {withAskedLimit} from '../../lab/scenario/asked-limit.ts'
import {callsOf, pages, root} from './shell-blocks.ts'

const folder = mkdtempSync(join(tmpdir(), 'pgha-answers-'))
afterAll(() => rmSync(folder, {recursive: true}))
const said = {stdout: '', stderr: ''}
beforeEach(() => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent.sock')
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation(text => {
      said[stream] += String(text)
      return true
    })
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  process.exitCode = undefined
})

const read = (page: string) => readFileSync(join(root, page), 'utf8')
const quotes = pages.flatMap(page =>
  [...read(page).matchAll(/^```sh\n([\s\S]*?)^```\n\n((?:> .*\n)+)/gm)].flatMap(([, block = '', quote = '']) => {
    const answer = quote.replaceAll(/^> /gm, '').replaceAll('\n', ' ').trim()
    // A box with a title of its own is no answer.
    return answer.startsWith('**') ? [] : [{page, block, answer}]
  }),
)

test('the README answers a DBA, a CI engineer and a developer of Patroni', () =>
  expect(quotes.filter(one => one.page === 'README.md')).toHaveLength(3))

const needsNoLab = (words: readonly string[]) => /^(predict|report|scenarios|lint|judge|compare)$/.test(words[0] ?? '')

test.each(quotes)('$page: $answer', async ({block, answer}) => {
  const printed: string[] = []
  for (const line of block.replaceAll('\\\n', ' ').split('\n'))
    for (const words of callsOf(line).filter(needsNoLab)) {
      Object.assign(said, {stdout: '', stderr: ''})
      // What an earlier line wrote into a file lies in a folder of the test's own.
      const here = words.map(word => (/^(\.\/)?[\w-]+\.yaml$/.test(word) ? join(folder, word) : word))
      await run(['node', 'pgha-lab', ...here])
      const [, file] = / > (\S+)$/.exec(line) ?? []
      if (file !== undefined) writeFileSync(join(folder, file), said.stdout)
      const shown = file === undefined ? said.stdout + said.stderr : said.stderr
      printed.push(shown.replaceAll(`${folder}/`, ''))
    }
  if (printed.length === 0) printed.push(asPlayed(block))
  expect(printed.map(text => text.replaceAll(/\s+/g, ' '))).toContainEqual(expect.stringContaining(answer))
})

/** Of `chaos SCENARIO --within LIMIT`, which needs a lab: the recorded run of the same timings, with that limit. */
function asPlayed(block: string): string {
  const [, name, seconds] = /chaos (\S+) --within (\d+)s/.exec(block) ?? []
  const file = join(root, 'test', 'histories', `${name}-default-profile.pass.ndjson.gz`)
  const events = parseHistory(gunzipSync(readFileSync(file)).toString()).events.map(event =>
    event.kind === 'run-started' ? {...event, scenario: withAskedLimit(event.scenario, Number(seconds) * 1000)} : event,
  )
  const {scenario, limit} = judge({events})
  return `PASSED ${scenario}: ${limit?.says}`
}
