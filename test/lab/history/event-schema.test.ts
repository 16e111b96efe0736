import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import fc from 'fast-check'
import {expect, test} from 'vitest'
import type {z} from 'zod'
import type {Event} from '../../../lab/history/event.ts'
import {type eventSchemas, schemaOf} from '../../../lab/history/event-schema.ts'
import {isSurely} from '../../../lab/history/plain-fields.ts'
import type {scenarioSchema} from '../../../lab/history/scenario-schema.ts'
import type {Scenario} from '../../../lab/history/scenario-values.ts'
import type {InFile} from '../../../lab/history/upcast.ts'
import type {Allocation, Topology} from '../../../lab/topology/topology.ts'
import type {allocationSchema, topologySchema} from '../../../lab/topology/topology-schema.ts'

/** Without `readonly`, and intersections as one object: then two types that mean the same are the same. */
type Plain<T> = T extends readonly unknown[]
  ? {-readonly [I in keyof T]: Plain<T[I]>}
  : T extends object
    ? {-readonly [K in keyof T]: Plain<T[K]>}
    : T
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Kind = Event['kind']
type Drifted = {
  [K in Kind]: Same<Plain<InFile<K>>, Plain<z.output<(typeof eventSchemas)[K]>>> extends true ? never : K
}[Kind]

test('the table of schemas and the types of events are the same, held by the compiler', () => {
  const drifted: [Drifted] extends [never] ? 'none' : Drifted = 'none'
  const topology: Same<Plain<Topology>, Plain<z.output<typeof topologySchema>>> = true
  const allocation: Same<Plain<Allocation>, Plain<z.output<typeof allocationSchema>>> = true
  const scenario: Same<Plain<Scenario>, Plain<z.output<typeof scenarioSchema>>> = true
  expect([drifted, topology, allocation, scenario]).toEqual(['none', true, true, true])
})

const folder = join(import.meta.dirname, '..', '..', 'histories')

test.each(globSync('*.ndjson.gz', {cwd: folder}))('%s is valid to its last event', file => {
  const lines = gunzipSync(readFileSync(join(folder, file)))
    .toString()
    .trimEnd()
    .split('\n')
  const wrong = lines.flatMap((line, index) => {
    const event = JSON.parse(line) as Event
    const issue = schemaOf(event.kind)?.safeParse(event).error?.issues[0]
    return issue === undefined ? [] : [{line: index + 1, kind: event.kind, issue}]
  })
  expect(wrong).toEqual([])
})

test('what is surely an event is one by its schema, and every recorded one of the frequent kinds surely is', () => {
  const events = readFileSync(join(folder, 'kill-leader.pass.ndjson.gz'))
  const first = new Map<string, object>()
  for (const line of gunzipSync(events).toString().trimEnd().split('\n')) {
    const event = JSON.parse(line) as Event
    first.set(event.kind, event)
    if (['op', 'postgres', 'watching', 'bank', 'fsync'].includes(event.kind))
      expect(isSurely(event.kind, event), line).toBe(true)
  }
  const value = fc.oneof(
    fc.constantFrom<unknown>(null, -1, 0, 1, 0.5, 2 ** 31, 2 ** 53, Number.NaN, 1e300, true, '', 'ok', 'write', [], {}),
    fc.integer(),
  )
  const changed = fc
    .constantFrom(...first.values())
    .chain(event =>
      fc.tuple(fc.constant(event), fc.constantFrom(...Object.keys(event), 'seen', 'more'), value, fc.boolean()),
    )
  fc.assert(
    fc.property(changed, ([event, key, to, leaveOut]) => {
      const other: Record<string, unknown> = {...event, [key]: to}
      if (leaveOut) delete other[key]
      const kind = (event as Event).kind
      const isOne = schemaOf(kind)!.safeParse(other).success
      if (isSurely(kind, other)) expect(isOne).toBe(true)
    }),
    {numRuns: 5000},
  )
})
