/**
 * etcd's space is used up, to its quota: it raises the alarm NOSPACE, and takes no new value and no new lease until somebody has made room
 * and disarmed it. Leases that are there are renewed all the same, so a leader keeps its key; nobody else can take one.
 */
import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {seconds} from '../breaking/in-storms.ts'
import type {Still} from '../breaking/lasting.ts'
import {Shells} from '../breaking/paths.ts'
import {prove, type Seen} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {alarmsIn, type EtcdMember, etcdMembers} from '../cluster/etcd-members.ts'
import {openShell} from '../cluster/shell.ts'
import {services} from '../topology/services.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {timeLimit, undoLater} from '../words/time-limit.ts'

const params = z.strictObject({limit: timeLimit})

type Params = z.output<typeof params>

/** Both known to images/host/bin/free-etcd. The mark is of a member whose file has grown, whether or not it runs. */
const mark = '/data/etcd/pgha-lab-full'
const prefix = 'pgha-lab-fill/'

export const fillEtcd: Fault<Params> = {
  area: 'resources',
  about:
    'Fills etcd to its quota, so that it raises the alarm NOSPACE and takes no more writes, until it is mended (keys deleted, compacted, defragmented, disarmed) or its `limit` (3m unless given) is over',
  on: 'etcd',
  params,
  limitMs: ({limit}) => limit,
  // Whoever is named: all members have all keys.
  strikes: (_, {topology}) => strikeOn(hostsWith(topology, 'etcd'), null),

  storm: {
    lines: [
      {
        ...{on: ['etcd'], heals: true, beyondQuorum: true, alone: true, strikesLeader: true},
        impairs: topology => ({etcd: hostsWith(topology, 'etcd').length, postgres: 0}),
        holdMs: seconds(5, 30),
      },
    ],
  },

  async inject(on, {limit}) {
    const {lab, mend, broke} = on
    const members = hostsWith(lab.topology, 'etcd')
    for (const host of members) await mend({do: 'free-etcd', host}, stillFull(host))
    await using shells = await Shells.open(lab, members)
    await shells.run(() => `: > ${mark}`)
    const first = (script: string) => shells.run(host => (host === members[0] ? script : null))
    await first(mostScript(services.etcd.configuration)) // nobody misses this much yet
    let endsAt = 0
    await broke(async () => {
      endsAt = on.now() + limit * 1000
      // Not before: filling takes its time, and what was freed in the middle of it nobody would free again.
      await shells.run(() => undoLater(limit, 'free-etcd'))
      return first(restScript)
    })
    for (const host of members) again(on, host, endsAt)
    await prove(on, async () => judgeAlarm(await etcdMembers(lab, withinMs)), {everyMs: 100})
  },
}

const withinMs = 1000

/** What lies on the disk outlives a restart of the host; the sleeper that would end it does not. */
function again(on: FaultSite, host: HostName, endsAt: number): void {
  on.again(host, async () => {
    await using shell = await openShell(on.lab, host)
    await shell.run(undoLater(Math.max(1000, (endsAt - on.now()) / 1000), 'free-etcd'))
  })
}

/** As much as etcd takes in one request, but for what is around it. */
const valueBytes = 1_000_000
/** What is left for the moment of the fault: the last values, each with as much again for a page that is written anew beside it. */
const spareValues = 4

const setting = (name: string, file: string) => `sed -n 's/^${name}: *//p' ${file} | tr -d '"'`
const put = (name: string) => `head -c ${valueBytes} /dev/zero | etcdctl put ${prefix}${name} > /dev/null`

/** As far as the fullest member bears: their files differ by what each wrote at once, and any of them raises the alarm for all. */
export const mostScript = (
  configuration: string,
) => `export ETCDCTL_ENDPOINTS=$(${setting('advertise-client-urls', configuration)})
size() { etcdctl endpoint status --cluster -w fields | sed -n 's/^"DBSize" : //p' | sort -n | tail -n 1; }
most=$(($(${setting('quota-backend-bytes', configuration)}) - ${2 * spareValues * valueBytes}))
n=0
while [ "$(size)" -lt $most ]; do n=$((n + 1)); ${put('$n')} || exit; done`

/** Until it is refused: the proof looks why. */
const restScript = `export ETCDCTL_ENDPOINTS=$(${setting('advertise-client-urls', services.etcd.configuration)})
n=0
while [ $n -lt ${4 * spareValues} ] && ${put('last-$n')} 2> /dev/null; do n=$((n + 1)); done`

/** By the word of every member that answers: each refuses writes for itself. */
export function judgeAlarm(members: readonly EtcdMember[]): Seen {
  const answering = members.filter(one => one.says !== null)
  const unaware = answering.filter(one => !one.says?.alarms.some(({alarm}) => alarm === 'NOSPACE')).map(one => one.host)
  const [raised] = alarmsIn(members).filter(one => one.alarm === 'NOSPACE')
  if (answering.length === 0) return {holds: false, says: 'no member of etcd answers'}
  if (unaware.length > 0) return {holds: false, says: `etcd on ${unaware.join(' and ')} has no alarm NOSPACE`}
  return {
    holds: true,
    says: `etcd on ${answering.map(one => one.host).join(', ')} has the alarm NOSPACE${raised?.host ? ` of ${raised.host}` : ''}, and refuses writes`,
  }
}

function stillFull(host: HostName): Still {
  return async ({lab}) => {
    const member = (await etcdMembers(lab, withinMs)).find(one => one.host === host)
    if (member?.says == null) throw new LabError('engine', `etcd on ${host} does not answer`)
    return member.says.alarms.some(({alarm}) => alarm === 'NOSPACE') ? null : `etcd on ${host} has no alarm any more`
  }
}
