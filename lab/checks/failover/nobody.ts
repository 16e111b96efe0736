/** Nobody took over: what the timing model knows of that, what happened instead, and so what to look at. */
import type {FailoverBudget} from '../../budget/index.ts'
import {type Failover, isDead} from '../../history/failover.ts'
import {type History, of} from '../../history/history.ts'
import {starvedFor} from '../../history/lateness.ts'
import {promotionsOf} from '../../history/promotions.ts'
import {whyNotAsked} from '../../history/servers-seen.ts'
import {blind} from '../../history/watching.ts'
import {raisingOf, raisingWords} from '../../topology/as-set.ts'
import {hostsWith, portNumber, type Topology} from '../../topology/topology.ts'
import {next, type OwnCommand, ownCommand} from '../../words/next-step.ts'
import {type Micros, sayMicros} from '../../words/quantity.ts'
import type {Finding} from '../check.ts'

/** `node1 died`; of what befell it only a host that was killed is dead for certain. */
export function sayStruck({oldLeader, struck, fault}: Failover): string {
  return 'fault' in struck && struck.fault === 'host-killed'
    ? `${oldLeader} died`
    : `${oldLeader} was struck (${fault.what})`
}

/**
 * The model knows that nobody takes over after such a fault, ever, and nobody did: then no limit would have been long enough.
 * @param never why. Undefined: somebody did all the same, and is measured.
 */
export function asForeseen(history: History, found: Failover, never: string): Finding | undefined {
  const {oldLeader, topology, t0, until, over, fault, newLeader, firstWrite} = found
  const promoted = promotionsOf(history).some(one => one.host !== oldLeader && one.at > t0)
  if (newLeader !== undefined || firstWrite !== undefined || promoted) return undefined
  const others = hostsWith(topology, 'patroni').filter(host => host !== oldLeader)
  const unseen = blind(history, 'etcd', t0, until) && whyNotAsked(history, t0, until, others)
  const evidence = [fault]
  if (unseen) return {verdict: 'unknown', says: `Nobody was seen taking over, and ${never}; but ${unseen}.`, evidence}
  if (!over)
    return {
      verdict: 'unknown',
      says: `Nobody has taken over ${sayMicros(until - t0)} after the fault: ${never}.`,
      evidence,
    }
  return {
    verdict: 'fail',
    says: `${sayStruck(found)}: ${never}.`,
    measures: {fault: 'fault' in found.struck ? found.struck.fault : null, oldLeader, newLeader: null},
    evidence,
    hint: next`no limit is long enough for that: expect \`no-failover\` or \`nobody-promoted\`, or take the cause away; to see it before a run: ${predicted(found.topology)}`,
  }
}

function predicted(topology: Topology): OwnCommand {
  const raising = raisingOf(topology, undefined)
  return ownCommand('predict', ...(raising === undefined ? [] : raisingWords(raising)))
}

/**
 * The claim of a failover where the model expects PostgreSQL to be started again where it is: false once that has happened.
 * @param limit how long the claim gives it.
 */
export function restartedInPlace(history: History, found: Failover, limit: Micros): Finding {
  const {oldLeader, newLeader, restarted, resumedWrite, until, over, t0, topology, fault} = found
  const timeout = topology.patroni.primaryStartTimeoutSeconds
  const expected = `with primary_start_timeout ${timeout} s Patroni starts PostgreSQL again on ${oldLeader}, and no replica takes over`
  const evidence = [fault, found.newKey, restarted, resumedWrite].filter(event => event !== undefined)
  if (newLeader !== undefined)
    return {
      verdict: 'unknown',
      says: `${newLeader} took over from ${oldLeader}, but ${expected}: the timing model has no bounds for a restart that failed.`,
      evidence,
      hint: `look into the log of ${oldLeader} for why PostgreSQL was not started again; a limit of your own, such as \`within: 40s\`, is judged all the same`,
    }
  const waited = until - t0 - starvedFor(history, t0, until).micros
  const blindOn = blind(history, 'etcd', t0, until)
  const hint = 'expect no-failover instead, or raise the lab with --set patroni.primary_start_timeout=0s'
  if (over && waited >= limit && blindOn === null)
    return {verdict: 'fail', says: `${oldLeader} kept its key: ${expected}.`, evidence, hint}
  const doubt = blindOn ?? `nothing is said ${sayMicros(until - t0)} after the fault`
  return {verdict: 'unknown', says: `No failover yet, and none is expected: ${expected} (${doubt}).`, evidence, hint}
}

/** What to look at after a failover that failed, by what happened in it. */
export function hintFor(history: History, found: Failover, budget: FailoverBudget | null): string {
  const {oldLeader, keyGone, newKey, newLeader, retaken, fault, t0} = found
  if (newKey && (found.oldStillUp.length > 0 || found.newUpTooEarly.length > 0))
    return `look at HAProxy's health checks: option httpchk on /primary, inter, fall, and the statistics page on port ${portNumber(of(history, 'run-started')[0]?.topology ?? {}, 'stats')}`
  if (newKey) return `compare the slow phase with the log of ${newLeader} in the run folder`
  if (retaken)
    return `${oldLeader} was there again before any other host had raced for the key: keep it down for longer`
  if (keyGone) return "the key was free: look into the replicas' Patroni logs for why they did not race for it"
  const refreshed = of(history, 'status-key').findLast(
    one => one.at > t0 + (budget ? 1_000_000 : 0) && one.at <= found.until,
  )
  if (refreshed && !isDead(fault, oldLeader))
    return `${oldLeader} refreshed its lease until ${sayMicros(refreshed.at - t0)} after the fault: its Patroni lives and reaches etcd, so nobody may race; expect \`no-failover\`, or strike what the lease hangs on`
  return 'a lease that does not run out has nobody to end it: has etcd a leader and a quorum (`etcd-member` in events.ndjson)?'
}
