/** A record that lacks a line says so, whoever told it, and decides nothing that hangs on that teller's word. */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import type {Event, Happening} from '../../../lab/history/event.ts'
import {type History, historyOf, Recorder} from '../../../lab/history/history.ts'
import {holesOf} from '../../../lab/history/holes.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {cleanRun} from '../checks/history-builder.ts'

/** What a recorder writes of these, as the lines of its file. */
function written(events: readonly Event[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-'))
  try {
    const file = join(folder, 'events.ndjson')
    using recorder = new Recorder(file)
    for (const {at, ...happening} of events) recorder.record(happening as Happening, at)
    recorder.flush()
    return readFileSync(file, 'utf8').trimEnd().split('\n')
  } finally {
    rmSync(folder, {recursive: true})
  }
}

const read = (lines: readonly string[]): History => parseHistory(lines.map(line => `${line}\n`).join(''))
const lines = written(cleanRun())
const isEnd = (line: string) => line.includes('"kind":"run-ended"')

test('a record as it was written has no hole', () => {
  expect(holesOf(read(lines))).toEqual([])
  expect(judge(read(lines)).verdict).toBe('pass')
})

test('each line that is taken out shows, but for the last, without which the record breaks off', () => {
  for (const [index, line] of lines.entries()) {
    // Each hundredth, so that this is quick, and all that are few.
    if (index % 100 !== 0 && /"kind":"(op|postgres|watching|patroni)"/.test(line)) continue
    const left = read(lines.toSpliced(index, 1))
    expect(holesOf(left).length + (isEnd(line) ? 1 : 0), line).toBeGreaterThan(0)
    expect(judge(left).verdict, line).toBe('unknown')
  }
})

test('that another line came twice does not make up for it', () => {
  const reports = lines.filter(line => line.includes('"who":"postgres"'))
  const left = lines.filter(line => line !== reports[3]).flatMap(line => (line === reports[5] ? [line, line] : [line]))
  expect(holesOf(read(left))).toMatchObject([
    {who: 'postgres', says: expect.stringMatching(/^the record lacks a line that postgres of node\d told$/)},
  ])
})

test('all that one host was told of, to the end, is missed by the last line', () => {
  const left = lines.filter(line => !/"kind":"postgres".*"host":"node2"|"who":"postgres".*"host":"node2"/.test(line))
  expect(holesOf(read(left))).toMatchObject([
    {who: 'postgres', says: expect.stringMatching(/lacks \d+ lines that postgres of node2 told$/)},
  ])
})

test('of lines without numbers, what a run did shows by what it did next', () => {
  const plain = cleanRun()
  const without = (kind: Event['kind']) =>
    holesOf(historyOf(plain.filter(one => one.kind !== kind))).map(one => one.says)
  expect(holesOf(historyOf(plain))).toEqual([])
  expect(without('run-started')).toEqual(["the record lacks a line of the run's own: how it began"])
  expect(without('fault-injecting')).toEqual([expect.stringContaining(' was injected')])
  expect(without('fault-mending')).toEqual([expect.stringContaining('that the mend of ')])
  expect(without('fault-mended')).toEqual([expect.stringMatching(/that the mend of .* ended/)])
  expect(without('phase')).toEqual([expect.stringContaining('where its part `steps` began')])
})

test('a run that was interrupted while it did its first fault lacks nothing, and says when', () => {
  const events = cleanRun()
  const at = events.find(one => one.kind === 'fault-injecting')!.at
  const mend = {do: 'start-host', host: 'node1'} as const
  const interrupted = [
    ...events.filter(one => one.at < at && one.kind !== 'run-ended'),
    {at: at + 1, kind: 'fault-mending', id: 'kill', mend},
    {at: at + 2, kind: 'fault-mended', id: 'kill', mend, ok: true, says: 'started'},
    {at: at + 3, kind: 'run-ended', how: 'interrupted'},
  ] as Event[]
  const history = read(written(interrupted))
  expect(holesOf(history)).toEqual([])
  expect(judge(history).ended?.says).toMatch(
    /^the run was interrupted .* after it began, in the middle of its first fault/,
  )
})
