/** What is the case, as a value that an answer can be held against, and as a sentence. */
import type {HostName} from '../topology/topology.ts'

/** What a number counts. */
export type NumberUnit = 'seconds' | 'count' | 'bytes'

export type Value =
  /** Any of them is a right answer; none: nobody is. */
  | {readonly kind: 'hosts'; readonly hosts: readonly HostName[]}
  /** From `least` to `most`, both included: a measurement is one number, a prediction lies between two. */
  | {readonly kind: 'number'; readonly least: number; readonly most: number; readonly unit: NumberUnit}
  | {readonly kind: 'word'; readonly word: string}
  | {readonly kind: 'yes'; readonly yes: boolean}

export interface Truth {
  readonly value: Value
  /** A sentence without its full stop: `node1 leads`. */
  readonly says: string
}

export function hosts(all: readonly HostName[], says: string): Truth {
  return {value: {kind: 'hosts', hosts: all}, says}
}

export function count(number: number, says: string): Truth {
  return {value: {kind: 'number', least: number, most: number, unit: 'count'}, says}
}

export function bytes(number: number, says: string): Truth {
  return {value: {kind: 'number', least: number, most: number, unit: 'bytes'}, says}
}

/** Of one number, or between two. */
export function seconds(least: number, most: number, says: string): Truth {
  return {value: {kind: 'number', least, most, unit: 'seconds'}, says}
}

export function word(written: string, says: string): Truth {
  return {value: {kind: 'word', word: written}, says}
}

export function yes(isSo: boolean, says: string): Truth {
  return {value: {kind: 'yes', yes: isSo}, says}
}

/** Whether it is what a lesson's `is` says; the same as text of two values tells whether one has changed. */
export function isValue(value: Value, is: string | number | boolean): boolean {
  switch (value.kind) {
    case 'hosts':
      return value.hosts.length === 1 ? value.hosts[0] === is : value.hosts.length === is
    case 'number':
      return typeof is === 'number' && value.least <= is && is <= value.most
    case 'word':
      return value.word === String(is)
    case 'yes':
      return value.yes === is
  }
}

export function asText(value: Value): string {
  switch (value.kind) {
    case 'hosts':
      return value.hosts.toSorted().join(',')
    case 'number':
      return `${value.least}..${value.most}`
    case 'word':
      return value.word
    case 'yes':
      return String(value.yes)
  }
}
