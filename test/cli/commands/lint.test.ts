import {execFileSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, describe, expect, test, vi} from 'vitest'
import {run} from '../../../cli/program.ts'
import {changed, right, type Texts} from '../../lab/lint/cluster.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-'))
  save('right', right)
  save(
    'wrong',
    changed(
      ['n*.yml', 'retry_timeout: 10', 'retry_timeout: 30'],
      ['haproxy.cfg', 'timeout client 30m', 'timeout client 30s'],
    ),
  )
})
afterAll(() => rmSync(folder, {recursive: true}))
afterEach(() => {
  // `run` listens to both for a reader that goes away.
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error')
  vi.restoreAllMocks()
  process.exitCode = undefined
})

function save(name: string, texts: Texts): void {
  mkdirSync(join(folder, name))
  for (const [file, text] of Object.entries(texts)) writeFileSync(join(folder, name, file), text)
}

async function lint(...words: readonly string[]) {
  const said = {out: '', err: ''}
  for (const [stream, key] of [
    [process.stdout, 'out'],
    [process.stderr, 'err'],
  ] as const)
    vi.spyOn(stream, 'write').mockImplementation(text => {
      said[key] += String(text)
      return true
    })
  await run(['node', 'pgha-lab', 'lint', ...words])
  return {...said, code: process.exitCode ?? 0}
}

const files = (name: string) => Object.keys(right).map(file => join(folder, name, file))

test('nothing wrong is exit code 0, and says so', async () => {
  const {out, code} = await lint(...files('right'))
  expect(code).toBe(0)
  expect(out).toMatch(/nothing to report, in 11 files\n$/)
  expect(out).toContain('patronictl show-config')
})

test('an error is exit code 1; the same one is told once with its places, within 80 columns', async () => {
  const {out, code} = await lint(...files('wrong'))
  expect(code).toBe(1)
  expect(out.match(/patroni\/timing-rule/g)).toHaveLength(1)
  for (const file of ['n1.yml', 'n2.yml', 'n3.yml']) expect(out).toMatch(new RegExp(`${file}:13:20`))
  expect(out).toMatch(
    /^ERROR {4}patroni\/timing-rule\n[\s\S]*fix: [\s\S]*source: Patroni[\s\S]*^warning {2}haproxy\/idle-timeout\n/m,
  )
  // The folder of a test has a long name of its own, which stays in one piece.
  expect(out.split('\n').filter(line => line.length > 80 && !line.includes(folder))).toEqual([])
  expect(out).toMatch(/3 errors, 1 warning, in 11 files\n$/)
})

test('warnings alone are exit code 0', async () => {
  expect((await lint(join(folder, 'wrong', 'haproxy.cfg'))).code).toBe(0)
})

test('a file that is named twice is read once', async () => {
  const file = join(folder, 'right', 'n1.yml')
  expect((await lint(file, file)).out).toMatch(/nothing to report, in 1 file\n$/)
})

test('as JSON each finding has its place, its reason, its source and its fix', async () => {
  const {out, code} = await lint(...files('wrong'), '--format', 'json')
  const {findings} = JSON.parse(out) as {findings: Record<string, unknown>[]}
  expect(code).toBe(1)
  expect(findings).toHaveLength(4)
  expect(findings[0]).toEqual({
    rule: 'patroni/timing-rule',
    severity: 'error',
    file: join(folder, 'wrong', 'n1.yml'),
    line: 13,
    column: 20,
    says: expect.stringContaining('loop_wait 1, retry_timeout 14'),
    source: expect.stringContaining('config.py'),
    fix: expect.stringContaining('<= ttl'),
  })
})

test('as annotations of GitHub each stands at its line', async () => {
  const {out} = await lint(...files('wrong'), '--format', 'github')
  const lines = out.trimEnd().split('\n')
  expect(lines).toHaveLength(4)
  expect(lines[0]).toMatch(
    /^::error file=.*n1\.yml,line=13,col=20,title=patroni\/timing-rule::loop_wait .*%0Afix: .*%0Asource: /,
  )
  expect(lines[3]).toMatch(/^::warning file=.*haproxy\.cfg,line=6,col=3,title=haproxy\/idle-timeout::/)
})

test('as SARIF 2.1.0 every result names a rule that is described', async () => {
  const {out} = await lint(...files('wrong'), '--format', 'sarif')
  const sarif = JSON.parse(out)
  const [{tool, results}] = sarif.runs
  expect(sarif.version).toBe('2.1.0')
  expect(results).toHaveLength(4)
  for (const {ruleId, ruleIndex, level, locations} of results) {
    expect(tool.driver.rules[ruleIndex].id).toBe(ruleId)
    expect(['error', 'warning', 'note']).toContain(level)
    expect(locations[0].physicalLocation.region.startLine).toBeGreaterThan(0)
  }
})

describe('refused with exit code 2 and one sentence', () => {
  const cases: readonly (readonly [string, () => readonly string[], RegExp])[] = [
    ['no file', () => [], /no file is named/],
    ['a file that is not there', () => [join(folder, 'none.yml')], /there is no such file/],
    ['a folder', () => [folder], /folder/],
    ['an endless device', () => ['/dev/zero'], /device or a pipe/],
    ['a link to one', () => [link('zero', '/dev/zero')], /device or a pipe/],
    ['a pipe without a writer', () => [fifo('pipe')], /device or a pipe/],
    ['a huge file', () => [written('huge.yml', 'a: 1\n'.repeat(300_000))], /longer than 1 MB/],
    ['a template', () => [written('t.yml', 'scope: {{ a }}\n')], /t\.yml:1:8: it is a template/],
    ['a form that is none', () => ['x', '--format', 'sarfi'], /sarif/],
    ['a kind that is none', () => ['--as', 'patrini=x'], /patroni/],
  ]
  test.each(cases)('%s', async (_, words, says) => {
    const {out, err, code} = await lint(...words())
    expect({out, code}).toEqual({out: '', code: 2})
    expect(err).toMatch(says)
    expect(err).not.toMatch(/^ {4}at /m)
  })
  test('of several files each is told', async () => {
    const {err} = await lint(written('one.yml', '{% x %}\n'), written('two.yml', 'a: "\n'), ...files('right'))
    expect(err).toMatch(/one\.yml:1:1: [\s\S]*two\.yml:/)
  })
})

test('what a stranger wrote reaches no terminal and no CI system as a command', async () => {
  const evil = '\u001b]0;owned\u0007\u001b[31m::error::x'
  const file = written(
    'evil.cfg',
    `listen ${evil}\n  bind *:5000\n  option httpchk /x${evil}\n  server ${evil} 10.0.0.1:5432 check\n  server b 10.0.0.2:5432\n`,
  )
  for (const format of ['text', 'json', 'github', 'sarif']) {
    const {out} = await lint(file, '--format', format)
    expect(out.length).toBeGreaterThan(100)
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
    if (format !== 'github') expect(out).not.toMatch(/^\s*::/m)
  }
})

test.each([
  [
    'aliases of aliases',
    `a: &a [x, x]\n${Array.from({length: 40}, (_, index) => `b${index}: &b${index} [*${index === 0 ? 'a' : `b${index - 1}`}, *${index === 0 ? 'a' : `b${index - 1}`}]\n`).join('')}scope: a\nname: b\n`,
  ],
  ['many unknown keys', `scope: a\n${Array.from({length: 20_000}, (_, index) => `naem${index}: 1\n`).join('')}`],
  [
    'many sections',
    Array.from(
      {length: 5000},
      (_, index) => `listen l${index}\n  server a 10.0.0.1:5432 check\n  server b 10.0.0.2:5432 check\n`,
    ).join(''),
  ],
])(
  'made to take long, it still ends: %s',
  async (_, text) => {
    const {code} = await lint(written('long.txt', text))
    expect([0, 1, 2]).toContain(code)
  },
  20_000,
)

function written(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

function link(name: string, to: string): string {
  symlinkSync(to, join(folder, name))
  return join(folder, name)
}

function fifo(name: string): string {
  execFileSync('mkfifo', [join(folder, name)])
  return join(folder, name)
}
