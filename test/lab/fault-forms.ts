/**
 * The parameters of a fault as a person may write them, made from the schema by which they are read: a fault that is added, and a
 * word that a parameter takes besides, have their forms with it.
 */
import fc from 'fast-check'
import type {ZodType} from 'zod'
import {selectors, whom} from '../../lab/cluster/selector.ts'

export type Written = Readonly<Record<string, unknown>>

interface Definition {
  readonly type: string
  readonly shape?: Readonly<Record<string, ZodType>>
  readonly options?: readonly ZodType[]
  readonly element?: ZodType
  readonly innerType?: ZodType
  readonly in?: ZodType
  readonly valueType?: ZodType
  readonly entries?: Readonly<Record<string, string>>
  readonly values?: readonly unknown[]
}

const definitionOf = (schema: ZodType) => schema._zod.def as unknown as Definition

/** Every form that the schema reads; one that is refused as a whole is not among them. */
export function formsOf(params: ZodType): fc.Arbitrary<Written> {
  const shape = shapeOf(params)
  const required = Object.entries(shape).flatMap(([key, field]) => (field.safeParse(undefined).success ? [] : [key]))
  return fc
    .record(Object.fromEntries(Object.entries(shape).map(([key, field]) => [key, formsOfField(field)])), {
      requiredKeys: required,
      noNullPrototype: true,
    })
    .filter(written => params.safeParse(written).success)
}

/** Parameters of which nobody can tell how a person writes them. */
export function formless(params: ZodType): string[] {
  return Object.entries(shapeOf(params)).flatMap(([key, field]) => (hasForms(field) ? [] : [key]))
}

/** The parameters by which a fault means somebody besides `on`. */
export function targetsOf(params: ZodType): string[] {
  const means = (schema: ZodType): boolean => schema === whom || partsOf(schema).some(means)
  return Object.entries(shapeOf(params)).flatMap(([key, field]) => (means(field) ? [key] : []))
}

function shapeOf(params: ZodType): Readonly<Record<string, ZodType>> {
  const {shape} = definitionOf(params)
  if (shape === undefined) throw new TypeError('the parameters of a fault are one mapping: `z.strictObject({...})`')
  return shape
}

function partsOf(schema: ZodType): readonly ZodType[] {
  const {options, element, innerType, in: input} = definitionOf(schema)
  return [...(options ?? []), ...[element, innerType, input].filter(one => one !== undefined)]
}

function hasForms(field: ZodType): boolean {
  try {
    formsOfField(field)
    return true
  } catch (error) {
    if (error instanceof Formless) return false
    throw error
  }
}

class Formless extends Error {}

function formsOfField(field: ZodType): fc.Arbitrary<unknown> {
  if (field === whom) return fc.constantFrom(...selectors)
  const {options, element, innerType, valueType} = definitionOf(field)
  if (options !== undefined) return fc.oneof(...options.map(formsOfField))
  if (innerType !== undefined) return formsOfField(innerType)
  if (element !== undefined)
    return fc
      .uniqueArray(formsOfField(element), {minLength: 1, maxLength: 3})
      .filter(list => field.safeParse(list).success)
  if (valueType !== undefined)
    return fc
      .dictionary(fc.stringMatching(/^[a-z]{1,12}$/), formsOfField(valueType), {
        minKeys: 1,
        maxKeys: 3,
        noNullPrototype: true,
      })
      .filter(mapping => field.safeParse(mapping).success)
  const read = candidatesOf(field).filter(one => field.safeParse(one).success)
  if (read.length === 0) throw new Formless()
  return fc.constantFrom(...read)
}

/** What a person may write there, as far as the schema tells; not all of it is within the limits of the parameter. */
function candidatesOf(field: ZodType): readonly unknown[] {
  const {type, entries, values} = definitionOf(field)
  if (entries !== undefined) return Object.values(entries)
  if (values !== undefined) return values
  switch (type) {
    case 'boolean':
      return [true, false]
    case 'number':
      return numbers
    case 'string':
      return ['word']
    case 'unknown':
      return [null, true, 30, 'word', ['word'], {word: 30}]
    default:
      return amountsOf(field)
  }
}

const numbers = [0.2, 1, 2, 5, 20, 60, 500]

/** Amounts with their units (lab/words/quantity.ts), which tell an editor by a pattern how they are written. */
function amountsOf(field: ZodType): string[] {
  const {pattern} = (field.meta() ?? {}) as {readonly pattern?: string}
  const [, units] = /\(([^()]+)\)\\s\*\$$/.exec(pattern ?? '') ?? []
  if (units === undefined) return []
  const signs = /\[\+-\]/.test(pattern ?? '') ? ['', '+', '-'] : ['']
  return units.split('|').flatMap(unit => numbers.flatMap(number => signs.map(sign => `${sign}${number}${unit}`)))
}
