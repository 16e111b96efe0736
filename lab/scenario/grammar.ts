/** The keys of a scenario file and what each may hold. The parser and the JSON Schema for editors are both made from it. */
import {z} from 'zod'
import {drivers} from '../history/client-group.ts'
import {entryNames, plainEntryNames} from '../topology/entries.ts'
import {settings} from '../topology/settings.ts'
import {duration, name as nameOf, positiveDuration, rate} from '../words/schemas.ts'

/** Load and time stay bounded, whatever a file says. */
const mostClients = 200
const mostPerSecond = 2000
const longestHoldMs = 10 * 60_000
const longestUntilMs = 30 * 60_000

const name = nameOf('scenario', 'a name')

const needs = z
  .strictObject({
    postgres: z.int({error: 'a whole number of hosts'}).min(1).max(9, 'at most 9 hosts with PostgreSQL').optional(),
    etcd: z.int({error: 'a whole number of hosts'}).min(1).max(7, 'at most 7 hosts with etcd').optional(),
    candidates: z.int({error: 'a whole number of members that may lead'}).min(1).max(9, 'at most 9').optional(),
    patroni: settings.patroni.optional(),
    postgresql: settings.postgresql.optional(),
    haproxy: settings.haproxy.optional(),
    pgbouncer: settings.pgbouncer.optional(),
    quorum: z.literal('lost', {error: '`quorum: lost` is all that can be said of it'}).optional(),
  })
  .optional()

export const head = z.strictObject({
  about: z
    .string({error: '`about` says in a sentence what must happen'})
    .trim()
    .min(10, '`about` says in a sentence what must happen, in at least 10 characters'),
  suite: name.optional(),
  needs,
  clients: z
    .array(z.looseObject({}, {error: 'a group of clients is a mapping'}), {error: '`clients` is a list of groups'})
    .min(1, 'without clients there is nothing to observe'),
  steps: z
    .array(z.looseObject({}, {error: 'a step is a mapping such as `hold: 2s`'}), {error: '`steps` is a list'})
    .min(1, 'a scenario without steps does nothing'),
  expect: z
    .array(z.unknown(), {error: '`expect` is a list of checks'})
    .min(1, 'a scenario that expects nothing cannot fail'),
})

export const kinds = ['writers', 'readers', 'bankers', 'pgbench', 'client'] as const
export type Kind = (typeof kinds)[number]

const count = z
  .int({error: 'a whole number of clients'})
  .min(1, 'at least 1 client')
  .max(mostClients, `at most ${mostClients} clients`)
const perSecond = rate.refine(
  perSecond => perSecond > 0 && perSecond <= mostPerSecond,
  `a rate from 1/s to ${mostPerSecond}/s`,
)
const port = z.enum(plainEntryNames, {error: '`through` is primary or replicas'}).optional()
const driver = z.enum(drivers, {error: `\`driver\` is one of ${drivers.join(', ')}`}).optional()
const to = z.string({error: '`to` names a host, or a selector such as leader'}).optional()
const patience = positiveDuration.refine(ms => ms <= longestHoldMs, `at most ${longestHoldMs / 60_000} minutes`)
const timeouts = z
  .union([z.literal('default'), z.strictObject({connect: patience.optional(), statement: patience.optional()})], {
    error: "`timeouts` is `default`, for the driver's own, or says `connect`, `statement`, or both",
  })
  .optional()
const agent = {
  rate: perSecond,
  through: z.enum(entryNames, {error: '`through` is primary, replicas or members'}).optional(),
  to,
  driver,
  timeouts,
}
const text = z.string({error: 'a text'})

export const clientGroup = {
  writers: z.strictObject({writers: count, ...agent}),
  readers: z.strictObject({readers: count, ...agent}),
  /** Transfers between accounts and audits of all of them, by turns: `expect: bank`. */
  bankers: z.strictObject({
    bankers: count,
    ...agent,
    through: port,
    driver: z.enum(['pg', 'pg-pool'], {error: 'bankers have the `driver` pg or pg-pool'}).optional(),
  }),
  /** PostgreSQL's own: it knows nothing of the lab, and is watched on its connections. */
  pgbench: z.strictObject({pgbench: count, rate: perSecond, through: port}),
  /** A person's own program in a container; `rate` is what it gets at most. */
  client: z.strictObject({
    client: z.strictObject(
      {
        image: z.string({error: '`image` names a container image'}).min(1, '`image` names a container image'),
        command: z.array(text, {error: '`command` is a list: the program and its arguments'}).optional(),
        environment: z
          .record(nameOf('variable'), text, {
            error: '`environment` is a mapping of names to texts',
          })
          .optional(),
        name: name.optional(),
      },
      {error: '`client` is a mapping with an `image`'},
    ),
    rate: perSecond.optional(),
    through: port,
  }),
} as const satisfies Record<Kind, unknown>

export const verbs = ['inject', 'heal', 'hold', 'until', 'say'] as const
type Verb = (typeof verbs)[number]

/** The word budget, or a duration: one issue for both, in the words of the duration. */
const within = z.union(
  [
    z.literal('budget'),
    positiveDuration.refine(ms => ms <= longestUntilMs, `at most ${longestUntilMs / 60_000} minutes`),
  ],
  {
    error: issue => {
      if (issue.input === undefined) return '`within` is missing: a duration such as 30s, or the word budget'
      const says = positiveDuration.safeParse(issue.input).error?.issues[0]?.message
      return says === undefined
        ? `at most ${longestUntilMs / 60_000} minutes`
        : `${says} The word budget can stand there as well.`.replace(/([^?.]) The word/, '$1. The word')
    },
  },
)

export const steps = {
  hold: z.strictObject({
    hold: duration.refine(ms => ms <= longestHoldMs, `at most ${longestHoldMs / 60_000} minutes`),
  }),
  say: z.strictObject({say: z.string({error: '`say` is a sentence'})}),
  heal: z.strictObject({heal: z.string({error: '`heal` names an earlier step'})}),
  until: z.strictObject({until: z.unknown(), within}),
  /** Beside these, the parameters of the fault. */
  inject: z.looseObject({
    inject: z.string({error: '`inject` names a fault'}),
    on: z
      .union([z.string(), z.array(z.string()).min(1).max(64)], {
        error: '`on` names whom: a selector such as leader, a host, or an earlier step; or it is a list of these',
      })
      .optional(),
    as: name.optional(),
    /** At the same moment as the `inject` before it. */
    together: z.boolean({error: '`together` is true or false'}).optional(),
  }),
} as const satisfies Record<Verb, unknown>
