/**
 * The operator takes a host out of the cluster of PostgreSQL: its Patroni stops in the orderly way, its key and its slot are gone from the
 * cluster, and its data is thrown away. Mended, its Patroni starts with nothing, as on a new machine: the host joins by a base backup.
 * The proxies have it in their lists all the time, as they have a server that is not there yet.
 */
import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {stillDown} from '../breaking/lasting.ts'
import {clusterWith} from '../breaking/one-cluster.ts'
import {Shells} from '../breaking/paths.ts'
import {untilUp} from '../breaking/processes.ts'
import {patiently, prove, type Seen} from '../breaking/prove.ts'
import {downOn, strikeOn} from '../breaking/strike.ts'
import {patroniKeys} from '../cluster/patroni-keys.ts'
import {openShell} from '../cluster/shell.ts'
import {sql} from '../cluster/sql.ts'
import {slotOfMember} from '../topology/slots.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {timeLimit, undoLater} from '../words/time-limit.ts'

const params = z.strictObject({limit: timeLimit})

type Params = z.output<typeof params>

export const removeHost: Fault<Params> = {
  area: 'the operator',
  about:
    'A replica is taken out of the cluster in the orderly way: Patroni stops, its key and its slot go, and its data is thrown away. Mended, or when its `limit` (3m unless given) is over, it joins with nothing, by a base backup',
  on: 'replica',
  takesSeconds: ({patroni}) => patroni.ttlSeconds, // its key goes when its lease is over
  neverDrawn: "an operator's decision, which is refused for the leader",
  params,
  destroys: () => "the replica's data directory",
  limitMs: ({limit}) => limit,
  strikes: (_, {on}) => ({...strikeOn(on, 'stopped'), ...downOn(on, 'patroni')}),

  async inject(on, {limit}) {
    const {hosts, signal, mend, broke} = on
    const lab = clusterWith(on.lab, hosts)
    const {leader} = await patroniKeys(lab, signal)
    if (leader !== null && hosts.includes(leader))
      throw new LabError('no-target', `${leader} leads, and nobody takes the leader out`, {
        hint: 'hand over first, with `inject: switchover`',
      })
    await using shells = await Shells.open(lab, hosts)
    for (const host of hosts) await mend({do: 'start-service', host, service: 'patroni'}, stillDown(host, 'patroni'))
    const endsAt = on.now() + limit * 1000
    await shells.run(() => undoLater(limit, 'start-service patroni'))
    await broke(() => shells.run(() => `${stopped}\n${emptied}`))
    for (const host of hosts) again(on, host, endsAt)
    const look = async () => {
      const {members, leader: leads} = await patroniKeys(lab, signal)
      const slots =
        leads === null ? null : await sql<[string]>(lab, leads, 'SELECT slot_name FROM pg_replication_slots')
      const kept = await shells.run(() => keptScript)
      return judgeRemoved(hosts, {members: Object.keys(members), slots: slots?.map(([name]) => name) ?? null, kept})
    }
    // A key lives as long as its lease, and the leader drops the slot in the loop after that.
    const {ttlSeconds, loopWaitSeconds} = lab.topology.patroni
    await prove(on, patiently(look), {limitMs: (ttlSeconds + 2 * loopWaitSeconds + 10) * 1000, everyMs: 250})
  },
}

const stopped = 's6-svc -wD -T 60000 -d /run/service/patroni'
const data = '/data/postgresql/main'
const emptied = `rm -rf ${data}`
const keptScript = `if [ -e ${data} ]; then echo data; else echo nothing; fi`

interface Left {
  /** Who has a key in the DCS. */
  readonly members: readonly HostName[]
  /** Names of the leader's slots; null: nobody leads. */
  readonly slots: readonly string[] | null
  /** By host: `data` or `nothing`. */
  readonly kept: ReadonlyMap<HostName, string>
}

export function judgeRemoved(hosts: readonly HostName[], {members, slots, kept}: Left): Seen {
  for (const host of hosts) {
    if (kept.get(host)?.trim() !== 'nothing') return {holds: false, says: `${host} has its data`}
    if (members.includes(host)) return {holds: false, says: `${host} has its key in the DCS`}
    if (slots === null) return {holds: false, says: 'nobody leads, so nobody tells of slots'}
    if (slots.includes(slotOfMember(host)))
      return {holds: false, says: `the leader keeps the slot ${slotOfMember(host)} (member_slots_ttl is how long)`}
  }
  return {
    holds: hosts.length > 0,
    says: `${hosts.join(' and ')} has no key in the DCS, no slot on the leader and no data`,
  }
}

/** A host that boots starts its Patroni, and would join. */
function again(on: FaultSite, host: HostName, endsAt: number): void {
  on.again(host, async () => {
    await using shell = await openShell(on.lab, host)
    const rest = Math.max(1000, (endsAt - on.now()) / 1000)
    await shell.run(`${untilUp('patroni')}\n${undoLater(rest, 'start-service patroni')}\n${stopped}\n${emptied}`)
  })
}
