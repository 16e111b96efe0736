/**
 * Amounts as a person writes them: durations (`10s`, `500ms`, `2m`), sizes (`1MB`), rates (`200/s`), bandwidths (`5Mbit`) and
 * shares (`1%`). A number without its unit is refused with what was probably meant, since reading `30` as the wrong one of seconds and milliseconds is
 * how a timing test lies.
 *
 * The `parse...` functions throw `LabError('config', sentence)` and nothing else, whatever they are given; in `schemas.ts` the same
 * sentence is an issue of the value that it is about.
 */
import {LabError} from './errors.ts'

/** Whole microseconds, of a duration or since a run began. */
export type Micros = number

export interface AmountKind {
  /** 'a duration' */
  readonly name: string
  readonly example: string
  /** Unit as written -> how many of the base unit it is; the first spelling of a value is the one we teach. */
  readonly units: ReadonlyMap<string, number>
  /** What a number without a unit probably meant, as it should be written. */
  readonly meant: (bare: number) => string
}

/** A limit on everything: nothing in a lab takes a month or holds a petabyte. */
const largest = Number.MAX_SAFE_INTEGER / 1024

export const durationKind: AmountKind = {
  name: 'a duration',
  example: '10s, 500ms or 2m',
  units: new Map([
    ['ms', 1],
    ['s', 1000],
    ['m', 60_000],
    ['h', 3_600_000],
  ]),
  // People who think in milliseconds write thousands, people who think in seconds write small numbers.
  meant: bare => (bare >= 100 ? `${bare}ms` : `${bare}s`),
}

/** As PostgreSQL reads its own settings: kB, MB and GB are powers of 1024. */
export const sizeKind: AmountKind = {
  name: 'a size',
  example: '512kB, 1MB or 2GB',
  units: new Map([
    ['B', 1],
    ['kB', 1024],
    ['MB', 1024 ** 2],
    ['GB', 1024 ** 3],
  ]),
  meant: bare => {
    for (const [unit, factor] of [['GB', 1024 ** 3] as const, ['MB', 1024 ** 2] as const, ['kB', 1024] as const]) {
      if (bare >= factor && bare % factor === 0) return `${bare / factor}${unit}`
    }
    return bare < 1024 ? `${bare}MB` : `${bare}B`
  },
}

export const rateKind: AmountKind = {
  name: 'a rate',
  example: '200/s or 600/m',
  units: new Map([
    ['/s', 1],
    ['/m', 1 / 60],
  ]),
  meant: bare => `${bare}/s`,
}

/** As tc(8) reads its rates: powers of 1000. */
export const bandwidthKind: AmountKind = {
  name: 'a bandwidth',
  example: '5Mbit or 512kbit',
  units: new Map([
    ['kbit', 1000],
    ['Mbit', 1000 ** 2],
    ['Gbit', 1000 ** 3],
  ]),
  // Large numbers are bits per second.
  meant: bare => (bare >= 1e6 ? `${bare / 1e6}Mbit` : bare >= 1000 ? `${bare}kbit` : `${bare}Mbit`),
}

export const percentKind: AmountKind = {
  name: 'a share',
  example: '1% or 0.5%',
  units: new Map([['%', 1]]),
  meant: bare => (bare > 0 && bare < 1 ? `${Number((bare * 100).toPrecision(9))}%` : `${bare}%`),
}

/** Whether a text is a size, as PostgreSQL reads one, and more than any lab can use. */
export function isSizeBeyondReason(written: string): boolean {
  const [, number, unit = ''] = /^\s*([0-9]+(?:\.[0-9]+)?)\s*([kMGT]?B)\s*$/i.exec(written) ?? []
  const factor = {b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4}[unit.toLowerCase()]
  return number !== undefined && factor !== undefined && Number(number) * factor > largest
}

/** `'10s'` -> 10_000: whole milliseconds, zero or more. */
export function parseDuration(written: unknown): number {
  return Math.round(parse(durationKind, written))
}

/** `'1MB'` -> 1_048_576: whole bytes, zero or more. */
export function parseSize(written: unknown): number {
  return Math.round(parse(sizeKind, written))
}

/** `'200/s'` -> 200: events per second, more than zero. */
export function parseRate(written: unknown): number {
  const perSecond = parse(rateKind, written)
  if (perSecond === 0) throw complaint(`a rate of ${show(written)} would never do anything: write ${rateKind.example}`)
  return perSecond
}

/** `'5Mbit'` -> 5_000_000: whole bits per second, at least 8000 (tc counts in bytes, and slower than 1 kB/s is a cut). */
export function parseBandwidth(written: unknown): number {
  const perSecond = Math.round(parse(bandwidthKind, written))
  if (perSecond < 8000)
    throw complaint(
      `a bandwidth of ${show(written)} lets nothing through: write ${bandwidthKind.example}, or cut the path`,
    )
  return perSecond
}

/** `'1%'` -> 1: more than 0, at most 100. */
export function parsePercent(written: unknown): number {
  const share = parse(percentKind, written)
  if (share === 0 || share > 100)
    throw complaint(`${show(written)} is not a share of something: write more than 0% and at most 100%`)
  return share
}

/** `'-2h'` -> -7_200_000, `'+60s'` or `'60s'` -> 60_000: whole milliseconds, forward or back. */
export function parseShift(written: unknown): number {
  const text = typeof written === 'string' ? written.trim() : written
  if (typeof text !== 'string' || !/^[+-]/.test(text)) return parseDuration(written)
  const ms = parseDuration(text.slice(1))
  return text.startsWith('-') ? -ms : ms
}

/** `90s`, `1500ms`. */
export function ms(duration: number): string {
  return duration % 1000 === 0 ? `${duration / 1000}s` : `${duration}ms`
}

/** `1.2 MB`, by thousands. */
export function sayBytes(count: number): string {
  if (count < 1000) return `${count} B`
  if (count < 1_000_000) return `${Math.round(count / 1000)} kB`
  return count < 1_000_000_000 ? `${(count / 1_000_000).toFixed(1)} MB` : `${(count / 1_000_000_000).toFixed(1)} GB`
}

/** Micros for a sentence: `130 ms` below a second, `21.93 s` above, with its sign. */
export function sayMicros(micros: number): string {
  const ms = micros / 1000
  return Math.abs(ms) < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`
}

function parse(kind: AmountKind, written: unknown): number {
  if (written === undefined || written === null) throw complaint(`${kind.name} is missing: write ${kind.example}`)
  if (typeof written === 'number') throw bareNumber(kind, written)
  if (typeof written !== 'string') throw complaint(`${show(written)} is not ${kind.name}: write ${kind.example}`)

  const text = written.trim()
  const parts = /^([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([^\s\d.]\S*|)$/.exec(text)
  if (!parts) {
    if (/^[0-9]{16,100}(\.[0-9]*)?\s*\D*$/.test(text)) throw complaint(`${show(written)} is more than any lab can use`)
    const why = /^-/.test(text) ? ' (it cannot be negative)' : ''
    throw complaint(
      `${show(written)} is not ${kind.name}${why}: write one number with its unit, such as ${kind.example}`,
    )
  }
  const number = Number(parts[1])
  const unit = parts[2]!
  if (unit === '') throw bareNumber(kind, number)
  const factor = kind.units.get(unit)
  if (factor === undefined) throw unknownUnit(kind, parts[1]!, unit)
  const value = number * factor
  if (value > largest) throw complaint(`${show(written)} is more than any lab can use`)
  return value
}

function bareNumber(kind: AmountKind, number: number): LabError {
  const fine = Number.isFinite(number) && number >= 0
  const meant = fine ? kind.meant(number) : undefined
  const says = meant === undefined ? `write ${kind.example}` : `did you mean ${meant}?`
  return complaint(`${number} is not ${kind.name}, it has no unit: ${says}`, meant)
}

function unknownUnit(kind: AmountKind, number: string, unit: string): LabError {
  const known = [...kind.units.keys()]
  // '10S', '1mb', '5sec', '2min', '1MiB', '3 seconds', '200/sec': the unit that begins alike is what was meant.
  const like = unit.toLowerCase()
  const nearest =
    known.find(name => name.toLowerCase() === like) ??
    known.find(name => name.toLowerCase() === like.replace('ib', 'b')) ??
    (/^mil/.test(like) ? 'ms' : undefined) ??
    known.toReversed().find(name => name !== 'ms' && like.startsWith(name.toLowerCase()))
  const nearestKnown = nearest !== undefined && kind.units.has(nearest) ? nearest : undefined
  const meant = nearestKnown && `${number}${nearestKnown}`
  const hint = meant ? `did you mean ${meant}?` : `the units are ${known.join(', ')}`
  return complaint(`${show(`${number}${unit}`)} is not ${kind.name}, there is no unit ${show(unit)}: ${hint}`, meant)
}

export class NotAnAmount extends LabError {
  /** As it was probably meant. */
  readonly meant: string | undefined

  constructor(sentence: string, meant: string | undefined) {
    super('config', sentence)
    this.meant = meant
  }
}

function complaint(sentence: string, meant?: string): NotAnAmount {
  return new NotAnAmount(sentence, meant)
}

/** A duration as a person meant it, within these bounds; undefined: nobody can tell. */
export function meantDuration(written: string, least: string, most: string): string | undefined {
  try {
    const ms = parseDuration(written)
    if (ms < parseDuration(least)) return least
    return ms > parseDuration(most) ? most : written
  } catch (error) {
    const meant = error instanceof NotAnAmount ? error.meant : undefined
    return meant === undefined ? undefined : meantDuration(meant, least, most)
  }
}

/** A value as it may stand in a sentence: short, and on one line. */
function show(written: unknown): string {
  if (typeof written === 'object' && written !== null) return Array.isArray(written) ? 'a list' : 'a mapping'
  if (typeof written === 'function' || typeof written === 'symbol') return `a ${typeof written}`
  const text = JSON.stringify(String(written))
  return text.length > 40 ? `${text.slice(0, 37)}..."` : text
}
