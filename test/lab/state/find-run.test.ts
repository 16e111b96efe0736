import {execFileSync} from 'node:child_process'
import {cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {findRun, findRuns, nameOf, readRun} from '../../../lab/state/find-run.ts'
import {LabError} from '../../../lab/words/errors.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'find-run-'))
  vi.stubEnv('XDG_STATE_HOME', root)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(root, {recursive: true})
})

const note = (at: number) => `${JSON.stringify({at, kind: 'note', says: `at ${at}`})}\n`

/** A run's folder below the state directory. */
function record(lab: string, name: string, text = note(1) + note(2)): string {
  const folder = join(root, 'pgha-lab', 'runs', lab, name)
  mkdirSync(join(folder, 'logs'), {recursive: true})
  writeFileSync(join(folder, 'events.ndjson'), text)
  writeFileSync(join(folder, 'logs', 'node1.log'), 'hello\n')
  return folder
}

async function complaintOf(work: Promise<unknown>): Promise<LabError> {
  try {
    await work
  } catch (error) {
    if (error instanceof LabError) return error
    throw error
  }
  throw new Error('nobody complained')
}

function complaint(work: () => unknown): LabError {
  try {
    work()
  } catch (error) {
    if (error instanceof LabError) return error
    throw error
  }
  throw new Error('nobody complained')
}

describe('a run is found', () => {
  test('by its name, in its own lab and in others', () => {
    const folder = record('lab', '20261120T140000Z-kill-leader')
    const other = record('second', '20261120T150000Z-kill-leader')
    expect(findRun('20261120T140000Z-kill-leader')).toEqual({folder, events: join(folder, 'events.ndjson')})
    expect(findRun('20261120T150000Z-kill-leader').folder).toBe(other)
  })

  test('as the latest one of a lab', async () => {
    record('second', 'run-b')
    symlinkSync('run-b', join(root, 'pgha-lab', 'runs', 'second', 'latest'))
    expect((await readRun('latest', 'second')).history.events).toHaveLength(2)
  })

  test('by the path of its folder, with the logs of its hosts', async () => {
    const folder = record('lab', 'run-a')
    const run = await readRun(folder)
    expect(run.logs).toEqual(new Map([['node1', 'hello\n']]))
    expect(nameOf(run)).toBe('run-a')
    expect(findRun(join(folder, 'events.ndjson')).folder).toBe(folder)
  })

  test('by its events alone, packed or not', async () => {
    writeFileSync(join(root, 'mine.ndjson.gz'), gzipSync(note(5) + note(3)))
    const run = await readRun(join(root, 'mine.ndjson.gz'))
    expect(run.folder).toBeNull()
    expect(run.history.events.map(event => event.at)).toEqual([3, 5])
  })
})

describe('a run that is not there', () => {
  test('is answered with the nearest one there is', () => {
    record('lab', '20261120T140000Z-kill-leader')
    const {message, code, hint} = complaint(() => findRun('20261120T140000Z-kil-leader'))
    expect(message).toBe('there is no run `20261120T140000Z-kil-leader`, did you mean `20261120T140000Z-kill-leader`?')
    expect(code).toBe('usage')
    expect(hint).toMatch(/the newest is:\npgha-lab report 20261120T140000Z-kill-leader$/)
    expect(complaint(() => findRun('kill-leader')).message).toContain('did you mean `20261120T140000Z-kill-leader`?')
    expect(complaint(() => findRun('nothing')).message).toContain('the newest is `20261120T140000Z-kill-leader`')
    expect(complaint(() => findRun('latst')).message).toContain('did you mean `latest`?')
  })

  test('is answered with how to record one where there is none', () => {
    expect(complaint(() => findRun('latest')).message).toBe('lab lab has no run yet')
    expect(complaint(() => findRun('nothing', 'two')).hint).toContain('pgha-lab chaos kill-leader --name two')
  })

  test('is not guessed between two labs', () => {
    record('one', 'same')
    record('two', 'same')
    expect(findRun('same', 'two').folder).toContain(join('two', 'same'))
    expect(complaint(() => findRun('same')).message).toBe('same is a run of one and two')
  })

  test('may be a folder of something else, or of several runs', () => {
    expect(complaint(() => findRun(root)).message).toBe(`${root} is no run: it has no events.ndjson`)
    record('lab', 'run-a')
    const runs = join(root, 'pgha-lab', 'runs', 'lab')
    expect(complaint(() => findRun(runs)).message).toBe(`${runs} holds 1 runs`)
  })
})

describe('a history that is damaged', () => {
  test('is told by file, line and column where it is no event of a run', async () => {
    const folder = record('lab', 'run-a', `${note(1)}{"at": 2}\n`)
    const events = join(folder, 'events.ndjson')
    expect((await complaintOf(readRun('run-a'))).message).toBe(`${events}:2:1: this line is no event of a run`)
    record('lab', 'run-b', 'no json\n')
    expect((await complaintOf(readRun('run-b'))).code).toBe('config')
    writeFileSync(join(root, 'bad.ndjson.gz'), 'not packed')
    expect((await complaintOf(readRun(join(root, 'bad.ndjson.gz')))).message).toContain('cannot be read')
  })

  test.each([
    ['a line that a crash cut short', `${note(1)}{"at": 2, "ki`],
    ['a torn line with more behind it', `${note(1)}{"at": 2, "ki\n${note(3)}`],
    ['what a power failure leaves', `${note(1)}\0\0\0\0\n${note(3)}`],
  ])('is read up to %s, and its place is known', async (_, text) => {
    const folder = record('lab', 'run-a', text)
    const {events, source} = (await readRun('run-a')).history
    expect(events).toHaveLength(1)
    expect(source).toMatchObject({sha256: null, torn: expect.stringContaining(`${folder}/events.ndjson:2:`)})
  })

  test('is read up to where a packed one breaks off', async () => {
    const packed = gzipSync(Array.from({length: 5000}, (_, at) => note(at)).join(''))
    writeFileSync(join(root, 'half.ndjson.gz'), packed.subarray(0, packed.length / 2))
    const {events, source} = (await readRun(join(root, 'half.ndjson.gz'))).history
    expect(events.length).toBeGreaterThan(100)
    expect(source?.torn).toMatch(/half\.ndjson\.gz:\d+:\d+$/)
  })
})

describe('only regular files in the folder of a run are read, never', () => {
  test('a link in place of its events', async () => {
    const folder = record('lab', 'run-a')
    rmSync(join(folder, 'events.ndjson'))
    symlinkSync('/etc/passwd', join(folder, 'events.ndjson'))
    expect((await complaintOf(readRun(folder))).message).toBe(`${folder}/events.ndjson is not read: it is a link`)
  })

  test('a device or a link as a log, nor a link as the folder of logs', async () => {
    const folder = record('lab', 'run-a')
    symlinkSync('/dev/zero', join(folder, 'logs', 'x.log'))
    expect((await complaintOf(readRun(folder))).message).toBe(`${folder}/logs/x.log is not read: it is a link`)
    rmSync(join(folder, 'logs'), {recursive: true})
    symlinkSync('/etc', join(folder, 'logs'))
    expect((await complaintOf(readRun(folder))).message).toBe(`${folder}/logs is not read: it is a link`)
  })

  test('a FIFO, which would never end', async () => {
    const folder = record('lab', 'run-a')
    rmSync(join(folder, 'events.ndjson'))
    execFileSync('mkfifo', [join(folder, 'events.ndjson'), join(folder, 'logs', 'y.log')])
    expect((await complaintOf(readRun(folder))).message).toContain('it is a device or a pipe')
    writeFileSync(join(root, 'own.ndjson'), note(1))
    symlinkSync('own.ndjson', join(root, 'link.ndjson'))
    expect((await readRun(join(root, 'link.ndjson'))).history.events).toHaveLength(1)
  })
})

describe('several runs are', () => {
  test('a list, a folder of runs, or a repetition by its path or its name', () => {
    const [a, b] = [record('lab', 'run-a'), record('lab', 'run-b')]
    expect(findRuns('run-a,run-b').map(run => run.folder)).toEqual([a, b])
    expect(findRuns(join(root, 'pgha-lab', 'runs', 'lab')).map(nameOf)).toEqual(['run-a', 'run-b'])
    const repetition = join(root, 'pgha-lab', 'runs', 'lab', 'again-x2', 'runs')
    cpSync(a, join(repetition, '1'), {recursive: true})
    cpSync(b, join(repetition, '2'), {recursive: true})
    expect(findRuns('again-x2').map(nameOf)).toEqual(['1', '2'])
    expect(findRuns(join(repetition, '..')).map(nameOf)).toEqual(['1', '2'])
  })

  test('one run as well, and never none', () => {
    record('lab', 'run-a')
    expect(findRuns('run-a')).toHaveLength(1)
    expect(complaint(() => findRuns('run-a,')).message).toContain('names an empty run')
    expect(complaint(() => findRuns(root)).message).toContain('is no run')
  })
})

test('a device or a pipe is no run, and nobody is told to move it away', () => {
  expect(() => findRun('/dev/zero')).toThrow(/^\/dev\/zero is not read: it is a device or a pipe$/)
})
