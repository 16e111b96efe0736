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
  strikes: (_, {on}) => ({...strikeOn(on, null), byHand: {promotes: on}}),

  async inject(on) {
    const {lab, hosts, broke} = on
    for (const host of hosts)
      if (!(await inRecovery(lab, host)))
        throw new LabError('no-target', `${host} is no replica, and only one can be promoted`, {hint: '`on: replica`'})
    await broke(() => Promise.all(hosts.map(host => sql(lab, host, 'SELECT pg_promote(wait => false)'))))
    // Patroni of the host may look at any moment, and then it is no primary any more.
    await Promise.all(
      hosts.map(host =>
        prove(
          on,
          patiently(async () => {
            const promoted = !(await inRecovery(lab, host))
            return {holds: promoted, says: `${host} is ${promoted ? 'out of recovery: a primary' : 'still a replica'}`}
          }),
        ),
      ),
    )
  },
}

/** One that does not say is taken for one that is. */
async function inRecovery(lab: Lab, host: HostName): Promise<boolean> {
  const [row] = await sql<[boolean]>(lab, host, 'SELECT pg_is_in_recovery()')
  return row?.[0] ?? true
}
