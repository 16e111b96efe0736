/** Which errors clients may meet, and each for how long. */
import {z} from 'zod'
import {ownCodes} from '../../history/sqlstate.ts'
import {suggestion} from '../../words/did-you-mean.ts'
import {duration} from '../../words/schemas.ts'

/** Milliseconds by code; `others`: of every code that is not here. What may not be met at all is here with 0, or not here. */
export type AllowedErrors = Readonly<Record<string, number>>

/** For every code that is not named. */
export const others = 'others'

/** The classes of SQLSTATE of which a server that ends, fails over or is full tells, with every code that PostgreSQL has in them. */
const inClass: Readonly<Record<string, string>> = {
  '08': '000 001 003 004 006 007 P01',
  '25': '000 001 002 003 004 005 006 007 008 P01 P02 P03 P04',
  '28': '000 P01',
  '3D': '000',
  '40': '000 001 002 003 P01',
  '53': '000 100 200 300 400',
  '55': '000 006 P02 P03 P04',
  '57': '000 014 P01 P02 P03 P04 P05',
  '58': '000 030 P01 P02 P03',
  XX: '000 001 002',
}
/** Its other classes of errors: what is wrong with a statement, which those of our clients are not, but those of a program may be. */
const otherClasses = new Set(
  '03 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 26 27 2B 2D 2F 34 38 39 3B 3F 42 44 54 72 F0 HV P0'.split(' '),
)

const sqlstates = Object.entries(inClass).flatMap(([first, all]) => all.split(' ').map(rest => `${first}${rest}`))
/** Of connections that no server told anything about, as drivers call them. */
const errnos =
  'ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH EHOSTDOWN ENOTFOUND EAI_AGAIN'.split(
    ' ',
  )
const known: readonly string[] = [...sqlstates, ...errnos, ...Object.values(ownCodes), others]

/** A code that a client may be told, or null with nothing that is wrong with it. */
function complaintAbout(code: string): string | null {
  if (known.includes(code)) return null
  const isOfOther = /^[0-9A-Z]{5}$/.test(code) && otherClasses.has(code.slice(0, 2))
  if (isOfOther) return null
  return `\`${code}\` is no error that a client is told: a SQLSTATE such as '25006', an errno, ${Object.values(ownCodes).join(', ')} or ${others}${suggestion(code, known).startsWith(', did') ? suggestion(code, known) : ''}`
}

const code = z.string().superRefine((written, {addIssue}) => {
  const message = complaintAbout(written)
  if (message !== null) addIssue({code: 'custom', message})
})

export const allowedErrors: z.ZodType<AllowedErrors> = z.record(code, duration, {
  // Of a code that is none its own sentence says more.
  error: ({code}) =>
    code === 'invalid_key' ? undefined : "`allow` says of each error for how long: {'25006': 1s, closed: 5s}",
})
