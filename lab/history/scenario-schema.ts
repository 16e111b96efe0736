/**
 * The scenario that a history was played from, decoded when it is loaded. `scenario-values.ts` has the same as types; a test holds
 * the two equal. What another version may have left out has what it means to leave it out; keys that nobody knows are dropped, for a
 * scenario is judged by what was recorded of it, and not by what is added.
 */
import {z} from 'zod'
import {drivers} from './client-group.ts'

const mostClients = 200

const text = z.string()
const asWritten = z.record(text, z.unknown())
const perSecond = z.number().min(0).max(1e6).default(0)

const agents = z.object({
  kind: z.enum(['writers', 'readers', 'bankers']),
  count: z.int().min(1).max(mostClients, `at most ${mostClients} clients`),
  perSecond,
  through: z.union([z.enum(['primary', 'replicas', 'members']), z.object({to: text})]),
  driver: z.enum(drivers).exactOptional(),
  timeouts: z
    .object({
      connectMs: z.number().min(0).max(1e8).nullable().exactOptional(),
      statementMs: z.number().min(0).max(1e8).nullable().exactOptional(),
    })
    .exactOptional(),
})

const program = z.object({
  kind: z.literal('program'),
  name: text,
  image: text.nullable(),
  command: z.array(text),
  environment: z.record(text, text).exactOptional(),
  perSecond,
  through: z.enum(['primary', 'replicas']),
  outside: z.literal(true).exactOptional(),
})

const groups = z.array(z.discriminatedUnion('kind', [agents, program])).max(100)

const step = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('inject'),
    fault: text,
    on: z.union([text, z.array(text).max(64)]),
    as: text,
    params: z.unknown(),
    together: z.literal(true).exactOptional(),
  }),
  z.object({do: z.literal('heal'), as: text}),
  z.object({do: z.literal('hold'), forMs: z.number().min(0)}),
  z.object({
    do: z.literal('until'),
    check: text,
    params: z.unknown(),
    within: z.union([z.number().min(0), z.literal('budget')]),
  }),
  z.object({do: z.literal('say'), says: text}),
])

const expectation = z.object({
  check: text,
  params: z.unknown(),
  line: z.int().min(1).exactOptional(),
  asked: z.literal(true).exactOptional(),
})

export const scenarioSchema = z.object({
  name: text.default(''),
  file: text.exactOptional(),
  about: text.default(''),
  suite: text.exactOptional(),
  needs: z
    .object({
      postgres: z.int().min(0).default(1),
      etcd: z.int().min(0).default(1),
      patroni: asWritten.exactOptional(),
      postgresql: asWritten.exactOptional(),
      haproxy: asWritten.exactOptional(),
      pgbouncer: asWritten.exactOptional(),
      candidates: z.int().min(1).exactOptional(),
      quorum: z.literal('lost').exactOptional(),
    })
    .default({postgres: 1, etcd: 1}),
  clients: groups.default([]),
  extraClients: groups.exactOptional(),
  steps: z.array(step).max(10_000).default([]),
  expect: z.array(expectation).max(1000).default([]),
})
