/** The faults that are predicted, what each is about, and where none of them ever comes. */
import {raisingOf, raisingWords} from '../topology/as-set.ts'
import {firstCluster} from '../topology/clusters.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import {insteadOf, suggestion} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {next, ownCommand} from '../words/next-step.ts'
import type {FaultFacts} from './leader-fault.ts'
import type {LostPart} from './virtual-address.ts'

export type PredictedCase = CaseOfLeader | CaseOfAddress

export interface CaseOfLeader {
  readonly about: string
  readonly facts: Pick<FaultFacts, 'fault'> & Partial<FaultFacts>
  /** The case is about a setting of its own, whatever the topology says. */
  readonly setting?: Partial<Topology['patroni']>
  /** A topology that has this setting already has no need of the case. */
  readonly onlyIfOther?: boolean
}

/** Whoever has the virtual address is lost; the leader goes on. */
export interface CaseOfAddress {
  readonly about: string
  readonly loses: LostPart
}

export const predictedCases = {
  'kill-host': {about: "The leader's host loses power.", facts: {fault: 'host-killed'}},
  'kill-host-and-etcd-leader': {
    about: "The leader's host loses power, and etcd's leader is on it.",
    facts: {fault: 'host-killed', etcd: {leader: 'died', newTerm: null}},
  },
  'pause-host': {about: "All processes of the leader's host are frozen.", facts: {fault: 'host-paused'}},
  'kill-patroni': {
    about: 'Patroni dies on the leader and PostgreSQL lives on.',
    facts: {fault: 'patroni-killed'},
  },
  'kill-patroni-direct-clients': {
    about: 'The same while clients go on writing to that PostgreSQL past HAProxy.',
    facts: {fault: 'patroni-killed', orphanIsWritten: true},
    setting: {watchdog: 'off'},
  },
  'freeze-patroni': {
    about: 'Patroni freezes on the leader and PostgreSQL lives on.',
    facts: {fault: 'patroni-frozen'},
  },
  'freeze-patroni-watchdog': {
    about: 'Patroni freezes on a leader whose host has a watchdog.',
    facts: {fault: 'patroni-frozen'},
    setting: {watchdog: 'required'},
    onlyIfOther: true,
  },
  'cut-from-etcd': {
    about: 'The leader reaches no etcd; everybody still reaches the leader.',
    facts: {fault: 'cut-from-etcd', cut: 'drop'},
  },
  isolate: {about: 'The leader reaches nobody, and nobody reaches it.', facts: {fault: 'isolated', cut: 'drop'}},
  stop: {about: "An orderly stop of the leader's Patroni or of its host.", facts: {fault: 'stopped'}},
  switchover: {about: "The operator's switchover.", facts: {fault: 'switchover'}},
  'crash-postgres': {
    about: 'PostgreSQL crashes on the leader.',
    facts: {fault: 'postgres-killed'},
  },
  'crash-postgres-failover': {
    about: 'The same with primary_start_timeout 0: fail over rather than start it again.',
    facts: {fault: 'postgres-killed'},
    setting: {primaryStartTimeoutSeconds: 0},
    onlyIfOther: true,
  },
  'kill-vip-holder': {about: 'The proxy that has the virtual address loses power.', loses: 'host'},
  'freeze-vip-holder': {about: 'All processes of the proxy that has the virtual address are frozen.', loses: 'host'},
  'isolate-vip-holder': {
    about: 'The proxy that has the virtual address reaches nobody, and nobody reaches it.',
    loses: 'host',
  },
  'kill-vip-haproxy': {
    about: 'HAProxy dies, and stays dead, on the host that has the virtual address; keepalived beside it lives on.',
    loses: 'haproxy',
  },
} as const satisfies Readonly<Record<string, PredictedCase>>

export type PredictedName = keyof typeof predictedCases
export const predictedNames = Object.keys(predictedCases) as readonly PredictedName[]

/** @throws LabError `usage` with the nearest name, or with the reason why such a fault never comes in this topology. */
export function predictedName(written: string, topology: Topology): PredictedName {
  const known = predictedNames.find(name => name === written)
  if (known === undefined)
    throw new LabError('usage', `there is no fault \`${written}\` to predict${suggestion(written, predictedNames)}`, {
      ...insteadOf(written, predictedNames),
      hint: next`to see all of them: ${ownCommand('predict')}`,
    })
  const never = neverComes(topology, known)
  if (never !== null) {
    const raising = raisingOf(topology, undefined)
    const all = ownCommand('predict', ...(raising === undefined ? [] : raisingWords(raising)))
    throw new LabError('usage', `\`${known}\` never comes in this topology: ${never}`, {
      hint: next`to see those that do: ${all}`,
    })
  }
  return known
}

/** Why there is no such fault in a topology, whatever its settings; null: there is. */
export function neverComes(topology: Topology, name: PredictedName): string | null {
  const known: PredictedCase = predictedCases[name]
  if ('loses' in known)
    return hostsWith(topology, 'keepalived').length > 0 ? null : 'no host has a virtual address (keepalived)'
  if (known.facts.etcd?.leader !== 'died') return null
  const first = firstCluster(topology)
  const members = hostsWith(first, 'etcd')
  return hostsWith(first, 'patroni').some(host => members.includes(host))
    ? null
    : "no host has both PostgreSQL and a member of etcd, so the leader's host is never that of etcd's leader"
}

/** A case that sets what the topology already has would be told twice, and one that never comes is none. */
export function worthTelling(topology: Topology): PredictedName[] {
  return predictedNames.filter(name => {
    const {setting, onlyIfOther}: Partial<CaseOfLeader> = predictedCases[name]
    if (neverComes(topology, name) !== null) return false
    return (
      setting === undefined ||
      !onlyIfOther ||
      Object.entries(setting).some(([key, value]) => topology.patroni[key as 'ttlSeconds'] !== value)
    )
  })
}
