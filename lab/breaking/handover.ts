/** An operator asks Patroni for another leader: what it answers, and whether the cluster then has one. */

import {askPatroni, sayAnswer, took} from '../cluster/patroni-api.ts'
import {patroniKeys} from '../cluster/patroni-keys.ts'
import {sql} from '../cluster/sql.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import type {FaultSite} from './fault.ts'
import {clusterWith} from './one-cluster.ts'
import {patiently, prove} from './prove.ts'

interface Handover {
  /** With a leader's name it is a switchover, without one a failover (Patroni 4.0, `api.py: do_POST_failover`). */
  readonly path: '/switchover' | '/failover'
  /** The leader's own host for "nobody in particular". */
  readonly on: readonly HostName[]
  /** Patroni is expected to refuse, and the leader to stay. */
  readonly refused: boolean
}

/** It polls each second for that long whether somebody has taken over (`api.py: poll_failover_result`). */
function answersWithinMs(loopWaitSeconds: number): number {
  return 2 * Math.max(10, loopWaitSeconds) * 1000 + 10_000
}

/** @throws LabError `no-target` when more than one host is meant, or when a switchover finds no leader. */
export async function handOver(site: FaultSite, {path, on, refused}: Handover): Promise<void> {
  const {lab, signal, broke, proof} = site
  const [first, ...others] = on
  if (first === undefined || others.length > 0)
    throw new LabError('no-target', `one host can lead, and \`on\` means ${on.join(' and ')}`, {
      hint: '`on: replica` for one of the replicas, or the name of a host',
    })
  const own = clusterWith(lab, on)
  const {leader} = await patroniKeys(own, signal)
  if (leader === null && path === '/switchover')
    throw new LabError('no-target', 'the cluster has no leader to switch over from', {
      hint: '`inject: failover` needs none',
    })
  const candidate = path === '/switchover' && first === leader ? null : first
  const before = leader === null ? null : await startOf(site, leader)

  const answer = await broke(() =>
    // The member that is asked wakes up at once; that should be the one who has to give way.
    askPatroni(lab, leader ?? first, {
      method: 'POST',
      path,
      body: {...(path === '/switchover' ? {leader} : {}), ...(candidate === null ? {} : {candidate})},
      withinMs: answersWithinMs(lab.topology.patroni.loopWaitSeconds),
      signal,
    }),
  )

  const said = `Patroni was asked for ${candidate ?? 'any other member'} as the leader: ${sayAnswer(answer)}`
  if (refused) {
    const {leader: now} = await patroniKeys(own, signal)
    const untouched = now === leader && (leader === null || (await startOf(site, leader)) === before)
    const state = leader === null ? 'there is no leader' : `${now ?? 'nobody'} holds the leader key`
    proof(
      !took(answer) && untouched,
      `${said}; ${state}${untouched ? ' as before' : `, and before it was ${leader} with another life of its PostgreSQL`}`,
    )
    return
  }
  if (!took(answer))
    return proof(false, `${said}; the leader is ${(await patroniKeys(own, signal)).leader ?? 'nobody'}`)
  await prove(
    site,
    patiently(async () => {
      const {leader: now} = await patroniKeys(own, signal)
      const right = now !== null && (candidate === null ? now !== leader : now === candidate)
      const writable = right && !(await inRecovery(site, now))
      return {
        holds: writable,
        says: `${said}; ${now ?? 'nobody'} holds the leader key${right ? ` and ${writable ? 'takes writes' : 'takes no writes'}` : ''}`,
      }
    }),
    {limitMs: 15_000, everyMs: 100},
  )
}

async function startOf({lab}: FaultSite, host: HostName): Promise<string> {
  const [row] = await sql<[string]>(lab, host, 'SELECT pg_postmaster_start_time()::text || pg_is_in_recovery()::text')
  return row![0]
}

async function inRecovery({lab}: FaultSite, host: HostName): Promise<boolean> {
  if (!hostsWith(lab.topology, 'patroni').includes(host)) return true
  const [row] = await sql<[boolean]>(lab, host, 'SELECT pg_is_in_recovery()')
  return row![0]
}
