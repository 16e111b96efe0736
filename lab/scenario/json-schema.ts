/**
 * The scenario language as a JSON Schema (draft 7), for completion and complaints while a person types in an editor. Made
 * from what the parser itself uses: the grammar, and the parameters and sentences of every fault and check. What a schema
 * cannot say (a name used twice, a host that does not exist, limits of amounts) the parser alone complains about.
 */
import {z} from 'zod'
import {checks} from '../checks/index.ts'
import {selectors} from '../cluster/selector.ts'
import {faults} from '../faults/index.ts'
import type {Unit} from '../words/unit.ts'
import {clientGroup, head, steps} from './grammar.ts'
import {hostName} from './whom.ts'

type Schema = Readonly<Record<string, unknown>> & {
  readonly properties?: Readonly<Record<string, unknown>>
  readonly required?: readonly string[]
}

export function scenarioSchema(): Schema {
  const {properties = {}, ...rest} = jsonOf(head)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A scenario of pgha-lab',
    ...rest,
    properties: {
      ...properties,
      clients: {
        ...listOf(properties.clients),
        items: {
          anyOf: [
            ...groups('writers', ['primary']),
            ...groups('readers', ['primary', 'replicas']),
            ...groups('bankers', ['primary']),
            withRequired(jsonOf(clientGroup.pgbench), ['through']),
            withRequired(jsonOf(clientGroup.client), ['through']),
          ],
        },
      },
      steps: {...listOf(properties.steps), items: {anyOf: allSteps()}},
      expect: {...listOf(properties.expect), items: expectation({})},
    },
  }
}

function allSteps(): Schema[] {
  return [
    ...(['hold', 'say', 'heal'] as const).map(verb => jsonOf(steps[verb])),
    withProperties(jsonOf(steps.until), {until: expectation({within: '1m'})}),
    ...Object.entries(faults).flatMap(([name, fault]) => formsOf(fault).map(form => inject(name, fault.on, form))),
  ]
}

function inject(name: string, on: string | undefined, params: Schema): Schema {
  const {on: whom, as, together} = jsonOf(steps.inject).properties ?? {}
  const one = [...anybody, {type: 'string', description: 'an earlier step: its hosts again'}]
  return {
    ...params,
    properties: {
      inject: {const: name},
      on: {...(whom as object), anyOf: [...one, {type: 'array', items: {anyOf: one}, minItems: 1}]},
      as,
      together,
      ...params.properties,
    },
    required: ['inject', ...(on === undefined ? ['on'] : []), ...(params.required ?? [])],
  }
}

/** A check by its name alone if `given` is all it needs, or with its parameters. */
function expectation(given: Readonly<Record<string, unknown>>): Schema {
  const all = Object.entries(checks) as [string, Unit<unknown>][]
  const bare = all.filter(([, {params}]) => [{}, given].some(one => params.safeParse(one).success))
  return {
    anyOf: [
      ...bare.map(([name, {about}]) => ({const: name, description: about})),
      ...all.flatMap(([name, check]) =>
        formsOf(check).map(form => ({
          type: 'object',
          properties: {[name]: {...form, required: form.required?.filter(key => !(key in given)) ?? []}},
          required: [name],
          additionalProperties: false,
        })),
      ),
    ],
  }
}

/** Through the proxy, or past it: forms of their own, because an editor understands those better than "exactly one of". */
function groups(kind: 'writers' | 'readers' | 'bankers', ports: readonly string[]): Schema[] {
  const schema = jsonOf(clientGroup[kind])
  const {through: _, to: __, ...both} = schema.properties ?? {}
  const ways: Readonly<Record<string, unknown>>[] = [
    {through: {enum: ports}},
    {to: {anyOf: anybody}},
    // Only libpq looks for the primary among several hosts.
    ...(kind === 'bankers' ? [] : [{through: {const: 'members'}, driver: {const: 'psycopg'}}]),
  ]
  return ways.map(way => withRequired({...schema, properties: {...both, ...way}}, Object.keys(way)))
}

function withRequired(schema: Schema, keys: readonly string[]): Schema {
  return {...schema, required: [...(schema.required ?? []), ...keys]}
}

const anybody = [{enum: selectors}, {type: 'string', pattern: hostName.source, description: 'a host, such as node1'}]

/** The parameters of a unit; a union of several forms gives each. */
function formsOf({about, params}: Unit<unknown>): Schema[] {
  const schema = jsonOf(params)
  const forms = (schema.anyOf ?? schema.oneOf ?? [schema]) as Schema[]
  return forms.map(form => ({...form, description: about}))
}

function withProperties(schema: Schema, properties: Readonly<Record<string, unknown>>): Schema {
  return {...schema, properties: {...schema.properties, ...properties}}
}

/** The list itself, without what zod says of its items. */
function listOf(schema: unknown): Schema {
  const {items: _, ...list} = schema as Schema
  return list
}

function jsonOf(schema: z.ZodType): Schema {
  const {$schema: _, ...json} = z.toJSONSchema(schema, {target: 'draft-7', io: 'input', unrepresentable: 'any'})
  return json as Schema
}
