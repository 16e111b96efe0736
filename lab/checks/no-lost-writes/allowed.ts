/** Which losses a scenario allows, and how much of them. */
import {z} from 'zod'
import {LabError} from '../../words/errors.ts'
import {type Micros, parseDuration, parseSize} from '../../words/quantity.ts'

/**
 * `async-tail`: what asynchronous replication can lose, where replication is asynchronous: acknowledged by the old leader before the
 * next one led, and not proven to have reached that. `split-brain`: acknowledged by the old leader after the next one led.
 */
const losses = ['async-tail', 'split-brain'] as const
type Loss = (typeof losses)[number]

/** At most so much of it, of each failover. */
export type LossBound =
  | {readonly of: 'any'}
  | {readonly of: 'bytes' | 'rows'; readonly most: number; readonly written: string}
  | {readonly of: 'time'; readonly most: Micros; readonly written: string}

/** What is not here may not be lost at all. */
export type Allowed = Readonly<Partial<Record<Loss, LossBound>>>

const example = '1MB, 20 rows or 500ms'

function parseBound(written: unknown): LossBound {
  if (written === 'any') return {of: 'any'}
  if (typeof written !== 'string') throw new LabError('config', `how much may be lost is any, or such as ${example}`)
  const [, rows] = /^\s*([0-9]{1,9})\s*rows?\s*$/.exec(written) ?? []
  if (rows !== undefined) return {of: 'rows', most: Number(rows), written}
  if (/^\s*[0-9.]+\s*[kMG]?B\s*$/.test(written)) return {of: 'bytes', most: parseSize(written), written}
  if (/^\s*[0-9.]+\s*(ms|s|m|h)\s*$/.test(written)) return {of: 'time', most: parseDuration(written) * 1000, written}
  throw new LabError('config', `how much may be lost is any, or such as ${example}, not ${JSON.stringify(written)}`)
}

/** Its metadata is what a JSON Schema says of it, for editors. */
const bound: z.ZodType<LossBound> = z
  .unknown()
  .transform((written, context) => {
    try {
      return parseBound(written)
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      context.addIssue({code: 'custom', message: error.message})
      return z.NEVER
    }
  })
  .meta({
    type: 'string',
    pattern: '^\\s*([0-9]{1,15}(\\.[0-9]{1,9})?\\s*(B|kB|MB|GB|ms|s|m|h|rows?)|any)\\s*$',
    description: `at most so much of it: ${example}; or any`,
  })

const named = z.enum(['none', ...losses]).transform((name): Allowed => (name === 'none' ? {} : {[name]: {of: 'any'}}))
const bounded = z
  .strictObject({'async-tail': bound.exactOptional(), 'split-brain': bound.exactOptional()})
  .transform((allowed): Allowed => allowed)

export const allowed: z.ZodType<Allowed> = z.union([named, bounded], {
  error: issue =>
    typeof issue.input === 'object' && issue.input !== null
      ? `\`allow\` has async-tail and split-brain, each with how much: any, or such as ${example}`
      : `\`allow\` is none, async-tail or split-brain, or says how much: {async-tail: 1MB}`,
})
