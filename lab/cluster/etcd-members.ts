/** What each member of etcd says of itself and of the others, and what of that keeps a cluster from failing over. */

import type {Lab} from '../engine/lab.ts'
import {firstCluster} from '../topology/clusters.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {decodeMembers, decodeStatus} from './etcd-messages.ts'

/** Ids are decimal. */
export interface EtcdMember {
  readonly host: HostName
  /** null: it does not answer. */
  readonly says: ReturnType<typeof decodeStatus> | null
  /** Whom it knows as members; null when it does not tell. */
  readonly knows: ReturnType<typeof decodeMembers> | null
}

/**
 * Asks each for itself, of its own store: nothing is asked of a quorum. Alarms stand in `/v3/maintenance/status` too; to ask
 * `/v3/maintenance/alarm` for them is a proposal that every member would write to its log (`etcdserver: Alarm`).
 */
export async function etcdMembers(lab: Lab, withinMs: number): Promise<readonly EtcdMember[]> {
  const ask = async (host: HostName, path: string, body: object) => {
    const {code, body: said} = await lab.ask(host, 'etcd', path, {method: 'POST', body, withinMs})
    if (code !== 200) throw new Error(`etcd answered ${code}`)
    return said
  }
  return Promise.all(
    hostsWith(firstCluster(lab.topology), 'etcd').map(async (host): Promise<EtcdMember> => {
      const [says, knows] = await Promise.all([
        ask(host, '/v3/maintenance/status', {})
          .then(decodeStatus)
          .catch(() => null),
        ask(host, '/v3/cluster/member/list', {})
          .then(decodeMembers)
          .catch(() => null),
      ])
      return {host, says, knows}
    }),
  )
}

const names = (hosts: readonly HostName[]) => hosts.join(' and ')

/** How much of etcd is left. */
export interface Quorum {
  /** Members that know a leader. */
  readonly led: number
  /** Members that do not answer: they may be dead, or only slow. */
  readonly silent: number
  readonly members: number
  readonly needed: number
  /** null: too few answer, and nobody says that there is no leader. */
  readonly isLost: boolean | null
}

/** Two halves of a split have leaders of their own opinion: who knows one is in a quorum, and the others are not. */
export function quorumOf(members: readonly EtcdMember[]): Quorum {
  const silent = members.filter(one => one.says === null).length
  const led = members.filter(one => one.says !== null && one.says.leader !== null).length
  const needed = Math.floor(members.length / 2) + 1
  const isUnknown = led < needed && led + silent === members.length
  return {led, silent, members: members.length, needed, isLost: isUnknown ? null : led < needed}
}

/** Who does not answer, and how many more may be lost. */
export function quorumComplaints(members: readonly EtcdMember[]): string[] {
  const silent = members.filter(one => one.says === null).map(one => one.host)
  const {led, needed, isLost} = quorumOf(members)
  const of = `${led} of ${members.length} members`
  const margin = led - needed
  if (isLost === null) return [`etcd on ${names(silent)} does not answer: whether it has a quorum is not known`]
  if (isLost) return [`etcd has no quorum: ${of} ${led === 1 ? 'knows' : 'know'} a leader, so nobody can be promoted`]
  const without = members.filter(one => one.says !== null && one.says.leader === null).map(one => one.host)
  const left = `${of} are left, and ${margin === 0 ? 'none' : margin} of them may be lost`
  return [
    ...(silent.length > 0 ? [`etcd on ${names(silent)} does not answer: ${left}`] : []),
    ...(without.length > 0 ? [`etcd on ${names(without)} knows no leader and is out of quorum: ${left}`] : []),
  ]
}

/** Members that are registered and are none of the lab's, that never started, that do not vote; and hosts that are no members. */
export function membershipComplaints(members: readonly EtcdMember[]): string[] {
  const hosts = members.map(one => one.host)
  const list = members.find(one => one.knows !== null && one.says !== null && one.says.leader !== null)?.knows ?? null
  if (list === null) return [] // who does not tell has been told of
  const unstarted = list.filter(one => one.name === '').length
  const foreign = list.filter(one => one.name !== '' && !hosts.includes(one.name)).map(one => one.name)
  const learners = list.filter(one => one.learner).map(one => one.name)
  const missing = hosts.filter(host => !list.some(one => one.name === host))
  return [
    ...(unstarted > 0 ? [`etcd counts ${unstarted} ${unstarted === 1 ? 'member' : 'members'} that never started`] : []),
    ...(foreign.length > 0 ? [`etcd counts ${names(foreign)} as a member, which is no host of this lab`] : []),
    ...(learners.length > 0 ? [`etcd on ${names(learners)} is a learner and has no vote`] : []),
    ...(unstarted === 0 && missing.length > 0 ? [`etcd on ${names(missing)} is no member of etcd any more`] : []),
  ]
}

/** Those who know a leader know the same one, in the same term, and it is one of them. */
export function leaderComplaints(members: readonly EtcdMember[]): string[] {
  const led = members.flatMap(({host, says}) => (says === null || says.leader === null ? [] : [{host, ...says}]))
  const hostOf = (id: string | null) => led.find(one => one.member === id)?.host ?? 'a member that does not answer'
  if (new Set(led.map(one => one.leader)).size > 1)
    return [
      `etcd's members do not agree who leads them: ${led.map(one => `${one.host} says ${hostOf(one.leader)}`).join(', ')}`,
    ]
  if (new Set(led.map(one => one.term)).size > 1)
    return [`etcd's members are in different terms: ${led.map(one => `${one.host} in ${one.term ?? '?'}`).join(', ')}`]
  return led.length > 0 && !led.some(one => one.member === one.leader)
    ? ["etcd's leader does not answer: an election is to come"]
    : []
}

export interface Alarm {
  /** NOSPACE, CORRUPT. */
  readonly alarm: string
  /** Whose; null: of no member that answers. */
  readonly host: HostName | null
}

/** Each once, whoever tells of it: all members keep all alarms. */
export function alarmsIn(members: readonly EtcdMember[]): readonly Alarm[] {
  const told = members.flatMap(one => one.says?.alarms ?? [])
  const hostOf = (id: string) => members.find(one => one.says?.member === id)?.host ?? null
  const all = told.map(({member, alarm}) => ({alarm, host: hostOf(member)}))
  return all.filter(
    (one, index) => all.findIndex(other => other.alarm === one.alarm && other.host === one.host) === index,
  )
}

/** What etcd does not do any more because of it (etcd 3.5, `etcdserver/apply.go`: `applierV3Capped`, `applierV3Corrupt`). */
export function sayAlarm({alarm, host}: Alarm): string {
  const what = alarm === 'CORRUPT' ? 'reads and writes' : 'writes'
  return `etcd refuses ${what} (alarm ${alarm}${host === null ? '' : ` on ${host}`}), so no failover is possible`
}
