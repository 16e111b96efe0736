/** The kinds of which a run has hundreds a second have plain values only, so that a line of theirs is checked without its schema. */
import {z} from 'zod'
import {eventSchemas} from './event-schema.ts'

/**
 * Whether an event surely is as its schema has it. False: ask the schema, which takes five times as long and can say why not.
 * Made from the schemas, for the kinds of which a run has hundreds a second: their fields are plain values.
 */
export function isSurely(kind: string, event: object): boolean {
  const fields = plainFieldsOf(kind)
  if (fields === undefined) return false
  let found = 0
  for (const name in event) {
    const field = fields.get(name)
    if (field === undefined || !field.accepts((event as Record<string, unknown>)[name])) return false
    if (field.required) found++
  }
  return found === required.get(kind)
}

export type Accepts = (value: unknown) => boolean

interface PlainField {
  readonly accepts: Accepts
  readonly required: boolean
  /** Of one that takes numbers: which whole ones, and whether null. */
  readonly range: Range | null
}

export interface Range {
  readonly least: number
  readonly most: number
  readonly orNull: boolean
}

/** Whether a field is kept in a column of numbers: it takes them, and they do not recur as words do. */
export function inNumbers(name: string, range: Range | null): boolean {
  return range !== null && name !== 'timeline'
}

/** The fields of a kind whose values are all plain, with what each takes; undefined for every other kind. */
export function plainFieldsOf(kind: string): ReadonlyMap<string, PlainField> | undefined {
  return quick.get(kind)
}

const quick: ReadonlyMap<string, ReadonlyMap<string, PlainField>> = new Map(
  Object.entries(eventSchemas).flatMap(([kind, schema]) => {
    const fields = fieldsOf(schema.shape)
    return fields === null ? [] : [[kind, fields] as const]
  }),
)

const required: ReadonlyMap<string, number> = new Map(
  [...quick].map(([kind, fields]) => [kind, [...fields.values()].filter(one => one.required).length]),
)

function fieldsOf(shape: z.core.$ZodLooseShape): ReadonlyMap<string, PlainField> | null {
  const fields = new Map<string, PlainField>()
  for (const [name, field] of Object.entries(shape)) {
    const isRequired = !(field instanceof z.ZodExactOptional)
    const held = field instanceof z.ZodExactOptional ? field.unwrap() : field
    const accepts = plain(held)
    if (accepts === null && isRequired) return null
    // An event that has a rare field which is no plain value is left to its schema.
    fields.set(name, {accepts: accepts ?? (() => false), required: isRequired, range: rangeOf(held)})
  }
  return fields
}

function rangeOf(schema: unknown): Range | null {
  const held = schema instanceof z.ZodNullable ? schema.unwrap() : schema
  if (!(held instanceof z.ZodNumber)) return null
  const least = Math.max(held.minValue ?? Number.NEGATIVE_INFINITY, Number.MIN_SAFE_INTEGER)
  const most = Math.min(held.maxValue ?? Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER)
  return {least, most, orNull: held !== schema}
}

/** null: it is not a plain value, or has rules that only the schema knows. */
function plain(schema: unknown): Accepts | null {
  if (schema instanceof z.ZodNullable) {
    const inner = plain(schema.unwrap())
    return inner === null ? null : value => value === null || inner(value)
  }
  if (schema instanceof z.ZodBoolean) return value => typeof value === 'boolean'
  if (schema instanceof z.ZodLiteral || schema instanceof z.ZodEnum) {
    const known = new Set<unknown>(schema instanceof z.ZodEnum ? schema.options : schema.values)
    return value => known.has(value)
  }
  if (schema instanceof z.ZodString) return schema.def.checks?.length ? null : value => typeof value === 'string'
  if (schema instanceof z.ZodNumber) {
    const {minValue, maxValue} = schema
    const least = minValue ?? Number.NEGATIVE_INFINITY
    const most = maxValue ?? Number.POSITIVE_INFINITY
    const isOne: Accepts = schema.isInt ? Number.isSafeInteger : Number.isFinite
    return value => isOne(value) && (value as number) >= least && (value as number) <= most
  }
  return null
}
