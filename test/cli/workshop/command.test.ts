/** `workshop` as a person, or a teacher's script, calls it: from the sources, with answers through a pipe. */
import {spawn} from 'node:child_process'
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'

const main = join(import.meta.dirname, '..', '..', '..', 'cli', 'main.ts')
let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'workshop-'))
  writeFileSync(
    join(place, '01-one.yaml'),
    'title: One\nabout: What one can do after it.\nminutes: 5\nlab: none\nparts:\n  - say: Hello.\n  - type: predict --fault stop\n  - {ask: How many?, answer: {number: 3}, hints: [Less than four.]}\n',
  )
  writeFileSync(
    join(place, '02-two.yaml'),
    'title: Two\nabout: What one can do after that.\nminutes: 5\nlab: none\nparts:\n  - {ask: Which?, choices: [{says: x, why: It is.}, {says: y, why: Yes., right: true}]}\n',
  )
})
afterEach(() => rmSync(place, {recursive: true}))

function workshop(words: readonly string[], answers: string, {interruptAt}: {interruptAt?: RegExp} = {}) {
  const {promise, resolve} = Promise.withResolvers<{code: number | null; out: string; err: string}>()
  const child = spawn(process.execPath, [main, 'workshop', ...words], {
    cwd: place,
    env: {...process.env, XDG_STATE_HOME: place, NO_COLOR: '1', PGHA_LAB_CALLED_AS: './pgha-lab'},
  })
  let [out, err] = ['', '']
  child.stdout.on('data', chunk => {
    out += String(chunk)
    if (interruptAt?.test(out)) child.kill('SIGINT')
  })
  child.stderr.on('data', chunk => (err += String(chunk)))
  child.stdin.write(answers)
  if (interruptAt === undefined) child.stdin.end()
  child.on('close', code => resolve({code, out, err}))
  return promise
}

const ours = ['--lessons', '.']

describe('through a pipe', () => {
  test('lesson after lesson is played, and a certificate is left at the end', async () => {
    const {code, out} = await workshop(ours, '\n\nrun\n4\n3\n\n\n\nb\n\nAda\n')
    expect(code).toBe(0)
    expect(out).toContain('$ ./pgha-lab predict --fault stop\n')
    expect(out).toContain('Clients cannot write for')
    expect(out).toContain('Not so. You said 4. It is less than that.\nHint: Less than four.')
    expect(out).toContain('Right: it is 3.')
    expect(out).toContain('All 2 lessons are done.')
    expect(readFileSync(join(place, 'certificate.html'), 'utf8')).toContain('<h1>Ada</h1>')
  })

  test('answers that end early keep the place, say how to go on, and the next time it does', async () => {
    const first = await workshop(ours, '\n\n')
    expect(first).toMatchObject({code: 130})
    expect(first.err).toBe(
      'the answers ended before the lesson did; your place is kept: One, page 2/3\n  next: to go on:\n        ./pgha-lab workshop\n',
    )
    const second = await workshop(ours, '\n\n3\n\nquit\n')
    expect(second.code).toBe(0)
    expect(second.out).toContain('You stopped at page 2 of 3, and go on there.')
    expect(second.out).toMatch(/your place is kept: Two comes next\n {2}next: \.\/pgha-lab workshop\n$/)
    expect((await workshop([...ours, '--list'], '')).out).toMatch(/^ 1 {2}one .* done\n 2 {2}two .* 5 min\n/)
  })

  test('Ctrl-C leaves with 130, and the place is kept', async () => {
    const {code, err} = await workshop(ours, '\n\n', {interruptAt: /One {2}2\/3/})
    expect(code).toBe(130)
    expect(err).toContain('your place is kept: One, page 2/3')
  })

  test('a lesson that is named is played alone, and again after --reset', async () => {
    expect(await workshop(['two', ...ours], '\nb\n\n')).toMatchObject({code: 0})
    expect((await workshop(['--reset', 'two', ...ours], '')).out).toBe('how far you were in lesson two is forgotten\n')
    expect((await workshop(['--reset', ...ours], '')).out).toBe('how far you were in all lessons is forgotten\n')
    expect((await workshop(['--reset', ...ours], '')).out).toBe('there was nothing to forget of all lessons\n')
  })

  test('for an audience there are captions', async () => {
    const {out} = await workshop(['two', '--present', ...ours], '\nb\n\n')
    expect(out).toContain('█████ █   █  ███')
  })
})

test('a certificate that cannot be written, with a hint that names options of this command alone', async () => {
  expect(await workshop(['two', ...ours], '\nb\n\n')).toMatchObject({code: 0})
  const {code, err} = await workshop(['--certificate', join(place, 'nope', 'c.html'), ...ours], '')
  expect(code).toBe(3)
  expect(err).toMatch(/^cannot write .*ENOENT.*\n {2}next: name a file in a folder of yours with --certificate\n$/)
})

describe('is refused with exit code 2, and nothing is begun', () => {
  test.each([
    [['tow'], /there is no lesson `tow`, did you mean `two`\?/],
    [['9'], /there is no lesson 9: there are 2/],
    [['--list', '--reset'], /--list does not go with --reset/],
    [['--json'], /--json goes with --list/],
    [['--learner', 'Ada'], /--learner goes with --certificate/],
    [['--certificate', 'c.html'], /no lesson is finished yet/],
  ])('%j', async (words, says) => {
    const {code, err} = await workshop([...words, ...ours], '')
    expect(err).toMatch(says)
    expect(code).toBe(2)
    expect(existsSync(join(place, 'pgha-lab', 'workshop'))).toBe(false)
  })

  test('a lesson with a mistake', async () => {
    writeFileSync(join(place, '02-two.yaml'), 'title: Two\nparts: 5\n')
    const {code, err} = await workshop(ours, '')
    expect(err).toMatch(/02-two\.yaml:1:1: `about` is missing/)
    expect(code).toBe(2)
  })
})
