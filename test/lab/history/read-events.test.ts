import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {afterAll, describe, expect, test} from 'vitest'
import type {Of} from '../../../lab/history/event.ts'
import {loadHistory, parseHistory} from '../../../lab/history/read-events.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {cleanRun} from '../checks/history-builder.ts'

const root = mkdtempSync(join(tmpdir(), 'read-events-'))
afterAll(() => rmSync(root, {recursive: true}))

const note = '{"at":1,"kind":"note","says":"so"}\n'
const op =
  '{"at":9,"kind":"op","client":"w1","op":"write","id":1,"sentAt":5,"outcome":"ok","server":null,"timeline":1,"lsn":1,"sqlstate":null,"error":null}\n'
const lines = (events: readonly object[]) => events.map(event => `${JSON.stringify(event)}\n`).join('')

function complaint(text: string): string {
  try {
    parseHistory(note + text, 'run/events.ndjson')
  } catch (error) {
    if (error instanceof LabError && error.code === 'config') return error.message
    throw error
  }
  throw new Error('nobody complained')
}

test.each(['', '.gz'])(
  'an event that is not UTF-8 is refused with its place, and not read as something else%s',
  async packed => {
    const file = join(root, `latin.ndjson${packed}`)
    const bytes = Buffer.from(`${note}${note.replace('so', '\u00ff')}${note}`, 'latin1')
    writeFileSync(file, packed === '' ? bytes : gzipSync(bytes))
    await expect(loadHistory(file)).rejects.toThrow(`${file}:2:1: it is not UTF-8`)
  },
)

describe('what cannot be read is refused in one sentence with its place, and what stands before it can be judged:', () => {
  test.each([
    ['a line that lacks keys', '{"at":"soon","kind":"op"}\n', 2],
    ["another program's line", `${op}{"ts":1,"msg":"x"}\n`, 3],
    ['a list', '[]\n', 2],
    ['a line with a key twice', note.replace('"at":1', '"at":1,"at":2'), 2],
    ['a line with a key that schemas pass over', note.replace('"at":1', '"at":1,"__proto__":{}'), 2],
    ['an answer before its question', op.replace('"sentAt":5', '"sentAt":50'), 2],
  ])('%s', async (_, text, line) => {
    const file = join(root, "it's one.ndjson")
    writeFileSync(file, note + text)
    writeFileSync(`${file}.gz`, gzipSync(note + text))
    for (const [name, take] of [
      [file, 'head -n'],
      [`${file}.gz`, 'gzip -dc'],
    ] as const) {
      const error = await loadHistory(name).then(
        () => undefined,
        (thrown: LabError) => thrown,
      )
      expect(error).toBeInstanceOf(LabError)
      expect(error?.message).toMatch(new RegExp(`^${name}:${line}:\\d+: .+$`))
      const [, command = '', ...more] = (error?.hint ?? '').split('\n')
      expect(command).toContain(take)
      expect(more).toEqual(['pgha-lab judge before.ndjson'])
      execFileSync('sh', ['-c', command], {cwd: root})
      expect((await loadHistory(join(root, 'before.ndjson'))).events).toHaveLength(line - 1)
    }
  })

  test('a first line that is none leaves nothing to judge, and is shown', async () => {
    const file = join(root, 'none.ndjson')
    writeFileSync(file, '<html>\n')
    await expect(loadHistory(file)).rejects.toMatchObject({
      message: `${file}:1:1: this line is no event of a run`,
      hint: expect.stringMatching(/^head -c 300 .*none\.ndjson$/m),
    })
  })
})

describe('an event that no recorder writes is refused at its place:', () => {
  const rows = (ranges: string) =>
    `{"at":9,"kind":"final-rows","host":"node1","timeline":1,"ranges":${ranges},"duplicates":[]}\n`
  test.each([
    ['a negative time', op.replace('"at":9', '"at":-9'), 'run/events.ndjson:2:7: a time counts from the beginning'],
    ['half a microsecond', op.replace('"at":9', '"at":9.5'), 'run/events.ndjson:2:7: a time is a whole number'],
    ['a run of years', op.replace('"at":9', '"at":99999999999999'), 'run/events.ndjson:2:7: no run takes more than 7'],
    ['a time that is no number', op.replace('"at":9', '"at":"9"'), 'run/events.ndjson:2:7: '],
    [
      'an answer before its question',
      op.replace('"sentAt":5', '"sentAt":10'),
      'run/events.ndjson:2:1: it was answered',
    ],
    ['an id beyond int4', op.replace('"id":1', '"id":3000000000'), 'run/events.ndjson:2:53: an id is at most'],
    ['a word that is none of its field', op.replace('"ok"', '"okay"'), 'run/events.ndjson:2:76: '],
    ['a key that is missing', op.replace('"client":"w1",', ''), 'run/events.ndjson:2:1: `client` is missing'],
    ['a range that would fill the memory', rows('[[1,2000000000]]'), 'run/events.ndjson:2:67: no run writes more than'],
    ['many such ranges', rows('[[1,9000000],[9000002,12000000]]'), 'run/events.ndjson:2:79: no run writes more than'],
    ['a range backwards', rows('[[1,2],[9,5]]'), 'run/events.ndjson:2:73: a range goes upwards'],
    ['ranges that fall', rows('[[5,9],[1,2]]'), 'run/events.ndjson:2:73: ranges rise'],
    ['a value that is no object', '[1]\n', 'run/events.ndjson:2:1: this line is no event of a run'],
    ['no value', 'null\n', 'run/events.ndjson:2:1: this line is no event of a run'],
  ])('%s', (_, text, begins) => expect(complaint(text).slice(0, begins.length)).toBe(begins))

  test.each([
    ['a step that is none', {steps: [{do: 'dance'}]}],
    ['clients that are none', {clients: [{kind: 'dancers', count: 1, perSecond: 1, through: 'primary'}]}],
    ['steps that are no list', {steps: 'none'}],
  ])('%s in its scenario, where the history is loaded and not where it is judged', (_, scenario) => {
    const [started] = cleanRun()
    expect(complaint(lines([{...started, scenario: {name: 'x', ...scenario}}]))).toMatch(/^run\/events\.ndjson:2:\d+: /)
  })

  test('more clients than a scenario may have', () => {
    const [started] = cleanRun()
    const scenario = {name: 'x', clients: [{kind: 'writers', count: 1e9, perSecond: 1, through: 'primary'}]}
    expect(complaint(lines([{...started, scenario}]))).toMatch(/^run\/events\.ndjson:2:\d+: at most 200 clients/)
  })

  test('an event hours older than one before it', () => {
    expect(complaint(note.replace('1', '7200000000') + note)).toMatch(
      /^run\/events\.ndjson:3:1: this event is 7200 s older/,
    )
  })
})

describe('what another version recorded', () => {
  const run = cleanRun()
  const judged = (more: readonly object[]) =>
    judge(parseHistory(lines([...run.slice(0, -1), ...more, run.at(-1)!]), 'events.ndjson'))

  test('lets nothing pass, and is told with its place', () => {
    expect(judge(parseHistory(lines(run))).verdict).toBe('pass')
    const kind = judged([{at: run.at(-1)!.at, kind: 'quantum', says: 'x'}])
    expect(kind.verdict).toBe('unknown')
    expect(kind.reasons).toEqual([
      `an event of the kind \`quantum\` is nothing that this version knows (once at events.ndjson:${run.length}): another version recorded it`,
    ])
    const key = judged([{at: run.at(-1)!.at, kind: 'note', says: 'x', more: 1}])
    expect(key.verdict).toBe('unknown')
    expect(key.reasons.join()).toContain('the key `more` of `note` is nothing that this version knows')
  })
})

describe('the file', () => {
  const file = join(root, 'events.ndjson')

  test('has a digest when it was read to its end, packed or not', async () => {
    const text = note.repeat(3)
    const sha256 = createHash('sha256').update(text).digest('hex')
    writeFileSync(file, text)
    writeFileSync(`${file}.gz`, gzipSync(text))
    expect((await loadHistory(file, {digest: true})).source?.sha256).toBe(sha256)
    expect((await loadHistory(`${file}.gz`, {digest: true})).source?.sha256).toBe(sha256)
  })

  test('may end without a line break, when its last line is whole', async () => {
    writeFileSync(file, (note + note).trimEnd())
    expect((await loadHistory(file)).events).toHaveLength(2)
    expect((await loadHistory(file)).source?.torn).toBeNull()
  })

  test('that expands beyond any history is refused', async () => {
    const long = `${JSON.stringify({at: 2, kind: 'note', says: 'x'.repeat(2 ** 20)})}\n`
    writeFileSync(`${file}.gz`, gzipSync(note + long.repeat(100)))
    await expect(loadHistory(`${file}.gz`)).rejects.toThrow('it unpacks to more than 100 times its size')
  })

  test('of hardly anything but empty lines is refused before they are counted to the end; a few are none of an event', async () => {
    writeFileSync(file, note + '\n'.repeat(1000) + note)
    expect((await loadHistory(file)).events).toHaveLength(2)
    writeFileSync(file, note + '\n'.repeat(200_000) + note)
    await expect(loadHistory(file)).rejects.toThrow('it has more than 100000 empty lines')
  })

  test('is read as far as its events fit into the memory, however long it is, and refused where they do not', async () => {
    writeFileSync(file, `${note + JSON.stringify({at: 2, kind: 'note', says: 'x'.repeat(5000)})}\n`.repeat(400))
    expect((await loadHistory(file)).events).toHaveLength(800)
    await expect(loadHistory(file, {mostHeapBytes: 1})).rejects.toMatchObject({
      message: expect.stringMatching(/is not read: its events do not fit into the memory of this process$/),
      hint: expect.stringContaining('NODE_OPTIONS=--max-old-space-size=16384'),
    })
  })

  test('with a line that never ends is refused before it is in memory', async () => {
    writeFileSync(file, Buffer.concat([Buffer.from(note), Buffer.alloc(40 * 2 ** 20, 'x')]))
    await expect(loadHistory(file)).rejects.toThrow('line 2 is longer than 16 MB')
  })
})

test('a scenario is decoded once, when its history is loaded: what an older record leaves out has its meaning', () => {
  const [started] = cleanRun()
  const begun = parseHistory(lines([{...started, scenario: {name: 'x', steps: [{do: 'hold', forMs: 5}]}}])).events[0]
  expect(begun).toMatchObject({
    scenario: {name: 'x', about: '', clients: [], steps: [{do: 'hold', forMs: 5}], expect: []},
  })
  const {kind: _, topology: __, versions: ___, ...told} = started as Of<'run-started'>
  const never = {...told, kind: 'never-began', code: 'not-ready', says: 'no', scenario: {name: 'x'}}
  expect(parseHistory(lines([never])).events[0]).toMatchObject({scenario: {name: 'x', steps: [], expect: []}})
})

describe('a record in an impossible order', () => {
  const whole = lines(cleanRun())

  test('proves nothing of what stands behind the end of the run, nor passes with it', () => {
    const history = parseHistory(whole + whole.slice(whole.indexOf('\n') + 1), 'events.ndjson')
    expect(history.events).toHaveLength(cleanRun().length)
    expect(judge(history)).toMatchObject({verdict: 'unknown'})
    expect(judge(parseHistory(whole, 'events.ndjson')).verdict).toBe('pass')
  })

  test('is refused where a run begins twice', () => {
    expect(complaint(whole.slice(0, whole.indexOf('\n') + 1).repeat(2))).toMatch(/:3:\d+: .*the run has begun already/)
  })
})
