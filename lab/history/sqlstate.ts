/**
 * What an error says about a statement that was sent: did it happen or can nobody know? One table; what is not listed
 * is `unknown`, because a `fail` of ours is a promise that the row is not there.
 *
 * The statement is one INSERT outside a transaction block, so its commit is part of its answer. PostgreSQL raises an
 * ERROR only while the transaction can still be rolled back: from the commit record on it holds off interrupts and
 * promotes any error to PANIC (`CommitTransaction` in xact.c). A FATAL and a lost connection tell no such thing.
 */
import {own} from '../words/own.ts'
import type {Outcome} from './event.ts'

interface Ruling {
  readonly outcome: Exclude<Outcome, 'ok'>
  readonly because: string
}

/** Codes of ours, for what neither PostgreSQL nor the kernel has a code for. */
export const ownCodes = {
  /** No answer within the client's own time-out. */
  timeout: 'timeout',
  /** The connection ended without a word (a FIN). */
  closed: 'closed',
  /** The driver refused, nothing went out. */
  notSent: 'not-sent',
  /** Of a driver that looks for the primary itself: who answered takes no writes. */
  readOnly: 'read-only',
  /** What PgBouncer says of itself, all of it as 08P01: that its login to the server fails, say. */
  pooler: 'pooler',
  /** The driver said something without a code. */
  other: 'other',
} as const

const refusedBeforeCommit = 'an ERROR is raised while the transaction can still be rolled back, and it was'

/** Statement in flight; by full code first, then by class (the first two characters of a SQLSTATE). */
export const rulings: Readonly<Record<string, Ruling>> = {
  // The server said no before anything was committed.
  '25006': {outcome: 'fail', because: 'the server is read-only (a standby, or not promoted yet): nothing was executed'},
  '22': {outcome: 'fail', because: refusedBeforeCommit},
  '23': {outcome: 'fail', because: refusedBeforeCommit},
  '42': {outcome: 'fail', because: refusedBeforeCommit},
  '40001': {outcome: 'fail', because: refusedBeforeCommit},
  '40P01': {outcome: 'fail', because: refusedBeforeCommit},
  '55P03': {outcome: 'fail', because: refusedBeforeCommit},
  '53100': {
    outcome: 'fail',
    because: `${refusedBeforeCommit} (disk full at the commit record itself is a PANIC, not this)`,
  },
  // Answers to a connection attempt. They can only come before a statement is taken.
  '57P03': {outcome: 'fail', because: 'the server takes no connections now: no statement was sent'},
  '53300': {outcome: 'fail', because: 'too many connections: no statement was sent'},
  '28': {outcome: 'fail', because: 'authentication was refused: no statement was sent'},
  '3D000': {outcome: 'fail', because: 'there is no such database: no statement was sent'},
  [ownCodes.notSent]: {outcome: 'fail', because: 'the driver knew that the connection is gone and sent nothing'},
  // The rest is `unknown` anyway; these are here because people ask why.
  '57P01': {
    outcome: 'unknown',
    because:
      'the backend is told to end at any moment, also while it waits for a synchronous standby, when the commit ' +
      'is on its disk already; and a proxy or pooler may pass on a goodbye that was meant for the session, not the statement',
  },
  '57P02': {
    outcome: 'unknown',
    because: 'sent from a signal handler when another backend crashed, also between the commit and its answer',
  },
  '57014': {outcome: 'unknown', because: 'we cancel nothing, so somebody else did, and we do not know at which moment'},
  '08': {outcome: 'unknown', because: 'the connection broke after the statement was sent'},
  XX: {outcome: 'unknown', because: 'an internal error promises nothing'},
  '58': {outcome: 'unknown', because: 'an error of the system around PostgreSQL promises nothing'},
  ECONNRESET: {outcome: 'unknown', because: 'the connection was reset after the statement was sent'},
  EPIPE: {
    outcome: 'unknown',
    because: 'the connection broke while the statement was being sent; part of it may have arrived',
  },
  ETIMEDOUT: {outcome: 'unknown', because: 'the network gave up on the connection after the statement was sent'},
  EHOSTUNREACH: {outcome: 'unknown', because: 'the host became unreachable after the statement was sent'},
  [ownCodes.timeout]: {outcome: 'unknown', because: 'no answer came in time; the statement may still be carried out'},
  [ownCodes.closed]: {outcome: 'unknown', because: 'the connection was closed before the answer'},
}

const unlisted: Ruling = {outcome: 'unknown', because: 'this error is not in the table'}

/** The ruling on a statement. `sent: false` (the connection failed before it went out) is always a `fail`. */
export function ruling(code: string | null, sent: boolean): Ruling {
  if (!sent) return {outcome: 'fail', because: 'no statement was sent'}
  if (code === null) return unlisted
  const sqlstate = /^[0-9A-Z]{5}$/.test(code)
  return own(rulings, code) ?? (sqlstate ? rulings[code.slice(0, 2)] : undefined) ?? unlisted
}

/**
 * The ruling on an attempt whose agent does not know the table.
 * @param error null: it was answered. @param doubt the code of a warning that took the certainty from that answer, or null.
 */
export function outcomeOf(code: string | null, error: string | null, doubt: string | null): Outcome {
  if (error !== null) return ruling(code, true).outcome
  return doubt === null ? 'ok' : 'unknown'
}

/** What pg says when its own time-outs are over: of the connection attempt (twice, the pool has its own), and of the statement. */
const timedOut: ReadonlySet<string> = new Set([
  'timeout expired',
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
  'Query read timeout',
])

/** The code of an error as the driver gives it: SQLSTATE, errno, or one of ours. */
export function codeOf(error: unknown): string {
  const {code, message = ''} = error as {code?: unknown; message?: string}
  if (typeof code === 'string' && code !== '') return code
  if (timedOut.has(message)) return ownCodes.timeout
  if (message.includes('is not queryable')) return ownCodes.notSent
  if (message.startsWith('Connection terminated')) return ownCodes.closed
  return ownCodes.other
}
