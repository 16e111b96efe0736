import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {expect, test} from 'vitest'
import type {z} from 'zod'
import type {Event, Of} from '../../lab/event.ts'
import {type eventSchemas, schemaOf} from '../../lab/event-schema.ts'
import type {Allocation, Topology} from '../../lab/topology.ts'
import type {allocationSchema, topologySchema} from '../../lab/topology-schema.ts'

/** Without `readonly`, and intersections as one object: then two types that mean the same are the same. */
type Plain<T> = T extends readonly unknown[]
  ? {-readonly [I in keyof T]: Plain<T[I]>}
  : T extends object
    ? {-readonly [K in keyof T]: Plain<T[K]>}
    : T
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Kind = Event['kind']
type Drifted = {
  [K in Kind]: Same<Plain<Of<K>>, Plain<z.output<(typeof eventSchemas)[K]>>> extends true ? never : K
}[Kind]

test('the table of schemas and the types of events are the same, held by the compiler', () => {
  const drifted: [Drifted] extends [never] ? 'none' : Drifted = 'none'
  const topology: Same<Plain<Topology>, Plain<z.output<typeof topologySchema>>> = true
  const allocation: Same<Plain<Allocation>, Plain<z.output<typeof allocationSchema>>> = true
  expect([drifted, topology, allocation]).toEqual(['none', true, true])
})

const folder = join(import.meta.dirname, '..', 'histories')

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
