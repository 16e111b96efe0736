/** What a unit's schema says about its parameters, whatever it is built of. */
import type {ZodType} from 'zod'
import {whom} from '../cluster/selector.ts'
import {faults} from '../faults/index.ts'
import type {Scenario} from '../history/scenario-values.ts'
import type {Path} from '../words/decode.ts'

interface Definition {
  readonly shape?: Readonly<Record<string, ZodType>>
  readonly options?: readonly ZodType[]
  readonly element?: ZodType
  readonly innerType?: ZodType
  readonly in?: ZodType
}

/** The keys that a unit takes; for a union, those of any of its forms. */
export function keysOfParams(schema: ZodType): string[] {
  const {shape, options, innerType, in: input} = schema._zod.def as Definition
  if (shape !== undefined) return Object.keys(shape)
  if (options !== undefined) return [...new Set(options.flatMap(keysOfParams))]
  const inner = innerType ?? input
  return inner === undefined ? [] : keysOfParams(inner)
}

/** The places in `value` where somebody is named: where the schema has `whom`. */
export function namedIn(
  schema: ZodType,
  value: unknown,
  path: Path = [],
): {readonly path: Path; readonly word: string}[] {
  if (schema === whom) return typeof value === 'string' ? [{path, word: value}] : []
  const {shape, options, element, innerType, in: input} = schema._zod.def as Definition
  if (shape !== undefined && typeof value === 'object' && value !== null)
    return Object.entries(shape).flatMap(([key, inner]) =>
      namedIn(inner, (value as Readonly<Record<string, unknown>>)[key], [...path, key]),
    )
  if (element !== undefined && Array.isArray(value))
    return value.flatMap((one, index) => namedIn(element, one, [...path, index]))
  if (options !== undefined) return options.flatMap(one => namedIn(one, value, path))
  const inner = innerType ?? input
  return inner === undefined ? [] : namedIn(inner, value, path)
}

/** Every selector and host's name by which a scenario means somebody; earlier steps are left out. */
export function namedHosts({steps, clients}: Pick<Scenario, 'steps' | 'clients'>): readonly string[] {
  const injected = steps.flatMap(step => (step.do === 'inject' ? [step] : []))
  const ids = new Set(injected.map(step => step.as))
  const named = injected.flatMap(step => {
    const schema = faults[step.fault]?.params
    return [...[step.on].flat(), ...(schema === undefined ? [] : namedIn(schema, step.params).map(({word}) => word))]
  })
  const reached = clients.flatMap(({through}) => (typeof through === 'string' ? [] : [through.to]))
  return [...named, ...reached].filter(one => !ids.has(one))
}
