/**
 * What each kind of event may hold, as one table: a recorded run may come from anybody. `event.ts` has the same as types, and says
 * what the fields mean; a test holds the two equal.
 *
 * Bounds are those of a recorder: what is beyond them was not recorded by a run of ours, and could keep a check busy for ever.
 */
import {z} from 'zod'
import {leaderFaults} from '../budget/index.ts'
import {topologySchema} from '../topology/topology-schema.ts'
import type {Event, Happening} from './event.ts'
import {scenarioSchema as scenario} from './scenario-schema.ts'
import {injectionPhases} from './scenario-values.ts'
import {observers} from './tellers.ts'

/** Nothing of a run is longer. */
const longestMicros = 7 * 86_400 * 1_000_000
/** Rows of a run: its clients make 7.2 million at most, whatever a scenario asks for. */
const mostRows = 10_000_000

const text = z.string()
const host = text
const hosts = z.array(host).max(64)
const micros = z
  .int('a time is a whole number of microseconds')
  .min(0, 'a time counts from the beginning of the run and is not negative')
  .max(longestMicros, 'no run takes more than 7 days')
const count = z.int().min(0)
const position = z.int().min(0)
const id = z
  .int()
  .min(0)
  .max(2 ** 31 - 1, 'an id is at most 2147483647')
const outcome = z.enum(['ok', 'fail', 'unknown'])
const op = z.enum(['write', 'read'])
const phase = z.enum(injectionPhases).exactOptional()
const code = text.nullable()

const mendSchema = z.discriminatedUnion('do', [
  z.strictObject({do: z.literal('start-host'), host}),
  z.strictObject({do: z.literal('unpause-host'), host}),
  z.strictObject({do: z.literal('plug-in'), host}),
  z.strictObject({do: z.literal('lift-cpu-limit'), host}),
  z.strictObject({do: z.literal('start-service'), host, service: text}),
  z.strictObject({do: z.literal('resume-processes'), host}),
  z.strictObject({do: z.literal('open-network'), host, cut: text}),
  z.strictObject({do: z.literal('unslow-network'), host}),
  z.strictObject({do: z.literal('resume-replay'), host}),
  z.strictObject({do: z.literal('free-disk'), host}),
  z.strictObject({do: z.literal('repair-postgres'), host}),
  z.strictObject({do: z.literal('free-etcd'), host}),
  z.strictObject({do: z.literal('replace-etcd'), host}),
  z.strictObject({do: z.literal('unslow-disk'), host}),
  z.strictObject({do: z.literal('set-clock'), host}),
  z.strictObject({do: z.literal('end-load'), host}),
  z.strictObject({do: z.literal('reset-tags'), host}),
  z.strictObject({do: z.literal('start-observer'), host: z.null()}),
  z.strictObject({do: z.literal('remove-program'), host: z.null(), program: text}),
  z.strictObject({do: z.literal('set-config'), host: host.nullable(), config: z.record(text, z.unknown())}),
])

const cut = z.strictObject({host, from: hosts, service: text.nullable(), ways: z.enum(['both', 'out', 'in'])})
const struck = z.union([
  z.strictObject({
    host,
    fault: z.enum(leaderFaults),
    cut: z.enum(['drop', 'reject']).exactOptional(),
    proxyReaches: z.boolean().exactOptional(),
  }),
  z.strictObject({host, why: text, keepsKey: z.literal(true).exactOptional()}),
])
const strike = z.strictObject({
  struck: z.array(struck).max(64),
  dead: hosts.exactOptional(),
  frozen: hosts.exactOptional(),
  cut: z.array(cut).max(1000).exactOptional(),
  down: z
    .array(z.strictObject({host, service: text}))
    .max(64)
    .exactOptional(),
  full: hosts.exactOptional(),
  slowDisk: hosts.exactOptional(),
  slowCpu: hosts.exactOptional(),
  byHand: z
    .strictObject({
      promotes: hosts.exactOptional(),
      deletesKey: z.literal(true).exactOptional(),
      takesTable: z.literal(true).exactOptional(),
    })
    .exactOptional(),
  sets: z
    .strictObject({
      config: z.record(text, z.unknown()).exactOptional(),
      tags: z.record(text, z.unknown()).exactOptional(),
    })
    .exactOptional(),
})

const ranges = z
  .array(z.tuple([id, id]))
  .max(mostRows / 10)
  .superRefine((all, context) => {
    let rows = 0
    let before = -1
    for (const [index, [from, to]] of all.entries()) {
      rows += to - from + 1
      const says =
        from > to
          ? `a range goes upwards, and this one is from ${from} to ${to}`
          : from <= before
            ? `ranges rise, and this one begins at ${from} after ${before}`
            : rows > mostRows
              ? `no run writes more than ${mostRows} rows`
              : null
      before = to
      if (says === null) continue
      context.addIssue({code: 'custom', path: [index], message: says})
      return
    }
  })

const attempt = {outcome, server: host.nullable(), timeline: count.nullable(), sqlstate: code, error: text.nullable()}

/** In a history always; in the file of an older run not yet, see `upcast.ts`. */
const scope = text.exactOptional()

const fields = {
  'run-started': {
    run: text,
    scenario,
    lab: text,
    topology: topologySchema,
    versions: z.record(text, text),
    startedAt: text,
    phase,
    seed: count.exactOptional(),
  },
  'never-began': {run: text, scenario, lab: text, startedAt: text, phase, code: text, says: text},
  phase: {name: z.enum(['leftovers', 'healthy', 'steady', 'steps', 'healing', 'recovery', 'final-reads'])},
  'step-started': {index: count, says: text},
  'step-ended': {index: count, ok: z.boolean(), says: text, known: z.literal(false).exactOptional()},
  'run-ended': {
    how: z.enum(['complete', 'interrupted', 'error']),
    says: text.exactOptional(),
    lines: z.record(text, count).exactOptional(),
  },
  recovery: {recovered: z.boolean(), says: text},
  note: {says: text},
  /** `app1`: in the file of an older run, see `upcast.ts`. */
  clock: {
    who: z.enum(['app1', 'clients', 'engine']),
    host: host.exactOptional(),
    engine: text.exactOptional(),
    offsetMicros: z.int(),
    uncertaintyMicros: micros,
  },
  watching: {
    who: z.enum(observers),
    host: host.exactOptional(),
    samples: count,
    failures: count,
    refused: count.exactOptional(),
    /** Older runs have fractions here. */
    worstMicros: z.number().min(0).max(longestMicros),
    cpuWaitMicros: micros.exactOptional(),
    never: text.exactOptional(),
    recorded: count.exactOptional(),
    compacted: z.literal(true).exactOptional(),
    engines: z.array(text).exactOptional(),
  },
  target: {fault: text, selector: text, hosts},
  'fault-injecting': {
    id: text,
    fault: text,
    what: text,
    hosts,
    params: z.unknown().exactOptional(),
    needsMend: z.boolean().exactOptional(),
    /** In a history always; in the file of an older run not yet, see `upcast.ts`. */
    strike: strike.exactOptional(),
  },
  'fault-injected': {id: text},
  'fault-proof': {id: text, holds: z.boolean(), says: text},
  'fault-again': {id: text, host},
  'fault-lost': {id: text, host: host.nullable(), says: text},
  'fault-mending': {id: text, mend: mendSchema},
  'fault-mended': {id: text, mend: mendSchema, ok: z.boolean(), says: text.exactOptional()},
  'leader-key': {scope, holder: host.nullable(), revision: count, lease: text.nullable(), term: count, told: host},
  'status-key': {scope, optime: position, revision: count, term: count, told: host},
  'sync-key': {scope, leader: host.nullable(), standbys: hosts, revision: count, told: host},
  'config-key': {scope: text, config: z.record(text, z.unknown()).nullable(), revision: count, told: host},
  /** etcd says -1 of a lease that has expired. */
  lease: {
    ...{scope, lease: text, leftSeconds: z.int(), grantedSeconds: z.int(), told: host},
    refreshedAt: z.int().exactOptional(),
  },
  'etcd-member': {host, up: z.boolean(), leader: host.nullable(), term: count.nullable()},
  patroni: {
    host,
    code: z.int().nullable(),
    role: text.nullable(),
    state: text.nullable(),
    timeline: count.nullable(),
    lsn: position.nullable(),
    streaming: z.array(z.strictObject({name: text, state: text, sync: text})).max(64),
    tookMicros: micros,
    paused: z.boolean().exactOptional(),
    pendingRestart: z.boolean().exactOptional(),
    tags: z.record(text, z.unknown()).exactOptional(),
  },
  log: {
    host,
    service: z.enum(['patroni', 'postgres', 'etcd', 'haproxy', 'watchdog']),
    sign: z.enum([
      'pg_rewind',
      'basebackup',
      'promoting',
      'new-timeline',
      'rejected',
      'demoting',
      'crash-recovery',
      'panic',
      'bug',
      'slow-disk',
      'disk-full',
      'cannot-follow',
    ]),
    says: text,
  },
  watchdog: {
    host,
    state: z.enum(['armed', 'fed', 'starving', 'disarmed', 'fired']),
    timeoutSeconds: z.number().min(0),
    leftMicros: micros.nullable(),
  },
  fsync: {host, count, worstMicros: z.number().min(0).max(longestMicros)},
  room: {freeBytes: count, full: z.boolean()},
  postgres: {
    host,
    askedAt: micros,
    up: z.boolean(),
    inRecovery: z.boolean().nullable(),
    readOnly: z.boolean().nullable(),
    timeline: count.nullable(),
    lsn: position.nullable(),
    replayedLsn: position.nullable(),
    error: code,
    receiver: text.nullable(),
  },
  settings: {host, settings: z.record(text, text)},
  file: {host, file: text, as: z.enum(['given', 'changed', 'gone'])},
  slots: {
    host,
    askedAt: micros,
    slots: z
      .array(
        z.strictObject({
          name: text,
          type: z.enum(['physical', 'logical']),
          plugin: text.nullable(),
          database: text.nullable(),
          active: z.boolean(),
          restart: position.nullable(),
          confirmed: position.nullable(),
          walStatus: text.nullable(),
        }),
      )
      .max(1000),
  },
  proxy: {
    proxy: host,
    backend: z.enum(['primary', 'replicas']),
    server: host,
    status: text,
    up: z.boolean(),
    check: text,
  },
  'virtual-address': {host, held: z.boolean()},
  container: {host, action: text, exitCode: z.int().nullable()},
  'client-connected': {client: text, op, server: host.nullable(), tookMicros: micros},
  'client-disconnected': {client: text, op, error: text, sqlstate: code},
  op: {client: text, op, id, sentAt: micros, ...attempt, lsn: position.nullable(), seen: id.nullable().exactOptional()},
  bank: {
    client: text,
    op: z.enum(['transfer', 'audit']),
    id,
    sentAt: micros,
    ...attempt,
    lsn: position.nullable(),
    total: z.number().nullable(),
  },
  transaction: {client: text, op, sentAt: micros, ...attempt},
  'client-notice': {client: text, id, sqlstate: text, says: text},
  'final-rows': {
    host,
    timeline: count,
    ranges,
    duplicates: z.array(id).max(mostRows / 10),
    checksum: text.exactOptional(),
    caughtUp: z.boolean().nullable().exactOptional(),
    bankTotal: z.number().nullable().exactOptional(),
    altered: ranges.exactOptional(),
    inRecovery: z.boolean().exactOptional(),
    synchronousCommit: z.strictObject({setting: text, source: text}).exactOptional(),
  },
} as const satisfies Record<Happening['kind'], z.ZodRawShape>

type Fields = typeof fields
type SchemaOf<K extends keyof Fields> = {
  at: typeof micros
  n: z.ZodExactOptional<typeof count>
  kind: z.ZodLiteral<K>
} & Fields[K] extends infer S extends z.ZodRawShape
  ? z.ZodObject<S, z.core.$strict>
  : never

export const eventSchemas = Object.fromEntries(
  Object.entries(fields).map(([kind, shape]) => [
    kind,
    z.strictObject({at: micros, n: count.exactOptional(), kind: z.literal(kind), ...shape}),
  ]),
) as unknown as {readonly [K in keyof Fields]: SchemaOf<K>}

export function schemaOf(kind: string): z.ZodType<Event> | undefined {
  return Object.hasOwn(eventSchemas, kind)
    ? (eventSchemas[kind as Event['kind']] as unknown as z.ZodType<Event>)
    : undefined
}
