/** Amounts, names and texts in a schema. A file of its own: what only speaks of them does without zod, which takes time to load. */
import {z} from 'zod'
import {LabError} from './errors.ts'
import {nameRules, strayCharacter} from './plain-text.ts'
import {
  type AmountKind,
  bandwidthKind,
  durationKind,
  NotAnAmount,
  parseBandwidth,
  parseDuration,
  parsePercent,
  parseRate,
  parseShift,
  parseSize,
  percentKind,
  rateKind,
  sizeKind,
} from './quantity.ts'

/** A duration as written; its value is whole milliseconds. */
export const duration = amount(durationKind, parseDuration)
/** Of a claim or a limit, for which no time at all is none. */
export const positiveDuration = duration.refine(ms => ms > 0, 'longer than 0s: nothing can be true of no time at all')
/** A size as written; its value is bytes. */
export const size = amount(sizeKind, parseSize)
/** A rate as written; its value is events per second. */
export const rate = amount(rateKind, parseRate)
/** A bandwidth as written; its value is bits per second. */
export const bandwidth = amount(bandwidthKind, parseBandwidth)
/** A share as written; its value is percent. */
export const percent = amount(percentKind, parsePercent)
/** A duration that may go back in time; its value is whole milliseconds. */
export const shift = amount(durationKind, parseShift, '[+-]?')

/** Its metadata is what a JSON Schema says of it, for editors. */
function amount(kind: AmountKind, read: (written: unknown) => number, sign = ''): z.ZodType<number> {
  return z
    .unknown()
    .transform((written, context) => {
      try {
        return read(written)
      } catch (error) {
        if (!(error instanceof LabError)) throw error
        const meant = error instanceof NotAnAmount ? {params: {meant: error.meant}} : {}
        context.addIssue({code: 'custom', message: error.message, ...meant})
        return z.NEVER
      }
    })
    .meta({
      type: 'string',
      pattern: `^\\s*${sign}[0-9]{1,15}(\\.[0-9]{1,9})?\\s*(${[...kind.units.keys()].join('|')})\\s*$`,
      description: `${kind.name}: ${kind.example}`,
    })
}

/** A text that stays on one line, whoever reads it. */
export const line = z.string().superRefine((text, {addIssue}) => {
  const stray = strayCharacter(text)
  if (stray !== null) addIssue({code: 'custom', message: `${stray} cannot stand in this value`})
})

/** A name of that kind. */
export function name(kind: keyof typeof nameRules, missing?: string): z.ZodString {
  const {pattern, says} = nameRules[kind]
  return z.string(missing === undefined ? undefined : {error: missing}).regex(pattern, says)
}
