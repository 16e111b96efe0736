import {execFileSync} from 'node:child_process'
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {LabError} from '../../../lab/words/errors.ts'
import {
  next,
  nextLine,
  onLab,
  ownCommand,
  quoted,
  sayHint,
  saySentence,
  sentence,
  shell,
} from '../../../lab/words/next-step.ts'

/** What sh makes of the words of a command line. */
const wordsOf = (line: string, shell = 'sh') =>
  execFileSync(shell, ['-c', `for word in ${line}; do printf '%s\\0' "$word"; done`], {encoding: 'utf8'})
    .split('\0')
    .slice(0, -1)

test('a shell reads the words that were meant, whatever they hold', () => {
  const words = fc.array(
    fc.string({unit: 'grapheme-ascii', maxLength: 12}).map(text => text.replaceAll('\0', '')),
    {minLength: 1, maxLength: 4},
  )
  fc.assert(
    fc.property(words, argv => {
      expect(wordsOf(ownCommand(...argv).toString()).slice(1)).toEqual(argv)
      return true
    }),
    {numRuns: 60},
  )
  for (const word of ["it's", '$(touch x)', '`x`', 'a b', '', '*', '~', '-n', 'a\\b'])
    expect(wordsOf(quoted(word)), word).toEqual([word])
})

test.each(['sh', 'bash'])('what a terminal would obey is written as bytes, which %s reads back', shell => {
  for (const word of [
    '\u001b[2J',
    'a\u202eb',
    "it's\nso\\",
    '\u009b1m',
    "a\\'; touch x #\u0001",
    '-n%s$(x)`x`"\u0001',
    'ä\u0085',
  ])
    for (const one of [word, `${word}'`, `${word}\\`]) {
      expect(quoted(one)).toMatch(/^[\x20-\x7e]*$/)
      expect(wordsOf(quoted(one), shell)).toEqual([one])
    }
})

test('--name stands where the lab is not the one that is meant without it, and before what is not ours', () => {
  const words = sentence`${onLab('lab', 'up')} goes on, ${onLab('my-lab', 'down')} removes it`
  expect(saySentence(words)).toBe('pgha-lab up goes on, pgha-lab down --name my-lab removes it')
  expect(saySentence(words, {program: './pgha-lab', lab: 'my-lab'})).toBe(
    './pgha-lab up --name lab goes on, ./pgha-lab down removes it',
  )
  expect(String(onLab('b', 'shell', 'node1', '--', 'ls', '--name'))).toBe('pgha-lab shell node1 --name b -- ls --name')
})

test('an error tells its next step as words, and as a value for who knows how the program was called', () => {
  const error = new LabError('no-lab', 'there is no lab', {hint: onLab('a', 'up')})
  expect(error.hint).toBe('pgha-lab up --name a')
  expect(sayHint(error.next!, {program: 'npx pgha-lab', lab: 'a'})).toBe('npx pgha-lab up')
})

test('nobody writes a command of ours as text', () => {
  const root = join(import.meta.dirname, '..', '..', '..')
  const commands = globSync('cli/commands/*.ts', {cwd: root}).map(file => file.replace(/^.*\/|\.ts$/g, ''))
  const written = new RegExp(`pgha-lab (?:${commands.join('|')})\\b`)
  const found = globSync('{lab,compose,cli}/**/*.{ts,tsx}', {cwd: root}).filter(file =>
    written.test(readFileSync(join(root, file), 'utf8').replace(/^\s*(?:\/\*\*|\*|\/\/).*$/gm, '')),
  )
  expect(found.sort()).toEqual([])
})

test('each command has a line of its own, and the words that lead to it stand apart', () => {
  const lab = 'second'
  expect(nextLine(next`${onLab(lab, 'heal')} ${onLab(lab, 'up')}`)).toBe(
    '  next: pgha-lab heal --name second\n        pgha-lab up --name second',
  )
  const steps = next`stop ${3} programs; or to go on: ${onLab(lab, 'up')} to see what fills it: ${shell('docker system df')}`
  expect(nextLine(steps)).toBe(
    [
      '  next: stop 3 programs; or to go on:',
      '        pgha-lab up --name second',
      '        to see what fills it:',
      '        docker system df',
    ].join('\n'),
  )
  expect(nextLine(next`report it\n${steps}`)).toBe(nextLine(steps).replace('next: ', 'next: report it\n        '))
  expect(sayHint(ownCommand('doctor', '--fix').asRoot())).toBe('sudo pgha-lab doctor --fix')
  expect(sayHint(ownCommand('down', '--stale').onEngine('big'))).toBe(
    'DOCKER_HOST= DOCKER_CONTEXT=big pgha-lab down --stale',
  )
  expect(sayHint(ownCommand('down').onEngine('ssh://me@there'))).toBe('DOCKER_HOST=ssh://me@there pgha-lab down')
})
