/** What a shell is told to complete, and by bash itself. */
import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, afterEach, expect, test, vi} from 'vitest'
import {commandLine, run} from '../../../cli/program.ts'
import {scenarioNames} from '../../../lab/scenario/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'completion-'))
afterAll(() => rmSync(folder, {recursive: true}))
afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

async function pgha(...words: readonly string[]): Promise<string> {
  let out = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  await run(['node', 'pgha-lab', 'completion', ...words])
  return out
}
const after = async (...words: readonly string[]) => (await pgha('words', '--', ...words)).split('\n').filter(Boolean)

test('every command, with nothing typed, and those that begin as the word does', async () => {
  expect(await after('')).toEqual(expect.arrayContaining(commandLine().commands.map(one => one.name())))
  expect(await after('co')).toEqual(['compare', 'config', 'completion'])
  expect(await after('help', 'cha')).toEqual(['chaos'])
})

test('every option of a command that a help shows', async () => {
  const chaos = commandLine().commands.find(one => one.name() === 'chaos')!
  expect(await after('chaos', '--')).toEqual([...chaos.options.map(one => one.long), '--help'])
  expect(await after('chaos', 'kill-leader', '--ju')).toEqual(['--junit'])
})

test.each([
  [['chaos', 'kill-l'], scenarioNames().filter(name => name.startsWith('kill-l'))],
  [['chaos', '--phase', 'ra'], ['random']],
  [['report', '--format', 'ju'], ['junit']],
  [
    ['up', '--profile', ''],
    ['default', 'fast'],
  ],
  [
    ['up', '--release', ''],
    ['bookworm', 'trixie', 'forky'],
  ],
  [['up', '--topology', 'pgbouncer-'], ['pgbouncer-before']],
  [['chaos', '--suite', 'fail'], ['failover']],
  [['chaos', '--out', ''], []],
  [['nothing', ''], []],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish', 'words'],
  ],
] as const)('%j', async (words, found) => expect(await after(...words)).toEqual(found))

test('bash completes with what it prints', async () => {
  const [program, script] = [join(folder, 'pgha-lab'), join(folder, 'script')]
  writeFileSync(program, '#!/bin/sh\n[ "$*" = "completion words -- chaos --ju" ] && echo --junit\n')
  chmodSync(program, 0o755)
  writeFileSync(script, await pgha('bash'))
  const typed = `. ${script}; COMP_WORDS=(${program} chaos --ju); COMP_CWORD=2; _pgha_lab; echo "\${COMPREPLY[@]}"; complete -p pgha-lab`
  const {stdout} = await execa('bash', ['--norc', '-c', typed])
  expect(stdout).toBe('--junit\ncomplete -o default -F _pgha_lab pgha-lab')
})

test('a shell that it does not know is refused with those that it does', async () => {
  await pgha('powershell')
  expect(process.exitCode).toBe(2)
})

test('the value behind an equals sign: whole for zsh and fish, by itself for bash, to which it is three words', async () => {
  expect(await after('up', '--profile=f')).toEqual(['--profile=fast'])
  expect(await after('up', '--profile', '=', 'f')).toEqual(['fast'])
  expect(await after('up', '--profile', '=')).toEqual(['default', 'fast'])
})

test('topics behind help, and what every command has is no word of theirs', async () => {
  expect(await after('help', 'exi')).toEqual(['exit-codes'])
  expect(await after('-q', 'chaos', 'kill-l')).toEqual(['kill-leader'])
})
