/**
 * The disk of a member of etcd is lost: it dies, and what it knew is gone, its own id and vote included. It must not come back empty
 * under its old id, which would make a majority forget; so its mend is what an operator does, who replaces the member.
 */
import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {stillDown} from '../breaking/lasting.ts'
import {Shells} from '../breaking/paths.ts'
import {find} from '../breaking/processes.ts'
import {prove, type Seen} from '../breaking/prove.ts'
import {downOn, strikeOn} from '../breaking/strike.ts'
import {openShell} from '../cluster/shell.ts'
import type {HostName} from '../topology/topology.ts'
import {timeLimit, undoLater} from '../words/time-limit.ts'

const params = z.strictObject({limit: timeLimit})

type Params = z.output<typeof params>

/** Known to images/host/bin/replace-etcd: whose data was lost, whether or not it has been added anew. */
const mark = '/data/etcd/pgha-lab-lost'
const data = '/data/etcd/member'

export const loseEtcdData: Fault<Params> = {
  area: 'resources',
  about:
    'etcd of a host dies and loses all its data. Mended, or when its `limit` (3m unless given) is over, its member is replaced: removed from the cluster, added anew with nothing, and started',
  on: 'etcd-follower',
  neverDrawn: 'its mend asks a majority of etcd, which another fault may have taken',
  params,
  destroys: () => 'the data of that member of etcd',
  limitMs: ({limit}) => limit,
  strikes: (_, {on}) => ({...strikeOn(on, null), ...downOn(on, 'etcd')}),

  async inject(on, {limit}) {
    const {lab, hosts, mend, broke} = on
    await using shells = await Shells.open(lab, hosts)
    for (const host of hosts) {
      await using shell = await openShell(lab, host)
      await find(shell, host, 'etcd') // a member that is down already has lost nothing by this
      await mend({do: 'replace-etcd', host}, stillDown(host, 'etcd'))
    }
    await shells.run(() => `: > ${mark}\n${undoLater(limit, 'replace-etcd')}`)
    const endsAt = on.now() + limit * 1000
    await broke(() => shells.run(() => `${heldDown}\nrm -rf ${data}`))
    for (const host of hosts) again(on, host, endsAt)
    const look = async () => judgeLost(await shells.run(() => lostScript))
    await prove(on, look, {everyMs: 50})
  },
}

/** At once and for good: `-O` is "do not start it again". */
const heldDown = 's6-svc -O /run/service/etcd\ns6-svc -wD -T 5000 -k /run/service/etcd'

/** What is left: `up` or `down`, `data` or `nothing`. */
const lostScript = `if [ "$(s6-svstat -o up /run/service/etcd)" = true ]; then echo up; else echo down; fi
if [ -e ${data} ]; then echo data; else echo nothing; fi`

export function judgeLost(printed: ReadonlyMap<HostName, string>): Seen {
  for (const [host, said] of printed) {
    const [service, kept] = said.trim().split('\n')
    if (service !== 'down') return {holds: false, says: `etcd on ${host} runs`}
    if (kept !== 'nothing') return {holds: false, says: `etcd on ${host} is down, and has its data`}
  }
  return {holds: printed.size > 0, says: `etcd on ${[...printed.keys()].join(' and ')} is down, and its data is gone`}
}

/** A host that boots would start it empty. */
function again(on: FaultSite, host: HostName, endsAt: number): void {
  on.again(host, async () => {
    await using shell = await openShell(on.lab, host)
    await shell.run(`${heldDown}\n${undoLater(Math.max(1000, (endsAt - on.now()) / 1000), 'replace-etcd')}`)
  })
}
