/** A number as a person types it: with its unit, with thousands set off as reports have them, with a word behind it. */
import {sayBytes} from '../words/quantity.ts'
import type {NumberUnit} from './truth.ts'

/** In seconds, in bytes, or as a count; or why it is read as none, with what can be typed instead. */
export type Typed = {readonly number: number} | {readonly refused: string}

/** How one is to be given, for the prompt. No example is near an answer of ours. */
export const numberForms: Readonly<Record<NumberUnit, string>> = {
  seconds: 'seconds, such as 12 s or 0.8 s',
  count: 'a number, such as 8 or 4,200',
  bytes: 'a size, such as 512kB, 64MB or 65,536',
}

const nouns: Readonly<Record<NumberUnit, string>> = {seconds: 'time', count: 'number', bytes: 'size'}

export function numberIn(written: string, unit: NumberUnit): Typed {
  const text = written.trim()
  const said = text.toLowerCase().replace(/^(?:about|around|roughly|circa|ca\.?|~)\s*/, '')
  // A number may have spaces for its thousands; what is neither number nor word is a token by itself.
  const read = readers[unit](said.match(/[.,]?\d(?:[\d.,_'\s]*\d)?|[a-z]+|\S/g) ?? [])
  if (read === null) return {refused: `That is read as no ${nouns[unit]}. Type ${numberForms[unit]}.`}
  if (read !== 'either') return {number: read}
  const as = (comma: string) => `${text.replace(',', comma)}${unit === 'seconds' && /\d$/.test(text) ? ' s' : ''}`
  return {refused: `${text} can be read in two ways. Type ${as('')} or ${as('.')}.`}
}

/** Whether it is what we print of this size: by thousands, and rounded. */
export function isAsPrinted(written: string, size: number): boolean {
  const bare = (text: string) => text.toLowerCase().replace(',', '.').replace(/\s+/g, '')
  return bare(written) === bare(sayBytes(size))
}

/** `either`: its comma could be a decimal one, or of thousands. */
type Read = number | 'either' | null

const readers: Readonly<Record<NumberUnit, (tokens: readonly string[]) => Read>> = {
  seconds: secondsIn,
  bytes: bytesIn,
  count: countIn,
}

const thousands = /^\d{1,3}([,._'\s])\d{3}(?:\1\d{3})*$/

/** @param isWhole nothing but whole numbers is meant: then a comma before three digits is one of thousands. */
function amountIn(token: string, isWhole: boolean): Read {
  const [, mark = ''] = thousands.exec(token) ?? []
  const isTwice = token.split(mark).length > 2
  const isMark = mark !== '' && (isTwice || !/[.,]/.test(mark) || (mark === ',' && isWhole))
  if (isMark) return Number(token.replace(/\D/g, ''))
  if (mark === ',' && !token.startsWith('0')) return 'either'
  if (isWhole) return /^\d{1,15}$/.test(token) ? Number(token) : null
  return /^(?:\d{1,12}(?:[.,]\d{1,9})?|[.,]\d{1,9})$/.test(token) ? Number(token.replace(',', '.')) : null
}

const timeUnits: ReadonlyMap<string, number> = new Map([
  ...['s', 'sec', 'secs', 'second', 'seconds'].map(one => [one, 1] as const),
  ...['ms', 'msec', 'millisecond', 'milliseconds'].map(one => [one, 0.001] as const),
  ...['m', 'min', 'mins', 'minute', 'minutes'].map(one => [one, 60] as const),
])

/** `12`, `12 s`, `1m 5s`, `250ms`. */
function secondsIn(tokens: readonly string[]): Read {
  const [first = '', ...more] = tokens
  if (more.length === 0) return amountIn(first, false)
  let sum = 0
  for (let index = 0; index < tokens.length; index += 2) {
    const factor = timeUnits.get(tokens[index + 1] ?? '')
    const value = amountIn(tokens[index]!, false)
    if (factor === undefined || typeof value !== 'number') return factor === undefined ? null : value
    sum += value * factor
  }
  return Math.round(sum * 1e6) / 1e6
}

/** As PostgreSQL reads its settings: powers of 1024, however they are spelled. */
const sizeUnits: ReadonlyMap<string, number> = new Map([
  ...['b', 'byte', 'bytes'].map(one => [one, 1] as const),
  ...['kb', 'kib', 'mb', 'mib', 'gb', 'gib'].map(one => [one, 1024 ** ('kmg'.indexOf(one[0]!) + 1)] as const),
])

/** `65536`, `65,536 bytes`, `64kB`, `16 MiB`. */
function bytesIn([amount = '', unit = 'b', ...more]: readonly string[]): Read {
  const factor = sizeUnits.get(unit)
  if (factor === undefined || more.length > 0) return null
  const value = amountIn(amount, factor === 1)
  return typeof value === 'number' ? Math.round(value * factor) : value
}

const numerals: ReadonlyMap<string, number> = new Map([
  ...['no', 'none', 'nothing', 'zero'].map(one => [one, 0] as const),
  ...['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].map(
    (one, index) => [one, index + 1] as const,
  ),
])

/** Behind a number these make another one of it, or leave open which it is. */
const changing =
  /^(?:[ac-rt-z]|ms|[kmgt]i?b|(?:kilo|mega|giga|milli|micro)\w*|(?:thousand|million|billion|hundred|dozen|percent|half|min|minute|hour|day)s?|or|and|to|not|than|more|less|fewer|plus|minus|point|times|so)$/

/** A number, and what is counted behind it: `3`, `2,755 rows`, `three members`. */
function countIn([amount = '', ...behind]: readonly string[]): Read {
  const isCounted = (word: string) => /^[a-z]+$/.test(word) && !changing.test(word) && !numerals.has(word)
  return behind.length <= 2 && behind.every(isCounted) ? (numerals.get(amount) ?? amountIn(amount, true)) : null
}
