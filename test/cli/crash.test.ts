/** How the program ends when it is not a verdict: bugs, and what the system refuses. Each in a process of its own. */
import {spawn, spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {sourcesNamed, withoutSecrets} from '../../cli/crash.ts'
import {LabError} from '../../lab/words/errors.ts'
import {refusalOf} from '../../lab/words/system-error.ts'

const root = join(import.meta.dirname, '..', '..')
const state = mkdtempSync(join(tmpdir(), 'crash-'))
afterAll(() => rmSync(state, {recursive: true}))
const env = {...process.env, XDG_STATE_HOME: state, NO_COLOR: '1', NODE_OPTIONS: ''}
const pass = join(root, 'test', 'histories', 'kill-leader.pass.ndjson.gz')

/** @param bug JavaScript that is run before the program. */
function pgha(args: readonly string[], bug = '') {
  const more = bug === '' ? [] : ['--import', `data:text/javascript,${encodeURIComponent(bug)}`]
  return spawnSync(process.execPath, [...more, join(root, 'cli', 'main.ts'), ...args], {env, encoding: 'utf8'})
}

describe.each([
  ['thrown by a command', 'process.stdout.write = () => null.boom'],
  ['thrown where nobody awaits it', 'process.stdout.write = () => (setTimeout(() => null.boom), true)'],
  ['a rejection that nobody hears', 'process.stdout.write = () => (Promise.reject(new TypeError("boom")), true)'],
])('a bug, %s,', (_, bug) => {
  const {status, stderr, stdout} = pgha(['judge', pass, '--json', '--name', 'one'], bug)

  test('ends in 70 with one sentence, and never in a verdict', () => {
    expect([status, stdout]).toEqual([70, ''])
    expect(stderr).toMatch(
      /^pgha-lab crashed: TypeError: .*boom.*\. This is a bug .*; its report is .*\n {2}next: report the bug with that file\n.*\n.*pgha-lab heal --name one$/m,
    )
    expect(stderr.trimEnd().split('\n')).toHaveLength(4)
  })

  test('leaves a report with its stack, for its user alone', () => {
    const file = /its report is (.*)$/m.exec(stderr)?.[1] ?? ''
    expect(file.startsWith(join(state, 'pgha-lab', 'crashes'))).toBe(true)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const report = readFileSync(file, 'utf8')
    expect(report).toMatch(/^pgha-lab \d+\.\d+\.\d+, Node v24/)
    expect(report).toMatch(/TypeError: .*boom.*\n\s+at /)
  })
})

test('of a place in the built program, whose files are made of many, the report names the source', () => {
  const built = join(state, 'program.js')
  writeFileSync(built, '// cli/one.ts\nfunction one() {}\n// node_modules/some/two.mjs\n// begins\nfunction two() {}\n')
  const {href} = pathToFileURL(built)
  const gone = `file://${join(state, 'gone.js')}`
  expect(sourcesNamed(`Error: x\n    at one (${href}:2:9)\n    at ${href}:5:1\n    at ${gone}:1:1`)).toBe(
    `Error: x\n    at one (${href}:2:9 of cli/one.ts)\n    at ${href}:5:1 of node_modules/some/two.mjs\n    at ${gone}:1:1`,
  )
})

test('the report of a crash has no secret of the command line', () => {
  expect(withoutSecrets('postgresql.parameters.ssl_passphrase=hunter2')).toBe(
    'postgresql.parameters.ssl_passphrase=***',
  )
  expect(withoutSecrets('--token=abc')).toBe('--token=***')
  expect(withoutSecrets('postgres://me:hunter2@host/db')).toBe('postgres://me:***@host/db')
  expect(withoutSecrets('--name=lab')).toBe('--name=lab')
})

describe('what the system refuses ends in 3, with a sentence and no stack:', () => {
  const file = join(state, 'file')
  const long = 'x'.repeat(300)
  beforeAll(() => writeFileSync(file, ''))
  test.each([
    ['a name too long to write', ['report', pass, '-o', join(state, long)], 'ENAMETOOLONG'],
    ['a file where a folder should be', ['report', pass, '-o', join(file, 'x')], 'ENOTDIR'],
    ['a folder where a file should be', ['report', pass, '-o', state], 'EISDIR'],
  ])('%s', (_, args, errno) => {
    const {status, stderr} = pgha(args)
    expect(stderr).toMatch(errno)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(status).toBe(3)
  })

  test('a state directory that is a file', () => {
    const ended = spawnSync(process.execPath, [join(root, 'cli', 'main.ts'), 'judge', 'latest'], {
      env: {...env, XDG_STATE_HOME: file},
      encoding: 'utf8',
    })
    expect([ended.status, ended.stderr]).toEqual([3, expect.stringContaining('ENOTDIR')])
  })

  test('a disk that is full behind stdout', () => {
    const {status, stderr} = spawnSync(
      'sh',
      ['-c', `"$0" "$@" > /dev/full`, process.execPath, join(root, 'cli', 'main.ts'), 'judge', pass],
      {env, encoding: 'utf8'},
    )
    expect([status, stderr]).toEqual([
      3,
      expect.stringMatching(/^the disk is full \(ENOSPC\): cannot write\n {2}next: /),
    ])
  })

  test('each of its words, from a real call or as one has it', () => {
    for (const code of [
      'ENOSPC',
      'EDQUOT',
      'EACCES',
      'EROFS',
      'EMFILE',
      'ENFILE',
      'EEXIST',
      'ENOTEMPTY',
      'ELOOP',
      'EIO',
    ]) {
      const error = Object.assign(new Error(code), {code, syscall: 'open', path: '/x'})
      expect(refusalOf(error)?.exitCode, code).toBe(3)
      expect(refusalOf(error)?.message).toMatch(new RegExp(`\\(${code}\\): cannot open /x$`))
    }
  })

  test('a bug with a code is none of them', () => {
    expect(refusalOf(Object.assign(new TypeError('x'), {code: 'ERR_INVALID_ARG_TYPE'}))).toBeUndefined()
    expect(refusalOf(new LabError('usage', 'x'))).toBeUndefined()
    expect(refusalOf(null)).toBeUndefined()
  })
})

test('a reader that goes away is no error, and nothing is said', async () => {
  const child = spawn(
    'sh',
    ['-c', `"$0" "$@" | head -1`, process.execPath, join(root, 'cli', 'main.ts'), 'replay', pass, '--plain'],
    {env},
  )
  let [out, err] = ['', '']
  child.stdout.on('data', data => (out += String(data)))
  child.stderr.on('data', data => (err += String(data)))
  await new Promise(resolve => child.on('close', resolve))
  expect(out.trimEnd().split('\n')).toHaveLength(1)
  expect(err).toBe('')
})
