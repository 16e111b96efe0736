/**
 * Somebody promotes a replica by hand, past Patroni (`pg_promote()`): there are two primaries until Patroni looks, once a loop, and demotes
 * the one without the leader key; in maintenance mode it does not. Nothing to mend: Patroni brings it in line.
 */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {patiently, prove} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {sql} from '../cluster/sql.ts'
import type {Lab} from '../engine/lab.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'

export const promote: Fault<Record<string, never>> = {
  area: 'the operator',
  about:
    'A replica is promoted by hand, past Patroni (pg_promote): there are two primaries until Patroni demotes the one that does not hold the leader key',
  neverDrawn: 'it makes two primaries, which is what a storm must not find',
  params: z.strictObject({}),
  destroys: () => 'what is written on the promoted replica until Patroni demotes it',
  strikes: (_, {on}) => ({...strikeOn(on, null), byHand: {promotes: on}}),

  async inject(on) {
    const {lab, hosts, broke} = on
    for (const host of hosts)
      if (!(await inRecovery(lab, host)))
        throw new LabError('no-target', `${host} is no replica, and only one can be promoted`, {hint: '`on: replica`'})
    const told = await broke(() => Promise.all(hosts.map(host => promoteAndTell(lab, host))))
    await Promise.all(
      hosts.map((host, index) =>
        prove(
          on,
          patiently(async () => {
            const promoted = told[index] === true || !(await inRecovery(lab, host))
            return {holds: promoted, says: `${host} is ${promoted ? 'out of recovery: a primary' : 'still a replica'}`}
          }),
        ),
      ),
    )
  },
}

/**
 * PostgreSQL's own word that it has left recovery, in the answer to the request itself: Patroni of the host may look at any moment, and
 * whoever asks then finds a server that is being restarted as a replica. Null where that came before the answer.
 */
async function promoteAndTell(lab: Lab, host: HostName): Promise<boolean | null> {
  try {
    const [row] = await sql<[boolean]>(lab, host, 'SELECT pg_promote(wait => true, wait_seconds => 5)')
    return row?.[0] ?? null
  } catch (error) {
    if (wasCutOff(error)) return null
    throw error
  }
}

/** The server went away with its session, as it does when Patroni restarts it (57P01), or without a word. */
function wasCutOff(error: unknown): boolean {
  const {code} = ((error as Error).cause ?? {}) as {code?: unknown}
  return code === undefined || code === '57P01'
}

/** One that does not say is taken for one that is. */
async function inRecovery(lab: Lab, host: HostName): Promise<boolean> {
  const [row] = await sql<[boolean]>(lab, host, 'SELECT pg_is_in_recovery()')
  return row?.[0] ?? true
}
