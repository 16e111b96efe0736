/** The operator restarts PostgreSQL through Patroni, one host after the other. Nothing to mend. */

import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {impairsNobody, seconds} from '../breaking/in-storms.ts'
import {clusterWith} from '../breaking/one-cluster.ts'
import {patiently, prove} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {askPatroni, sayAnswer, took} from '../cluster/patroni-api.ts'
import {patroniKeys} from '../cluster/patroni-keys.ts'
import {sql} from '../cluster/sql.ts'
import {releaseOf} from '../topology/release.ts'
import type {HostName} from '../topology/topology.ts'

const params = z.strictObject({
  'pending-only': z.boolean({error: '`pending-only` is true or false'}).default(false),
  role: z.enum(['primary', 'replica'], {error: '`role` is primary or replica'}).optional(),
  refused: z.boolean({error: '`refused` is true or false'}).default(false),
})

type Params = z.output<typeof params>

/** Patroni answers when PostgreSQL runs again, or when it has given up. */
const answersWithinMs = 120_000

export const restart: Fault<Params> = {
  area: 'the operator',
  about:
    'PostgreSQL is restarted through Patroni, on one host of `on` after the other; with `pending-only` where a restart is pending, with `role` where the host has it. `refused: true` expects that Patroni refuses',
  params,
  strikes: (_, {on}) => strikeOn(on, null),
  storm: {
    lines: [
      {
        ...{on: ['leader', 'replica'], heals: false, impairs: impairsNobody, holdMs: seconds(2, 6)},
        ...{strikesLeader: false, alone: true, place: 25},
      },
    ],
  },

  async inject(on, params) {
    for (const host of on.hosts) if (!on.signal.aborted) await restartOne(on, host, params)
  },
}

/**
 * A refusal is 503: the conditions are not met ("restart conditions are not satisfied"), or another action is under way
 * (Patroni 4.0, `api.py: do_POST_restart`, `ha.py: restart`).
 */
async function restartOne(on: FaultSite, host: HostName, params: Params): Promise<void> {
  const {lab, signal, broke, proof} = on
  const {role, refused, 'pending-only': pendingOnly} = params
  const named = role === 'primary' ? releaseOf(lab.topology).patroni.leads : role
  const before = await startTime(on, host)
  const answer = await broke(() =>
    askPatroni(lab, host, {
      method: 'POST',
      path: '/restart',
      body: {...(pendingOnly ? {restart_pending: true} : {}), ...(named === undefined ? {} : {role: named})},
      withinMs: answersWithinMs,
      signal,
    }),
  )
  const said = `Patroni on ${host} was asked for a restart: ${sayAnswer(answer)}`
  if (refused || !took(answer)) {
    const same = (await startTime(on, host)) === before
    return proof(refused && !took(answer) && same, `${said}; PostgreSQL ${same ? 'runs on' : 'has been restarted'}`)
  }
  await prove(
    on,
    patiently(async () => {
      const [after, {members}] = [await startTime(on, host), await patroniKeys(clusterWith(lab, [host]), signal)]
      const pending = members[host]?.pendingRestart ?? true
      return {
        holds: after !== before && (!pendingOnly || !pending),
        says: `${said}; PostgreSQL was started at ${after}, before that at ${before}${pendingOnly ? `; ${pending ? 'a restart is still pending' : 'no restart is pending any more'}` : ''}`,
      }
    }),
    {limitMs: 2 * lab.topology.patroni.loopWaitSeconds * 1000 + 10_000, everyMs: 200},
  )
}

async function startTime({lab}: FaultSite, host: HostName): Promise<string> {
  const [row] = await sql<[string]>(lab, host, 'SELECT pg_postmaster_start_time()::text')
  return row![0]
}
