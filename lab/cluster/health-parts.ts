/**
 * What a healthy lab is made of: one entry a part, most important first. Whoever asks how a lab is (`status`, `up`, `heal`, the
 * beginning and the end of a run) asks all of them; a new part is one entry here, and what it is judged by in `LabSeen`.
 */
import {answering} from '../haproxy/check.ts'
import {type HostName, hostsWith, sourceOf, type Topology} from '../topology/topology.ts'
import {type Hint, next, onLab} from '../words/next-step.ts'
import {sayBytes} from '../words/quantity.ts'
import {type BadCertificate, sayBadCertificate} from './certificates.ts'
import {
  alarmsIn,
  type EtcdMember,
  leaderComplaints,
  membershipComplaints,
  quorumComplaints,
  sayAlarm,
} from './etcd-members.ts'
import type {Route} from './health.ts'
import type {Member, Members, Sender} from './members.ts'
import type {Config} from './patroni-api.ts'
import {type Keys, unnamedStandby} from './synchronous.ts'

/** What is wrong, as a sentence. */
export interface Wrong {
  readonly says: string
  /** What to do about it, where no command of ours mends it: then it does not pass by waiting either. */
  readonly cure?: Hint | undefined
}

/** Everything that was asked, at one moment. */
export interface LabSeen extends Members {
  readonly lab: string
  readonly topology: Topology
  /** Of its container; `missing` when there is none. */
  readonly hosts: readonly {readonly host: HostName; readonly state: string}[]
  readonly observer: string
  readonly etcd: readonly EtcdMember[]
  /** Patroni's keys in etcd. */
  readonly keys: Keys | null
  readonly addresses: Readonly<Record<HostName, string>>
  /** Patroni's dynamic configuration; null: nobody tells it. */
  readonly config: Config | null
  readonly routes: readonly Route[]
  /** That do not hold; empty in a lab without TLS. */
  readonly certificates: readonly BadCertificate[]
  /** Who has the virtual address; empty where there is none, or nobody has it. */
  readonly holders: readonly HostName[]
}

interface Part {
  readonly name: string
  /** How it is known. */
  readonly asked: string
  wrong(seen: LabSeen): readonly (string | Wrong)[]
}

const and = (hosts: readonly HostName[]) => hosts.join(' and ')
const sayState = (state: string) => (state === 'exited' ? 'down' : state)

export const parts: readonly Part[] = [
  {
    name: 'observer',
    asked: "the engine: the state of the observer's container",
    wrong: ({observer}) => (observer === 'running' ? [] : [`the observer is ${sayState(observer)}`]),
  },
  {
    name: 'hosts',
    asked: "the engine: the state of each host's container",
    wrong: ({hosts}) =>
      hosts.filter(one => one.state !== 'running').map(one => `the host ${one.host} is ${sayState(one.state)}`),
  },
  {
    // Before all that it explains: to everybody else its host is silent.
    name: 'certificates',
    asked: 'in a lab with TLS, every etcd, REST API and PostgreSQL: the certificate that it shows',
    wrong: ({lab, certificates}) => certificates.map(one => ({says: sayBadCertificate(one), cure: renewed(lab)})),
  },
  {
    name: 'etcd alarms',
    asked: "every etcd: its status, which has the cluster's alarms (NOSPACE, CORRUPT)",
    wrong: ({lab, etcd}) => alarmsIn(etcd).map(alarm => ({says: sayAlarm(alarm), cure: disarm(lab, etcd)})),
  },
  {
    name: 'etcd quorum',
    asked: 'every etcd: its status; each has to know a leader, so that as many may be lost as its size allows',
    wrong: ({etcd}) => quorumComplaints(etcd),
  },
  {
    name: 'etcd members',
    asked: 'an etcd that knows a leader: whom it counts as members',
    wrong: ({etcd}) => membershipComplaints(etcd),
  },
  {
    name: 'etcd leader',
    asked: 'every etcd: whom it follows, and in which term',
    wrong: ({etcd}) => leaderComplaints(etcd),
  },
  {
    name: 'members',
    asked: 'every Patroni: its role, its state and its timeline, and who streams from it',
    wrong: clusterComplaints,
  },
  {
    name: 'maintenance',
    asked: "Patroni's dynamic configuration: `pause`",
    wrong: ({config}) =>
      config?.pause === true ? ['Patroni is in maintenance mode, so nobody takes over when the leader is lost'] : [],
  },
  {
    name: 'lag',
    asked: 'every Patroni: how much WAL it has; the dynamic configuration: `maximum_lag_on_failover`',
    wrong: ({members, config}) => lagComplaints(members, config),
  },
  {
    // Before the routes: the hosts answer a disguised proxy's checks as little as anybody else outside of the lab's network.
    name: 'addresses',
    asked: "the leader's Patroni: under which address each replica comes to it",
    wrong: ({leader, senders, addresses}) => (leader === null ? [] : disguised(leader, senders, addresses)),
  },
  {
    name: 'routes',
    asked: "every HAProxy's statistics: whom it sends writes and reads to",
    wrong: seen => (seen.leader === null ? [] : routeComplaints(seen, seen.leader)),
  },
  {
    name: 'virtual address',
    asked: 'every host with keepalived: whether it has the address that they share',
    wrong({topology, holders}) {
      if (hostsWith(topology, 'keepalived').length === 0 || holders.length === 1) return []
      return [
        holders.length === 0 ? 'nobody has the virtual address' : `${and(holders)} have the virtual address at once`,
      ]
    },
  },
  {
    // After everything that it waits for.
    name: 'synchronous standby',
    asked: "etcd: Patroni's key `sync`, in a lab that is synchronous",
    wrong({topology, leader, primaries, keys}) {
      // A standby cluster has none (4.0, `global_config.py: is_synchronous_mode`).
      if (leader === null || primaries.length === 0) return []
      const replicas = hostsWith(topology, 'patroni').filter(host => host !== leader)
      return [unnamedStandby(topology, leader, replicas, keys)].filter(one => one !== null)
    },
  },
]

/** No command of ours gives a host a certificate that does not hold. */
function renewed(lab: string): Hint {
  return next`whoever put it there puts the right one back; else the lab is removed, and raised as it was: ${onLab(lab, 'down')}`
}

/** Somebody else raised it, for a reason that we do not know: it is not ours to take back. */
function disarm(lab: string, etcd: readonly EtcdMember[]): Hint {
  const host = etcd.find(one => one.says !== null)?.host ?? ''
  const command = onLab(lab, 'shell', host, '--', 'etcdctl', 'alarm', 'disarm')
  return next`no command of ours raises an alarm, so none takes one back; once its cause is gone: ${command}`
}

/**
 * Replicas that come to the leader under another address than their own: then the packets of a host do not meet rules made for it,
 * and a partition lets them through. The engine leaves the MASQUERADE rule of a network behind when it is killed while it removes
 * that; where its machine has bridge-nf-call-iptables, such a rule takes a later network of the same addresses for traffic to
 * the outside.
 */
export function disguised(
  leader: HostName,
  senders: readonly Sender[],
  addresses: Readonly<Record<HostName, string>>,
): string[] {
  const wrong = senders.flatMap(({application_name: host, client_addr: seen}) => {
    const own = host === undefined ? undefined : addresses[host]
    const agrees = own === undefined || seen === undefined || seen === null || seen === own
    return agrees ? [] : [`${host} as ${seen}, not as ${own}`]
  })
  if (wrong.length === 0) return []
  return [
    `${leader} sees ${wrong.join(', and ')}: a NAT rule of the engine's machine rewrites the lab's packets, and no partition would hold; look there for one of a bridge that no longer exists (iptables -t nat -S POSTROUTING), delete it, and raise the lab anew`,
  ]
}

function clusterComplaints({topology, members, primaries, standbyLeaders}: LabSeen): string[] {
  if (members.every(one => one.role === null)) return ['no Patroni answers yet']
  const [leader, second] = primaries.length > 0 ? primaries : standbyLeaders
  if (leader === undefined) return ['the cluster has no leader']
  if (second !== undefined) {
    const is = primaries.length > 0 ? 'primaries' : 'standby leaders'
    return [`${(primaries.length > 0 ? primaries : standbyLeaders).join(' and ')} are ${is} at once`]
  }
  const timeline = members.find(one => one.host === leader)?.timeline
  return members
    .filter(one => one.host !== leader)
    .flatMap(({host, state, timeline: own, source}) => {
      const due = sourceOf(topology, host, leader)
      if (state !== 'streaming') return [`${host} is ${state ?? 'not a member yet'}, not streaming from ${due}`]
      if (own !== timeline) return [`${host} streams on timeline ${own ?? '?'}, ${leader} is on ${timeline ?? '?'}`]
      // Where its source is silent, that is told of the source.
      const strays = due !== leader && source !== undefined && source !== null && source !== due
      return strays ? [`${host} streams from ${source}, not from ${due} as its tag replicatefrom says`] : []
    })
}

/**
 * Of all clusters of a lab: one takes writes, and the others follow it. Who does not is named: two primaries are one too many for every
 * client that knows both.
 */
export function following(
  all: readonly Pick<LabSeen, 'members' | 'primaries' | 'standbyLeaders' | 'senders'>[],
): string[] {
  const primaries = all.flatMap(one => one.primaries)
  const [leading, other] = all.filter(one => one.primaries.length > 0)
  if (other !== undefined)
    return [`${and(primaries)} are primaries at once, each of a cluster of its own: none of them follows another`]
  // Who has no leader at all has been told of.
  if (leading === undefined)
    return all.every(one => one.standbyLeaders.length > 0)
      ? [
          `no cluster takes writes: ${and(all.flatMap(one => one.standbyLeaders))} ${all.length > 1 ? 'are standby leaders' : 'is a standby leader'}`,
        ]
      : []
  const [primary = ''] = leading.primaries
  const timeline = leading.members.find(one => one.host === primary)?.timeline
  return all.flatMap(({members, standbyLeaders}) => {
    const own = members.find(one => one.host === standbyLeaders[0])
    if (own === undefined) return []
    const {host, state} = own
    if (state !== 'streaming')
      return [`the standby leader ${host} is ${state ?? 'silent'}, not streaming from ${primary}`]
    if (!leading.senders.some(one => one.application_name === host && one.state === 'streaming'))
      return [`the standby leader ${host} streams, but not from ${primary}`]
    return own.timeline === timeline
      ? []
      : [`the standby leader ${host} streams on timeline ${own.timeline ?? '?'}, ${primary} is on ${timeline ?? '?'}`]
  })
}

/** Patroni's own, where the configuration says nothing (4.0, `global_config.py`). */
const usualMaximumLag = 1_048_576

/** Who could not be promoted (4.0, `ha.py: is_lagging`); a negative limit allows everything. */
function lagComplaints(members: readonly Member[], config: Config | null): string[] {
  const said = config?.maximum_lag_on_failover
  const most = typeof said === 'number' ? said : usualMaximumLag
  if (most < 0) return []
  return members.flatMap(({host, missingBytes}) =>
    missingBytes === undefined || missingBytes === null || missingBytes <= most
      ? []
      : [
          `${host} lacks ${sayBytes(missingBytes)} of the leader's WAL, more than maximum_lag_on_failover (${sayBytes(most)}), so it could not take over`,
        ],
  )
}

function routeComplaints({topology, routes, primaries}: LabSeen, leader: HostName): string[] {
  const takesWrites = primaries.includes(leader)
  const databases = hostsWith(topology, 'patroni')
  return hostsWith(topology, 'haproxy').flatMap(proxy => {
    const own = routes.filter(one => one.proxy === proxy)
    if (own.length === 0) return [`HAProxy on ${proxy} does not answer`]
    const up = (backend: Route['backend']) =>
      own.filter(one => one.backend === backend && one.up).map(one => one.server)
    const [primary, replicas] = [up('primary'), up('replicas')]
    if (!takesWrites && primary.length > 0)
      return [`${proxy} sends writes to ${and(primary)}, and its cluster follows another one`]
    if (takesWrites && (primary.length !== 1 || primary[0] !== leader))
      return [`${proxy} sends writes to ${and(primary) || 'nobody'}, the leader is ${leader}`]
    const missing = readersOf(topology, databases).filter(host => host !== leader && !replicas.includes(host))
    return missing.length > 0 ? [`${proxy} does not send reads to ${and(missing)} yet`] : []
  })
}

/** Who answers the question of the way in for reads with yes when all is well; nobody where that depends on more than who is a replica. */
function readersOf({haproxy: {checkReplicas = '/replica'}, tags = {}}: Topology, databases: readonly HostName[]) {
  if (!checkReplicas.startsWith('/')) return databases
  const who = answering({method: 'OPTIONS', path: checkReplicas})
  const [path = ''] = checkReplicas.split('?')
  if ((who !== 'replicas' && who !== 'several') || /sync|quorum/.test(path) || /tag_/.test(checkReplicas)) return []
  // Patroni, api.py: do_GET; of a member with this tag /replica and /read-only are 503, /health is not.
  return path === '/health' ? databases : databases.filter(host => tags[host]?.noloadbalance !== true)
}
