/** The quick way of reading a record says what the long way says: of every recorded run, and of lines that are nearly alike. */
import {globSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import fc from 'fast-check'
import {afterAll, expect, test} from 'vitest'
import {often, plain} from '../../../lab/history/event-table.ts'
import {Bytes, KnownLines} from '../../../lab/history/known-lines.ts'
import {loadHistory, parseHistory} from '../../../lab/history/read-events.ts'

const folder = mkdtempSync(join(tmpdir(), 'known-lines-'))
afterAll(() => rmSync(folder, {recursive: true}))

const recorded = globSync(join(import.meta.dirname, '..', '..', 'histories', '*.ndjson.gz')).toSorted()
const every = 10

test('every tenth recorded run is the same, read in either way', async () => {
  const some = recorded.filter((_, nth) => nth % every === 0)
  expect(some.length).toBeGreaterThan(3)
  for (const file of some) {
    const long = parseHistory(gunzipSync(readFileSync(file)).toString('utf8'), file)
    const {events, source} = await loadHistory(file, {digest: true})
    expect({events: events.map(plain), source}, file).toEqual(long)
  }
}, 60_000)

/** As an agent's, which is read hundreds of times a second. */
const op = {
  ...{at: 2_400_000_000, kind: 'op', client: 'w1', op: 'write', id: 7, sentAt: 2_399_000_000, outcome: 'ok'},
  ...{server: 'node1', timeline: 1, lsn: 4_294_967_296, sqlstate: null, error: null},
}

function knowing(): KnownLines {
  const known = new KnownLines(often)
  known.learn(JSON.stringify(op), op)
  return known
}

const read = (known: KnownLines, line: string) => {
  const event = known.read(new Bytes(Buffer.from(`${line}\n`)), 0)
  return event && plain(event)
}

test('a line with other values in the same places is read whole, up to its line break', () => {
  const known = knowing()
  const other = {...op, at: 0, client: 'r2', id: 1_000_000, outcome: 'unknown', server: null, lsn: null, error: 'gone'}
  const bytes = Buffer.from(`xx${JSON.stringify(other)}\n${JSON.stringify(op)}\n`)
  expect(plain(known.read(new Bytes(bytes), 2)!)).toEqual(other)
  expect(bytes.subarray(known.end)).toEqual(Buffer.from(`\n${JSON.stringify(op)}\n`))
})

test.each([
  ['a key more', JSON.stringify({...op, more: 1})],
  ['a key less', JSON.stringify({...op, error: undefined})],
  ['a key twice', JSON.stringify(op).replace('"error":null', '"error":null,"error":null')],
  ['another order', JSON.stringify(Object.fromEntries(Object.entries(op).toReversed()))],
  ['a space', JSON.stringify(op).replace('"id":7', '"id": 7')],
  ['something behind it', `${JSON.stringify(op)} `],
  ['a part of it', JSON.stringify(op).slice(0, -1)],
  ['an escape', JSON.stringify({...op, error: 'a "quote"'})],
  ['a letter beyond ASCII', JSON.stringify({...op, error: 'größer'})],
  ['a fraction', JSON.stringify({...op, at: 1.5})],
  ['an exponent', JSON.stringify(op).replace('"id":7', '"id":7e1')],
  ['a zero before a number', JSON.stringify(op).replace('"id":7', '"id":07')],
  ['a number that is not exact', JSON.stringify(op).replace('"id":7', '"id":9007199254740993')],
  ['a negative number', JSON.stringify({...op, at: -1})],
  ['a value that its schema refuses', JSON.stringify({...op, outcome: 'perhaps'})],
  ['nothing', ''],
  ['another kind', JSON.stringify({...op, kind: 'bank'})],
])('%s is read the long way', (_, line) => {
  expect(read(knowing(), line)).toBeUndefined()
})

test('what has no place in it is not learnt again and again: others are still learnt', () => {
  const known = knowing()
  for (let nth = 0; nth < 100; nth++) known.learn(JSON.stringify({...op, error: 'größer'}), {...op, error: 'größer'})
  const note = {at: 1, kind: 'note', says: 'it goes on'}
  known.learn(JSON.stringify(note), note)
  expect(read(known, JSON.stringify(note))).toEqual(note)
})

test('whatever stands in a line, the quick way reads what JSON.parse reads, or nothing', () => {
  const texts = fc.oneof(fc.string(), fc.constantFrom('ok', 'fail', 'unknown', 'node1', 'w1', 'true', 'null'))
  const values = fc.oneof(
    fc.maxSafeInteger(),
    fc.double(),
    texts,
    fc.constantFrom(null, true, false),
    fc.bigInt().map(String),
  )
  const known = knowing()
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(op)), values, fc.boolean(), (key, value, raw) => {
      const line = JSON.stringify({...op, [key]: raw && typeof value === 'string' ? '@' : value}).replace('"@"', () =>
        String(value),
      )
      const event = read(known, line)
      if (event !== undefined) expect(event).toEqual(JSON.parse(line))
    }),
  )
})

test('a line that is no UTF-8 is refused with its place, and what stands before it is read', async () => {
  const started = gunzipSync(readFileSync(recorded[0]!)).toString('utf8').split('\n', 1)[0]!
  const file = join(folder, 'events.ndjson')
  const line = JSON.stringify(op)
  writeFileSync(
    file,
    Buffer.concat([
      Buffer.from(`${started}\n${line}\n${line}\n{"at":1,"kind":"`),
      Buffer.from([0xff]),
      Buffer.from('"}\n'),
    ]),
  )
  await expect(loadHistory(file)).rejects.toThrow(`${file}:4:1: it is not UTF-8`)
})
