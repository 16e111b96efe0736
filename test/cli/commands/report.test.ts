import {cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, expect, test, vi} from 'vitest'
import {run} from '../../../cli/program.ts'
import {writeReports} from '../../../cli/render/write-reports.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {loadHistory} from '../../../lab/history/read-events.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {cleanRun, withRows} from '../../lab/checks/history-builder.ts'

const root = mkdtempSync(join(tmpdir(), 'pgha-lab-report-'))
const runs = join(root, 'state', 'pgha-lab', 'runs', 'lab')
const [good, bad] = [cleanRun(), withRows(cleanRun(), rows => rows.delete(10))]

function record(folder: string, events: typeof good): void {
  mkdirSync(join(folder, 'logs'), {recursive: true})
  writeFileSync(join(folder, 'events.ndjson'), `${events.map(event => JSON.stringify(event)).join('\n')}\n`)
  writeFileSync(join(folder, 'logs', 'node1.log'), '2026-01-01T00:00:08.100Z patroni | INFO: hello\n')
  const report = judge(historyOf(events))
  writeFileSync(join(folder, 'report.json'), JSON.stringify(report))
  writeReports(folder, report, historyOf(events))
}

beforeAll(() => {
  vi.stubEnv('XDG_STATE_HOME', join(root, 'state'))
  record(join(runs, 'run-1'), bad)
  cpSync(join(runs, 'run-1'), join(runs, 'latest'), {recursive: true})
  record(join(root, 'suite', 'a'), good)
  record(join(root, 'suite', 'b'), bad)
})
afterEach(() => {
  process.exitCode = 0
  vi.restoreAllMocks()
})
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(root, {recursive: true, force: true})
})

const report = (...args: readonly string[]) => cli('report', ...args)

async function cli(...args: readonly string[]): Promise<{out: string; said: string; code: unknown}> {
  const [out, said]: [string[], string[]] = [[], []]
  vi.spyOn(process.stdout, 'write').mockImplementation(text => out.push(String(text)) > 0)
  vi.spyOn(process.stderr, 'write').mockImplementation(text => said.push(String(text)) > 0)
  process.exitCode = 0
  // Each run of the program listens for broken pipes; there are many runs in this process.
  const listening = [process.stdout, process.stderr].map(stream => ({stream, before: stream.listeners('error')}))
  await run(['node', 'pgha-lab', ...args])
  for (const {stream, before} of listening)
    for (const listener of stream.listeners('error'))
      if (!before.includes(listener)) stream.off('error', listener as () => void)
  vi.restoreAllMocks()
  return {out: out.join(''), said: said.join(''), code: process.exitCode}
}

test('--timings: where the time of a run went, at the end of its text and of its JSON; of several the medians', async () => {
  const one = await report('latest', '--timings')
  expect(one.out).toContain('  where the time went\n')
  expect(one.out.trimEnd()).toMatch(/ 100\.0 % {2}total$/)
  const {timings, durationMicros} = JSON.parse((await report('latest', '--timings', '--format', 'json')).out)
  expect(timings.totalMicros).toBe(durationMicros)
  expect(timings.parts.map(({part}: {part: string}) => part)).not.toContain('judging')
  const both = await report(join(root, 'suite'), '--timings')
  expect(both.out).toContain('  where the time went, median of 2 runs\n')
  expect((await report('latest')).out).not.toContain('where the time went')
  expect(JSON.parse((await report('latest', '--format', 'json')).out)).not.toHaveProperty('timings')
  const refused = await report('latest', '--timings', '--format', 'junit')
  expect([refused.code, refused.out]).toEqual([2, ''])
  expect(refused.said).toContain('--timings goes with --format text or json, and not with junit')
})

test('without a run it is the latest one, as text', async () => {
  const {out, code} = await report()
  expect(out).toMatch(/^FAILED kill-leader: /)
  expect(code).toBe(0)
})

test.each([
  ['text', /^FAILED kill-leader/],
  ['markdown', /^## ✘ FAILED kill-leader/],
  ['json', /^\{\n {2}"schema": 1,/],
  ['junit', /^<\?xml version="1\.0"/],
  ['github', /^::error title=FAILED/],
  ['html', /^<!doctype html>[\s\S]*INFO: hello/],
])('%s', async (format, begins) => expect((await report('run-1', '--format', format)).out).toMatch(begins))

test('into a file it writes nothing to stdout', async () => {
  const file = join(root, 'out.html')
  expect((await report('run-1', '--format', 'html', '-o', file)).out).toBe('')
  expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>/)
})

test('a folder of runs is a suite', async () => {
  expect((await report(join(root, 'suite'), '--format', 'junit')).out).toContain('tests="12" failures="1" errors="0"')
  expect((await report(join(root, 'suite'), '--format', 'markdown')).out).toMatch(/^# 1 of 2 scenarios passed/)
  expect((await report(join(root, 'suite'), '--format', 'github')).out.trimEnd().split('\n').length).toBe(2)
})

test('what shows one run refuses two, and names what takes them', async () => {
  const {said, code} = await report(join(root, 'suite'), '--format', 'json')
  expect(said).toMatch(/json shows one run at a time, and these are 2[\s\S]*--format markdown/)
  expect(code).toBe(2)
})

test('a file that cannot be written is told, with a next step', async () => {
  const {said, code} = await report('run-1', '-o', join(root, 'no', 'such', 'folder', 'x'))
  expect(said).toMatch(/cannot write .*ENOENT[\s\S]*--out/)
  expect(code).toBe(3)
})

test.each([
  ['another version', '{"schema": 7}'],
  ['torn', '{"schema":1,"run":"x"'],
  ['empty', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['a page', '<html>\u001b[2J\u202e'],
])(
  'a report.json that is %s is told in one sentence with its place, and the next step writes it anew',
  async (_, text) => {
    const folder = join(root, 'odd')
    record(folder, good)
    const file = join(folder, 'report.json')
    writeFileSync(file, text)
    const {out, said, code} = await report(folder)
    const [sentence = '', next = '', command = '', ...more] = said.trimEnd().split('\n')
    expect(sentence).toMatch(/report\.json:1:\d+: [^\u001b\u202e]+\. The run was judged anew$/)
    expect(next).toBe('  next: to write it anew:')
    expect(more).toEqual([])
    expect(out).toMatch(/^PASSED kill-leader/)
    expect(code).toBe(0)
    await report(...command.trim().split(' ').slice(2))
    expect(await report(folder)).toMatchObject({said: '', code: 0})
  },
)

test('a report.json that is missing is judged anew', async () => {
  const folder = join(root, 'missing')
  record(folder, good)
  rmSync(join(folder, 'report.json'))
  expect(await report(folder)).toMatchObject({said: '', out: expect.stringMatching(/^PASSED kill-leader/)})
})

test.each(['text', 'markdown', 'json', 'junit', 'github', 'html'])(
  'an edited verdict is not shown as %s',
  async format => {
    const folder = join(root, `edited-${format}`)
    record(folder, bad)
    const honest = await report(folder, '--format', format)
    const edited = {...judge(historyOf(bad)), verdict: 'pass', headline: 'ALL IS WELL', reasons: [], findings: []}
    writeFileSync(join(folder, 'report.json'), JSON.stringify(edited))
    const {out, said} = await report(folder, '--format', format)
    expect(out).toBe(honest.out)
    expect(said).toContain('its verdict was PASSED, and by the events it is FAILED. The run was judged anew.')
  },
)

test.each([
  ['judge', (folder: string) => ['judge', folder]],
  ['compare', (folder: string) => ['compare', folder, folder]],
  ['replay', (folder: string) => ['replay', folder, '--plain']],
])('%s says that a verdict was edited', async (name, argv) => {
  const folder = join(root, `edited-for-${name}`)
  record(folder, bad)
  writeFileSync(join(folder, 'report.json'), JSON.stringify({...judge(historyOf(bad)), verdict: 'pass'}))
  const {said} = await cli(...argv(folder))
  expect(said).toContain('its verdict was PASSED, and by the events it is FAILED. The run was judged anew.')
})

test('events that were edited after the run are judged anew, and it is said', async () => {
  const folder = join(root, 'edited-events')
  record(folder, bad)
  const {events} = await loadHistory(join(folder, 'events.ndjson'))
  const sha256 = (await loadHistory(join(folder, 'events.ndjson'), {digest: true})).source!.sha256
  writeFileSync(join(folder, 'report.json'), JSON.stringify({...judge(historyOf(bad)), eventsSha256: sha256}))
  expect((await report(folder)).said).toBe('')
  // The acknowledgement of the one write that was lost: its id shows that it is not there.
  const lines = events.filter(event => !(event.kind === 'op' && event.op === 'write' && event.id === 10))
  writeFileSync(join(folder, 'events.ndjson'), lines.map(event => `${JSON.stringify(event)}\n`).join(''))
  const {out, said} = await report(folder)
  expect(said).toMatch(
    /events\.ndjson is not what it was judged from: its SHA-256 is another; .*The run was judged anew\.\n$/,
  )
  expect(out).toMatch(/^INCONCLUSIVE/)
})

test('a link in place of its report is refused', async () => {
  const folder = join(root, 'linked')
  record(folder, good)
  rmSync(join(folder, 'report.json'))
  symlinkSync('/etc/passwd', join(folder, 'report.json'))
  expect(await report(folder)).toMatchObject({code: 2, said: expect.stringContaining('it is a link')})
})

test('reports recorded before they named their scenario’s file are shown all the same', async () => {
  const folder = join(root, 'old')
  record(folder, bad)
  const {file: _file, durationMicros: _duration, ...old} = judge(historyOf(bad))
  const findings = old.findings.map(({line: _line, ...finding}) => finding)
  writeFileSync(join(folder, 'report.json'), JSON.stringify({...old, findings}))
  expect((await report(folder, '--format', 'junit')).out).toContain('time="41.500"')
  expect((await report(folder, '--format', 'json')).out).toContain('"line": null')
})

test("a scenario's file is named from the root of the repository that GitHub has checked out", async () => {
  const folder = join(root, 'here')
  record(folder, bad)
  const file = 'scenarios/mine.yaml'
  const named = bad.map(event =>
    event.kind === 'run-started' ? {...event, scenario: {...event.scenario, file}} : event,
  )
  writeFileSync(join(folder, 'events.ndjson'), named.map(event => `${JSON.stringify(event)}\n`).join(''))
  vi.stubEnv('GITHUB_WORKSPACE', join(process.cwd(), '..'))
  const {out} = await report(folder, '--format', 'github')
  vi.stubEnv('GITHUB_WORKSPACE', undefined)
  expect(out).toMatch(/^::error file=[^/,]+\/scenarios\/mine\.yaml,line=1,/)
})

test('a run is left with its report as text, as Markdown and as a page', () => {
  for (const [file, begins] of [
    ['report.txt', /^FAILED/],
    ['report.md', /^## ✘ FAILED/],
    ['report.html', /^<!doctype html>[\s\S]*INFO: hello/],
  ] as const)
    expect(readFileSync(join(runs, 'run-1', file), 'utf8')).toMatch(begins)
})
