/** What the clients got, second by second, and how long nobody's write was acknowledged. */

import type {Micros, Of, OpName, Outcome} from '../../lab/index.ts'
import {isDirect} from '../../lab/inside/reading.ts'

/** Pauses shorter than this are ordinary jitter. */
export const gapFrom: Micros = 250_000

const bucketMicros: Micros = 1_000_000

/** Old seconds fall out: no terminal is wider. */
const mostBuckets = 300

/** Operations answered within one second of the run. */
export interface Bucket {
  readonly writes: number
  readonly reads: number
  /** Failed or unknown, of both kinds. */
  readonly failures: number
}

type Answered = Of<'op'> | Of<'transaction'>

interface Gap {
  readonly from: Micros
  readonly to: Micros
}

export type Counts = Readonly<Record<Outcome, number>>

export interface Throughput {
  readonly counts: Readonly<Record<OpName, Counts>>
  /** The second of the run in which `buckets[0]` lies. */
  readonly firstSecond: number
  readonly buckets: readonly Bucket[]
  /** The second that comes after those: hundreds of answers in turn are in it, and none of them copies the others. Null before the first. */
  readonly newest: Bucket | null
  /** The newest acknowledged write. Null before the first. */
  readonly lastWriteAt: Micros | null
  /** Times without an acknowledged write that are over, longest first. */
  readonly gaps: readonly Gap[]
  /** False once the writers were told to stop: their silence is no outage then. */
  readonly writing: boolean
  /** Times in which no client was to write or read: nothing was answered because nothing was asked. */
  readonly rests: readonly {readonly from: Micros; readonly to: Micros}[]
  /** Nobody writes through the proxy, so those who go past it count. */
  readonly allDirect: boolean
}

const noCounts: Counts = {ok: 0, fail: 0, unknown: 0}
const noBucket: Bucket = {writes: 0, reads: 0, failures: 0}

export const noThroughput: Throughput = {
  counts: {write: noCounts, read: noCounts},
  firstSecond: 0,
  buckets: [],
  newest: null,
  lastWriteAt: null,
  gaps: [],
  writing: true,
  rests: [],
  allDirect: false,
}

/** Older ones are out of view. */
const mostRests = 20

export function answered(so: Throughput, op: Answered): Throughput {
  const counts = {
    ...so.counts,
    [op.op]: {...so.counts[op.op], [op.outcome]: so.counts[op.op][op.outcome] + 1},
  }
  // Who goes past the proxy may write while it routes nowhere; where all do, nobody's writes show that.
  const acknowledged = op.op === 'write' && op.outcome === 'ok' && (so.allDirect || !isDirect(op.client))
  return {
    ...so,
    ...bucketed(so, op),
    counts,
    ...(acknowledged ? {gaps: gapsAfter(so, op.at), lastWriteAt: Math.max(so.lastWriteAt ?? op.at, op.at)} : {}),
  }
}

type Buckets = Pick<Throughput, 'buckets' | 'newest' | 'firstSecond'>

function bucketed({buckets, newest, firstSecond}: Buckets, op: Answered): Buckets {
  const second = Math.floor(op.at / bucketMicros)
  const ahead = newest === null ? Number.POSITIVE_INFINITY : second - firstSecond - buckets.length
  // As many as are kept, however far away the answer is.
  if (newest === null || ahead > mostBuckets) return {buckets: [], newest: counted(noBucket, op), firstSecond: second}
  if (ahead === 0) return {buckets, newest: counted(newest, op), firstSecond}
  const index = second - firstSecond
  // A late answer from before the first bucket that is kept is counted, but not drawn.
  if (index < 0) return {buckets, newest, firstSecond}
  if (ahead < 0) return {buckets: buckets.with(index, counted(buckets[index]!, op)), newest, firstSecond}
  const over = Math.max(0, index + 1 - mostBuckets)
  const past = [...buckets, newest, ...Array.from({length: ahead - 1}, () => noBucket)].slice(over)
  return {buckets: past, newest: counted(noBucket, op), firstSecond: firstSecond + over}
}

function counted(bucket: Bucket, {op, outcome}: Answered): Bucket {
  if (outcome !== 'ok') return {...bucket, failures: bucket.failures + 1}
  return op === 'write' ? {...bucket, writes: bucket.writes + 1} : {...bucket, reads: bucket.reads + 1}
}

/** That of a second of the run. */
function bucketOf({buckets, newest, firstSecond}: Throughput, second: number): Bucket | undefined {
  const index = second - firstSecond
  return index === buckets.length ? (newest ?? undefined) : buckets[index]
}

/** Answers may arrive out of order: one that turns up inside a gap cuts it in two. */
function gapsAfter({gaps, lastWriteAt}: Throughput, at: Micros): readonly Gap[] {
  if (lastWriteAt === null) return gaps
  const isLate = at < lastWriteAt
  const cut = isLate ? gaps.find(gap => gap.from < at && at < gap.to) : undefined
  if (isLate && cut === undefined) return gaps
  const pieces = cut
    ? [
        {from: cut.from, to: at},
        {from: at, to: cut.to},
      ]
    : [{from: lastWriteAt, to: at}]
  const long = pieces.filter(gap => length(gap) > gapFrom)
  if (cut === undefined && long.length === 0) return gaps
  return [...gaps.filter(gap => gap !== cut), ...long].sort((a, b) => length(b) - length(a)).slice(0, 20)
}

function length(gap: Gap): Micros {
  return gap.to - gap.from
}

/** The writers were told to stop: a pause that had not ended lasted until then, and their silence is none. */
export function writersStopped(so: Throughput, at: Micros): Throughput {
  if (!so.writing) return so
  const gaps = so.lastWriteAt === null || at < so.lastWriteAt ? so.gaps : gapsAfter(so, at)
  const rests = [...so.rests, {from: at, to: Number.POSITIVE_INFINITY}].slice(-mostRests)
  return {...so, writing: false, gaps, rests}
}

/** After they were stopped: the time between is no pause of theirs. */
export function writersBegin(so: Throughput, at: Micros): Throughput {
  return {...so, writing: true, lastWriteAt: null, rests: so.rests.map(one => ({...one, to: Math.min(one.to, at)}))}
}

/** How long no write has been acknowledged, if that is longer than jitter; null while writes flow. */
export function openGap(so: Throughput, now: Micros): Micros | null {
  if (!so.writing || so.lastWriteAt === null) return null
  const gap = now - so.lastWriteAt
  return gap > gapFrom ? gap : null
}

/** The longest time without an acknowledged write so far, the running one included. */
export function longestGap(so: Throughput, now: Micros): Micros {
  const [longest] = so.gaps
  return Math.max(longest ? length(longest) : 0, openGap(so, now) ?? 0)
}

/** Operations in the last whole second. */
export function lastSecond(so: Throughput, now: Micros): Bucket {
  return bucketOf(so, Math.floor(now / bucketMicros) - 1) ?? noBucket
}

/** Seconds that one column stands for. */
const scales = [1, 2, 5, 10] as const
export type Scale = (typeof scales)[number]

/** A pause that is shorter is in view whole anyway. */
const gapToShow: Micros = 1_000_000

/** How many seconds a column has to stand for, so that the pause that is open, or was last, is in view from its beginning on. */
export function scaleOf(so: Throughput, now: Micros, columns: number): Scale {
  const open = openGap(so, now)
  const newest = so.gaps.filter(gap => length(gap) > gapToShow).toSorted((a, b) => b.to - a.to)[0]
  const from =
    open !== null && open > gapToShow
      ? now - open
      : newest !== undefined && now - newest.to < columns * bucketMicros
        ? newest.from
        : now
  // With something before it.
  return scales.find(scale => now - from < columns * scale * bucketMicros * 0.9) ?? 10
}

/**
 * What was answered a second in the last `columns` times `scale` whole seconds, oldest first; null before the first operation and while
 * no client was to ask anything. Other seconds without an answer are zero: silence is what a gap looks like.
 */
export function recent(
  so: Throughput,
  kind: keyof Bucket,
  now: Micros,
  {columns, scale = 1}: {readonly columns: number; readonly scale?: Scale},
): readonly (number | null)[] {
  // Whole columns, counted from the first second of all: one that has been drawn stays as it is.
  const last = Math.floor(Math.floor(now / bucketMicros) / scale) - 1
  return Array.from({length: columns}, (_, column) => {
    const first = (last - columns + 1 + column) * scale
    if (first + scale <= so.firstSecond || so.newest === null) return null
    const all = Array.from({length: scale}, (_, second) => bucketOf(so, first + second)?.[kind] ?? 0)
    const rate = all.reduce((sum, one) => sum + one, 0) / scale
    return rate === 0 && isOfRest(so, first, scale) ? null : rate
  })
}

/** In part is enough: who begins or stops within a second has no whole second to be judged by. */
function isOfRest({rests}: Throughput, second: number, seconds: number): boolean {
  const [from, to] = [second * bucketMicros, (second + seconds) * bucketMicros]
  return rests.some(rest => rest.from < to && rest.to > from)
}
