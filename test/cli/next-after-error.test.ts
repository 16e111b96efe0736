/** Bad input ends with a next step that can be pasted: the word that was meant, the help, or the same again once it is mended. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, expect, test, vi} from 'vitest'
import {complaint, remember} from '../../cli/called-as.ts'
import {run} from '../../cli/program.ts'
import {LabError} from '../../lab/words/errors.ts'
import {next, onLab, ownCommand} from '../../lab/words/next-step.ts'

const folder = mkdtempSync(join(tmpdir(), 'pgha-next-'))
let err = ''

beforeAll(() => {
  writeFileSync(join(folder, 'sc1.yaml'), 'about: x\n')
  writeFileSync(join(folder, 'empty.yaml'), '')
})
const before = process.cwd()
afterAll(() => {
  process.chdir(before)
  rmSync(folder, {recursive: true})
})
beforeEach(() => {
  err = ''
  vi.stubEnv('XDG_STATE_HOME', folder)
  vi.stubEnv('PGHA_LAB_CALLED_AS', './pgha-lab')
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent.sock')
  process.chdir(folder)
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    err += String(text)
    return true
  })
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  process.exitCode = undefined
})

const cases: readonly (readonly [readonly string[], string])[] = [
  [['status', '--name', 'It is'], './pgha-lab status --name it-is'],
  [['up', '--set', 'patroni.tll=5'], './pgha-lab up --help'],
  [['scenarios', 'validate', 'nosuch.yaml'], './pgha-lab scenarios'],
  [['chaos', 'kill-leadr', '--within', '30s', '--name', 'x'], './pgha-lab chaos kill-leader --within 30s --name x'],
  // Beside a sc1.yaml.
  [['chaos', 'sc1'], './pgha-lab chaos ./sc1.yaml'],
  [['chaos', 'kill-leader', '--fail-fast'], './pgha-lab chaos --help'],
  [['chaos', 'kill-leader', '--keep'], './pgha-lab chaos --help'],
  [['chaos', '--suite', 'failovr'], './pgha-lab chaos --suite failover'],
  [['up', '--topology', join(folder, 'empty.yaml')], `./pgha-lab up --topology ${join(folder, 'empty.yaml')}`],
  [['up', '--topology', 'defualt'], './pgha-lab up --topology default'],
  [['up', '--topology', join(folder, 'no.yaml')], 'name a file that is there, or one of our presets: default'],
  [['predict', '--fault', 'kill-hots'], './pgha-lab predict --fault kill-host'],
]

test.each(cases)('%j', async (words, step) => {
  await run(['node', 'pgha-lab', ...words])
  expect(process.exitCode).toBe(2)
  expect(err.split('\n').map(line => line.replace(/^ *(?:next:)? */, ''))).toContain(step)
})

test.each([
  // What has to be done first is said; what was asked for is not lost behind it.
  [
    ['chaos', 'kill-leader', '--repeat', '3', '--within', '30s'],
    onLab('lab', 'chaos', 'kill-leader', '--within', '30s'),
    './pgha-lab chaos kill-leader --repeat 3 --within 30s',
  ],
  [
    ['up', '--set', 'patroni.ttl=40s', '--profile', 'fast'],
    onLab('lab', 'up'),
    './pgha-lab up --set patroni.ttl=40s --profile fast',
  ],
  [['up', '--set', 'patroni.ttl=40s'], onLab('lab-2', 'up'), './pgha-lab up --name lab-2'],
  [['chaos', 'kill-leader', '--repeat', '3'], onLab('lab', 'chaos', 'stop-leader'), './pgha-lab chaos stop-leader'],
  [['status'], onLab('lab', 'up'), './pgha-lab up'],
] as const)('%j: a step that is the same again is what was typed', (words, hint, step) => {
  remember(words, ownCommand('--help'))
  const text = complaint(new LabError('busy', 'it is busy', {hint: next`${onLab('lab', 'heal')} ${hint}`}))
  expect(text.trimEnd().split('\n').at(-1)?.trim()).toBe(step)
})
