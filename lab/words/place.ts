/** Where something stands in a file, and the refusal of a file that cannot be read as what it is said to be. */
import {LabError} from './errors.ts'
import {printable, printableName} from './printable.ts'
import {refusals} from './refusals.ts'

/** Counted from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A word of a file, without its quotes. */
export interface Word {
  readonly text: string
  readonly place: Place
}

export interface HostPort {
  readonly host: string
  readonly port: number | undefined
  /** As it is written. */
  readonly text: string
  readonly place: Place
}

export function sayPlace({file, line, column}: Place): string {
  return `${printableName(file)}:${line}:${column}`
}

/** @throws LabError `config` with the place: findings in what is left of such a file would be guesses. */
export function refuse(id: keyof typeof refusals, place: Place, detail = ''): never {
  throw new LabError('config', `${sayPlace(place)}: ${printable(`${refusals[id].says}${detail}`)}`)
}

/** `10.0.0.1:8008`, `[::1]:8008`, `db1`; of `10.0.0.1,db1:5432` the first. */
export function hostPort({text, place}: Word): HostPort {
  const [, bracketed, plain, written] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text.trim()) ?? []
  const host = (bracketed ?? plain ?? text.trim()).split(',')[0] ?? ''
  return {host, port: written === undefined ? undefined : Number(written), text, place}
}

export function isLoopback(host: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost(\.localdomain)?|::1|ip6-localhost)$/i.test(host)
}

export function isWildcard(host: string): boolean {
  return /^(0\.0\.0\.0|\*|::|)$/.test(host)
}

export function isAddress(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || (host.includes(':') && /^[\da-f:.]+$/i.test(host))
}

/** The same host, as far as two texts tell. */
export function sameHost(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
