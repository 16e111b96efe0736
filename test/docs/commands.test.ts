/** Whatever command the pages and the helps show can be pasted; next-steps.test.ts has what is printed. */

import {randomUUID} from 'node:crypto'
import {chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import type {Command} from 'commander'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest'
import {commandLine} from '../../cli/program.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {jobsOfPages, playJob} from './ci-jobs.ts'
import {parse} from './rehearse.ts'
import {rehearsedCommand} from './rehearsed-command.ts'
import {type Block, blocksOfPages, callsOf, pages, root, simpleCommands} from './shell-blocks.ts'

/** A block is run when it is made of these alone: whatever else it names could change the machine. */
const harmless = /^((\.\/)?pgha-lab|export|exit|echo|set|true)$/

const helps = helpsOf(commandLine())
const blocks = [...blocksOfPages(), ...helps]
const runnable = blocks.filter(({text}) => simpleCommands(text).every(([first = '']) => harmless.test(first)))

let folder = ''
let rehearsal: ReturnType<typeof rehearsalAt>
const rehearsalAt = (file: string, word: string) =>
  execa(process.execPath, [join(import.meta.dirname, 'rehearse.ts'), file, word], {stdin: 'pipe', reject: false})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-lab-pages-'))
  const port = join(folder, 'port')
  const word = randomUUID()
  rehearsal = rehearsalAt(port, word)
  const run = join(folder, 'state', 'pgha-lab', 'runs', 'lab', 'latest')
  mkdirSync(run, {recursive: true})
  const recorded = join(root, 'test', 'histories', 'kill-leader-default-profile.pass.ndjson.gz')
  writeFileSync(join(run, 'events.ndjson'), gunzipSync(readFileSync(recorded)))
  for (const evidence of ['evidence', 'evidence/kill-leader', 'shard-1', 'shard-2', 'shard-3'])
    cpSync(run, join(folder, evidence), {recursive: true})
  mkdirSync(join(folder, 'run'))
  cpSync(recorded, join(folder, 'run', 'events.ndjson.gz'))
  for (const side of ['before', 'after'])
    for (const index of ['001', '002', '003', '004']) cpSync(run, join(folder, side, 'runs', index), {recursive: true})
  writeFileSync(join(folder, 'mine.yaml'), readFileSync(join(root, 'scenarios', 'kill-leader.yaml')))
  mkdirSync(join(folder, 'chaos'))
  cpSync(join(folder, 'mine.yaml'), join(folder, 'chaos', 'mine.yaml'))
  writeFileSync(join(folder, 'lab.yaml'), labYaml())
  const theirs = join(root, 'test', 'cases', 'configs', '01-correct-plain-listen')
  cpSync(join(theirs, 'led1.yml'), join(folder, 'patroni.yml'))
  cpSync(join(theirs, 'haproxy.cfg'), join(folder, 'haproxy.cfg'))
  mkdirSync(join(folder, 'test'))
  cpSync(join(root, 'test', 'histories'), join(folder, 'test', 'histories'), {recursive: true})
  await vi.waitUntil(() => existsSync(port), {timeout: 20_000})
  const command = rehearsedCommand(join(folder, 'calls'), Number(readFileSync(port, 'utf8')), word)
  writeFileSync(join(folder, 'pgha-lab'), command)
  chmodSync(join(folder, 'pgha-lab'), 0o755)
}, 30_000)
afterAll(() => {
  rehearsal.kill()
  rmSync(folder, {recursive: true, force: true})
})

/** The first example of a lab.yaml on the page about it. */
function labYaml(): string {
  const page = readFileSync(join(root, 'docs', 'reference', 'files.md'), 'utf8')
  return /## lab\.yaml[\s\S]*?```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
}

interface Rehearsed {
  /** What `chaos` and `up` end with. */
  readonly code: number
  readonly up: number
}

/** As a CI runner or a person runs it, in a folder with what the pages speak of and a state directory with one run. */
function bash(text: string, {code, up}: Rehearsed = {code: 0, up: 0}) {
  return execa('bash', ['-e', '-o', 'pipefail', '-c', text], {
    cwd: folder,
    reject: false,
    all: true,
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      XDG_STATE_HOME: join(folder, 'state'),
      DOCKER_HOST: `unix://${join(folder, 'no-engine')}`,
      GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
      RUNNER_NAME: 'runner-7',
      REHEARSED_VERDICT: String(code),
      REHEARSED_UP: String(up),
    },
  })
}

test('there are blocks in README and docs, an example in every help, and some of both can be run', () => {
  expect(blocksOfPages().length).toBeGreaterThan(10)
  expect(helps.length).toBeGreaterThan(15)
  expect(runnable.some(({where}) => where.startsWith('docs/'))).toBe(true)
})

test.each(blocks.map(block => [block.where, block] as const))(
  'the command line takes what %s shows',
  async (_, {text}) => {
    for (const words of callsOf(text)) await parse(words)
    const {exitCode, stderr} = await execa('bash', ['-n', '-c', text], {reject: false})
    expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
  },
)

test.each(runnable.map(block => [block.where, block] as const))(
  'what %s shows runs',
  async (_, {text}) => {
    const {exitCode, all} = await bash(text)
    expect({exitCode, all: exitCode === 0 ? '' : all}).toEqual({exitCode: 0, all: ''})
  },
  60_000,
)

/** Every block of shell that lets a machine decide, and every job: what it plays, it takes away again. */
const judging = runnable.filter(
  ({text, where}) =>
    /^(README|docs\/(ci|reference\/report)\.md)/.test(where) && / chaos [\s\S]*( down\n|exit \$verdict)/.test(text),
)
const jobs = jobsOfPages()
const endings = [0, 1, 2, 3, 5, 77].map(code => ({code, up: 0}))

test('there are CI lines in README and in docs, and jobs for GitHub and GitLab', () => {
  expect(judging.filter(({where}) => where.startsWith('README')).length).toBeGreaterThanOrEqual(2)
  expect(judging.some(({where}) => where.startsWith('docs/ci.md'))).toBe(true)
  expect(jobs.map(job => job.where.replace(/.*: /, ''))).toEqual(['GitHub', 'GitLab'])
})

/** The exit code of a block or a job, how often `down` was reached, and whether it has asked `chaos` for JUnit. */
async function ended(lines: (verdict: Rehearsed) => Promise<number>, how: Rehearsed) {
  for (const left of ['calls', 'evidence']) rmSync(join(folder, left), {force: true, recursive: true})
  const code = await lines(how)
  const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')
  return {
    code,
    down: calls.filter(call => /^down(?! --stale)/.test(call)).length,
    junit: calls.some(call => /^chaos .*--junit junit\.xml/.test(call)),
  }
}

describe.each(judging.map(block => [block.where, block.text] as const))('the CI lines of %s', (_, text) => {
  const lines = async (how: Rehearsed) => (await bash(text, how)).exitCode ?? -1
  const raises = / up\b/.test(text)
  const expected = {down: raises ? 1 : 0}

  test.each(endings)(
    'end with $code when chaos does, after `down`, and ask it for what they show',
    async how => {
      const junit = / chaos .*--junit/.test(text)
      expect(await ended(lines, how)).toEqual({...expected, code: how.code, junit})
    },
    60_000,
  )

  test.each(raises ? [3] : [])(
    'end with %i when `up` does, after `down`',
    async up => {
      expect(await ended(lines, {code: 0, up})).toEqual({...expected, code: 3, junit: false})
    },
    60_000,
  )
})

describe.each(jobs.map(job => [job.where, job] as const))('the job of %s', (_, job) => {
  test.each([...endings, {code: 3, up: 3}])(
    'ends with $code when chaos does (up with $up), after `down`',
    async how => {
      const {code, ...rest} = await ended(
        verdict => playJob(job, async script => (await bash(script, verdict)).exitCode ?? -1),
        how,
      )
      expect({code, ...rest}).toEqual({code: how.code, down: 1, junit: how.up === 0})
    },
    60_000,
  )
})

test('none of them leaves anything behind that keeps the program from ending', async () => {
  rehearsal.stdin.end()
  const {exitCode, signal, stderr} = await rehearsal
  expect({exitCode, signal, stderr}).toEqual({exitCode: 0, signal: undefined, stderr: ''})
})

test.each(pages)('`up` takes every setting that %s names', page => {
  const text = readFileSync(join(root, page), 'utf8')
  for (const [, setting = ''] of text.matchAll(/(?<!predict[^`]*)--set ([a-z][\w.-]*=[^\s`),]+)/g))
    expect(loadTopology({set: [setting]}).hosts.length).toBeGreaterThan(0)
})

test('`up` takes the setting that its help and its refusal name', () => {
  const written = commandLine()
    .commands.flatMap(one => one.options)
    .find(one => one.long === '--set')!.description
  expect(loadTopology({set: [/such as (\S+)/.exec(written)![1]!]}).profile).toBe('default')
  const refusal = /such as (\S+)$/
  expect(() => loadTopology({set: ['patroni.ttl']})).toThrow(refusal)
  try {
    loadTopology({set: ['patroni.ttl']})
  } catch (error) {
    expect(loadTopology({set: [refusal.exec((error as Error).message)![1]!]}).profile).toBe('default')
  }
})

test.each(pages)('the command line knows the commands and options that %s names in its sentences', async page => {
  const text = readFileSync(join(root, page), 'utf8').replace(/^( *)```[\s\S]*?^\1```$/gm, '')
  for (const [, code = ''] of text.matchAll(/`((?:\.\/)?pgha-lab [^`]+)`/g))
    for (const words of callsOf(
      code
        .replaceAll(/\s+/g, ' ')
        .replaceAll(/\[([^\]]*)\]/g, '$1')
        .replaceAll('...', ''),
    ))
      await parse(known(words))
})

/** A sentence goes on behind its command: the command's arguments and options, up to the first word that is neither. */
function known(words: readonly string[]): string[] {
  let command: Command = commandLine()
  const kept: string[] = []
  let places = 0
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    if (word === '--') return [...kept, ...words.slice(at)]
    const child = command.commands.find(one => one.name() === word)
    if (child !== undefined && places === 0) {
      command = child
      kept.push(word)
    } else if (word.startsWith('-')) {
      const option = command.options.find(one => one.long === word || one.short === word)
      const value = option?.required ? words[++at] : undefined
      // What the program fills in is known only when it runs.
      if (value !== 'x') kept.push(word, ...(value === undefined ? [] : [value]))
    } else if (command.registeredArguments[places] !== undefined) {
      kept.push(word)
      if (!command.registeredArguments[places]!.variadic) places++
    } else break
  }
  const wanting = command.registeredArguments.slice(places).filter(one => one.required && !one.variadic)
  return [...kept, ...wanting.map(() => 'x')]
}

function helpsOf(command: Command): Block[] {
  let text = ''
  command.configureOutput({writeOut: part => (text += part)})
  command.outputHelp()
  const example = /^Example:\n((?: {2}.*\n)+)/m.exec(text)?.[1] ?? ''
  const own = example
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean)
    .map(line => ({where: `the help of ${command.name()}: ${line}`, text: line}))
  return [...own, ...command.commands.filter(one => one.name() !== 'help').flatMap(helpsOf)]
}
