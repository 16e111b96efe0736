/** Whatever command the pages and the helps show can be pasted; next-steps.test.ts has what is printed. */
import {chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import type {Command} from 'commander'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import {commandLine} from '../../cli/program.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {parse} from './rehearse.ts'
import {type Block, blocksOfPages, callsOf, pages, root, simpleCommands} from './shell-blocks.ts'

/** A block is run when it is made of these alone: whatever else it names could change the machine. */
const harmless = /^((\.\/)?pgha-lab|export|exit|echo|true)$/

const helps = helpsOf(commandLine())
const blocks = [...blocksOfPages(), ...helps]
const runnable = blocks.filter(({text}) => simpleCommands(text).every(([first = '']) => harmless.test(first)))

let folder = ''
let rehearsal: ReturnType<typeof rehearsalAt>
const rehearsalAt = (socket: string) =>
  execa(process.execPath, [join(import.meta.dirname, 'rehearse.ts'), socket], {stdin: 'pipe', reject: false})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-lab-pages-'))
  const socket = join(folder, 'rehearsal')
  rehearsal = rehearsalAt(socket)
  const ask = join(import.meta.dirname, 'ask-rehearsal.mjs')
  writeFileSync(join(folder, 'pgha-lab'), `#!/bin/sh\nexec '${process.execPath}' '${ask}' '${socket}' "$@"\n`)
  chmodSync(join(folder, 'pgha-lab'), 0o755)
  const run = join(folder, 'state', 'pgha-lab', 'runs', 'lab', 'latest')
  mkdirSync(run, {recursive: true})
  const recorded = join(root, 'test', 'histories', 'kill-leader-default-profile.pass.ndjson.gz')
  writeFileSync(join(run, 'events.ndjson'), gunzipSync(readFileSync(recorded)))
  for (const evidence of ['evidence', 'evidence/kill-leader']) cpSync(run, join(folder, evidence), {recursive: true})
  mkdirSync(join(folder, 'run'))
  cpSync(recorded, join(folder, 'run', 'events.ndjson.gz'))
  for (const side of ['before', 'after'])
    for (const index of ['001', '002', '003', '004']) cpSync(run, join(folder, side, 'runs', index), {recursive: true})
  writeFileSync(join(folder, 'mine.yaml'), readFileSync(join(root, 'scenarios', 'kill-leader.yaml')))
  mkdirSync(join(folder, 'chaos'))
  cpSync(join(folder, 'mine.yaml'), join(folder, 'chaos', 'mine.yaml'))
  writeFileSync(join(folder, 'lab.yaml'), labYaml())
  mkdirSync(join(folder, 'test'))
  cpSync(join(root, 'test', 'histories'), join(folder, 'test', 'histories'), {recursive: true})
  await vi.waitUntil(() => existsSync(socket), {timeout: 20_000})
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

/** As a CI runner or a person runs it, in a folder with what the pages speak of and a state directory with one run. */
function bash(text: string, verdict = 0) {
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
      REHEARSED_VERDICT: String(verdict),
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

const judging = runnable.filter(
  ({text, where}) => !where.startsWith('the help') && / chaos .*--out /.test(text) && /junit/.test(text),
)

test('there are CI lines in README and in docs', () => {
  expect(judging.some(({where}) => where.startsWith('README'))).toBe(true)
  expect(judging.some(({where}) => where.startsWith('docs/'))).toBe(true)
})

test.each(judging.map(block => [block.where, block] as const))(
  'a red verdict loses no report in the CI lines of %s, and ends them',
  async (_, {text}) => {
    rmSync(join(folder, 'junit.xml'), {force: true})
    const {exitCode} = await bash(text, 1)
    expect(exitCode).toBe(1)
    expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toContain('<testsuite')
  },
  60_000,
)

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
