/** All checks, by the name a scenario uses, and the one way in which they are asked. */

import {firstView, viewsOf} from '../history/cluster-view.ts'
import type {Of} from '../history/event.ts'
import {findFailover} from '../history/failover.ts'
import type {History} from '../history/history.ts'
import {lostOf} from '../history/lost.ts'
import {promotionsOf} from '../history/promotions.ts'
import {sayMicros} from '../words/quantity.ts'
import {addressMovesCheck} from './address-moves.ts'
import {bank} from './bank.ts'
import {type Check, type Finding, merge} from './check.ts'
import {clientsReconnect} from './clients-reconnect.ts'
import {demoted} from './demoted.ts'
import {errors} from './errors.ts'
import {failover} from './failover.ts'
import {fenced} from './fenced.ts'
import {idle} from './idle.ts'
import {logsClean} from './logs-clean.ts'
import {lostConnections} from './lost-connections.ts'
import {monotonicReads} from './monotonic-reads.ts'
import {newLeader} from './new-leader.ts'
import {noFailover} from './no-failover.ts'
import {noLostWrites} from './no-lost-writes.ts'
import {noPendingRestart} from './no-pending-restart.ts'
import {nobodyPromoted} from './nobody-promoted.ts'
import {oneWritablePrimary} from './one-writable-primary.ts'
import {pendingRestart} from './pending-restart.ts'
import {promoted} from './promoted.ts'
import {quorumKept} from './quorum-kept.ts'
import {readOnly} from './read-only.ts'
import {readYourWrites} from './read-your-writes.ts'
import {recovered} from './recovered.ts'
import {rejoined} from './rejoined.ts'
import {replicasIdentical} from './replicas-identical.ts'
import {routedToLeader} from './routed-to-leader.ts'
import {slotKept} from './slot-kept.ts'
import {staleReads} from './stale-reads.ts'
import {streamsAgain} from './streams-again.ts'
import {timelineMonotone} from './timeline-monotone.ts'
import {twoWritablePrimaries} from './two-writable-primaries.ts'
import {unavailability} from './unavailability.ts'
import {writableWithinLock} from './writable-within-lock.ts'
import {writesFlow} from './writes-flow.ts'

export const checks = {
  failover,
  'clients-reconnect': clientsReconnect,
  'new-leader': newLeader,
  'no-lost-writes': noLostWrites,
  'one-writable-primary': oneWritablePrimary,
  'writable-within-lock': writableWithinLock,
  'routed-to-leader': routedToLeader,
  fenced,
  rejoined,
  recovered,
  'streams-again': streamsAgain,
  'address-moves': addressMovesCheck,
  'no-failover': noFailover,
  'nobody-promoted': nobodyPromoted,
  promoted,
  demoted,
  'two-writable-primaries': twoWritablePrimaries,
  unavailability,
  errors,
  'lost-connections': lostConnections,
  'timeline-monotone': timelineMonotone,
  'no-pending-restart': noPendingRestart,
  'pending-restart': pendingRestart,
  'read-only': readOnly,
  'writes-flow': writesFlow,
  'monotonic-reads': monotonicReads,
  'read-your-writes': readYourWrites,
  'stale-reads': staleReads,
  bank,
  'replicas-identical': replicasIdentical,
  'slot-kept': slotKept,
  'quorum-kept': quorumKept,
  'logs-clean': logsClean,
} satisfies Readonly<Record<string, Check<unknown>>>

export type CheckName = keyof typeof checks

/**
 * What a check finds in a history: for the judge at the end, and for a step that waits. One that crashes, does not exist or does not
 * understand its parameters has found nothing out, which ends nobody's run.
 * @param params as a scenario has them: not decoded, `{within: '10s'}`.
 */
export function find(
  whole: History,
  {check: name, params}: {readonly check: string; readonly params: unknown},
): Finding {
  const check: Check<unknown> | undefined = Object.hasOwn(checks, name) ? checks[name as CheckName] : undefined
  if (!check) return {verdict: 'unknown', says: `There is no check ${name}.`}
  const decoded = check.params.safeParse(params ?? {})
  if (!decoded.success)
    return {verdict: 'unknown', says: `The parameters of ${name} are not valid: ${decoded.error.issues[0]?.message}.`}
  const history = firstView(whole)
  try {
    const each = check.ofEach === 'cluster' ? viewsOf(history) : [history]
    const found = ofAll(each.map(one => check.judge(one, decoded.data)))
    return contradicted(check, history, decoded.data, ofFault(check, history, found))
  } catch (error) {
    const says = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return {verdict: 'unknown', says: `The check ${name} crashed (${says}); this is a bug of pgha-lab.`}
  }
}

/** What was found out of each cluster: the worst decides, and of several that are as bad the first's. */
function ofAll(findings: readonly Finding[]): Finding {
  if (findings.length === 1) return findings[0]!
  const verdict = merge(findings.map(one => one.verdict))
  const deciding = findings.filter(one => one.verdict === verdict)
  const says = deciding.map(one => one.says).join(' ')
  return {...deciding[0]!, says, evidence: deciding.flatMap(one => one.evidence ?? [])}
}

/** What a host logged counts for more than that nobody saw it: the probe asks twenty times a second, and a promotion takes less. */
function contradicted(check: Check<unknown>, history: History, params: unknown, finding: Finding): Finding {
  const found = finding.verdict === 'pass' ? (check.contradiction?.(history, params) ?? null) : null
  if (found === null) return finding
  const {sign, verdict} = found
  const told = `${sign.host} was promoted at ${sayMicros(sign.at)} of the run without holding the leader key, as its log says (${sign.says})`
  return {
    ...finding,
    verdict,
    says: `${told}${verdict === 'fail' ? '' : whatCame(history, sign)}.`,
    evidence: [sign, ...(finding.evidence ?? [])],
    hint: `somebody promoted ${sign.host} past Patroni, or its Patroni has another scope or namespace: read its log around that moment`,
  }
}

/** Its timeline, where it was seen to lead one; whether no other one leads that as well, nobody knows. */
function whatCame(history: History, {host, at}: Of<'log'>): string {
  const led = promotionsOf(history).findLast(one => one.host === host && one.at >= at - 1_000_000)
  return led === undefined
    ? ', and what came of it nobody saw'
    : `, and took writes on timeline ${led.timeline}; whose that is, the leader key does not say`
}

/** Of a fault that never came or did not take hold nothing was found out, whatever was seen. */
function ofFault(check: Check<unknown>, history: History, finding: Finding): Finding {
  if (check.ofFault === undefined || (check.ofFault === 'calm' && finding.verdict === 'fail')) return finding
  const struck = check.ofFault === 'of-leader' ? findFailover(history) : null
  const nothing =
    idle(history) ?? (struck === null || typeof struck === 'string' ? null : idle(history, struck.fault.id))
  if (nothing === null) return finding
  return {
    ...unfound(finding, `There is no effect of a fault to judge: ${nothing.says}.`),
    ...(nothing.proof === undefined ? {} : {evidence: [nothing.proof]}),
  }
}

/** What was asked for is told; what was seen would read like its answer. */
function unfound({measures = {}}: Finding, says: string): Finding {
  const limits = Object.entries(measures).filter(([name]) => /limit/i.test(name))
  return {verdict: 'unknown', says, ...(limits.length === 0 ? {} : {measures: Object.fromEntries(limits)})}
}

/**
 * What is left of a finding when somebody else ended a fault of the run: what it was to bring about was not seen, and nobody is to
 * blame for that. What the cluster did all the same stands. For the judge only: a step that waits goes on waiting for what it is for.
 */
export function unlessLost(history: History, name: string, finding: Finding): Finding {
  const ofFault = Object.hasOwn(checks, name) ? (checks[name as CheckName] as Check<unknown>).ofFault : undefined
  const [lost] = lostOf(history)
  if (lost === undefined || ofFault === undefined || (ofFault === 'calm' && finding.verdict === 'fail')) return finding
  const says = `The fault did not last: ${lost.id} was lost ${sayMicros(lost.after)} after it came (${lost.says}).`
  return {...unfound(finding, says), evidence: [lost.event]}
}
