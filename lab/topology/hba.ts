/** Whom PostgreSQL lets in: lines of pg_hba in a lab's own words, in the place of its usual ones, which let in all users of the lab. */
import {z} from 'zod'
import {appDatabase, type HostName, roles, type Topology} from './topology.ts'

const types = ['host', 'hostssl', 'hostnossl'] as const
const databases = ['all', 'replication', 'postgres', appDatabase] as const
const users = ['all', roles.replication, roles.rewind, roles.app] as const
const methods = ['reject', 'scram-sha-256', 'md5', 'password', 'trust'] as const
/** Of what is no host of the lab: everybody, and the server's own host by its loopback address. */
const hbaAddresses = ['all', '127.0.0.1/32'] as const

export interface HbaRule {
  /** Left out: `host`, in TLS or not. */
  readonly type?: Exclude<(typeof types)[number], 'host'>
  readonly database: (typeof databases)[number]
  readonly user: (typeof users)[number]
  /** `all`, the loopback address, or a host. */
  readonly address: string
  readonly method: (typeof methods)[number]
}

const form = `a line of pg_hba is \`TYPE DATABASE USER ADDRESS METHOD\`: ${types.join(', ')}; ${databases.join(', ')}; ${users.join(', ')}; ${hbaAddresses.join(', ')} or a host of the lab; ${methods.join(', ')}`
const rule = z.strictObject({
  type: z.enum(['hostssl', 'hostnossl']).exactOptional(),
  database: z.enum(databases),
  user: z.enum(users),
  address: z.string().regex(/^([a-z][a-z0-9-]{0,40}|127\.0\.0\.1\/32)$/),
  method: z.enum(methods),
})

/** As lines of a file of ours have it. */
export const hbaSchema = z.array(rule).max(200)

export const hbaSetting = z
  .array(
    z.string({error: form}).transform((written, {addIssue}): HbaRule => {
      const [type, database, user, address, method, more] = written.trim().split(/\s+/)
      const read = rule.safeParse({...(type === 'host' ? {} : {type}), database, user, address, method})
      if (more === undefined && read.success) return read.data
      addIssue({code: 'custom', message: form})
      return z.NEVER
    }),
    {error: '`pg_hba` is a list of lines'},
  )
  .max(200, 'at most 200 lines of pg_hba')

export function hbaLine({type, database, user, address, method}: HbaRule, addressOf = (host: string) => host): string {
  return `${type ?? 'host'} ${database} ${user} ${addressOf(address)} ${method}`
}

/** Lines for hosts that are none. */
export function hbaMistakes(
  {hba = []}: Pick<Topology, 'hba'>,
  hosts: readonly HostName[],
): {readonly path: readonly string[]; readonly says: string}[] {
  return hba.flatMap(({address}, index) =>
    [...hbaAddresses, ...hosts].includes(address)
      ? []
      : [{path: ['postgresql', 'pg_hba', String(index)], says: `${address} is no host of this lab`}],
  )
}
