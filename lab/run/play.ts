/**
 * Performs a scenario and records what happens; it never judges. The frame is the same for every scenario:
 * heal leftovers, until healthy, probes and clients, steady state, the steps, heal all, until healthy, stop the writers, final reads.
 */

import {effectiveTimings} from '../budget/index.ts'
import {wakeAgents} from '../clients/clients.ts'
import type {WaitingAgents} from '../clients/waiting-agents.ts'
import {etcdLeader, leadEtcdFrom} from '../cluster/etcd-leader.ts'
import {leaderOf} from '../cluster/patroni-keys.ts'
import {versions} from '../cluster/versions.ts'
import {untilHealthy} from '../cluster/wait.ts'
import type {Lab} from '../engine/lab.ts'
import {heal} from '../healing/heal.ts'
import type {Recorder} from '../history/history.ts'
import {ofSettings} from '../history/holes.ts'
import {sayMend} from '../history/say-mend.ts'
import type {Bound, ClientGroup, Scenario} from '../scenario/index.ts'
import {firstCluster} from '../topology/clusters.ts'
import {withoutPrograms} from '../topology/patroni-build.ts'
import {hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import {asTyped, type ChosenMoment} from './injection-phase.ts'
import {Injections} from './injections.ts'
import {drawnMoment, drawSeed, momentOf} from './moment-of.ts'
import {observe} from './observe.ts'
import {applySettings} from './run-config.ts'
import {type BeforeStep, playSteps} from './steps.ts'

/** A cluster that is not healthy after this long needs a person. */
const healthyWithinMs = 120_000

export interface Performance {
  readonly lab: Lab
  readonly scenario: Scenario
  /** The topology as it will be in the run, and what of Patroni's configuration must change for that (`bind`). */
  readonly bound: Bound
  readonly history: Recorder
  readonly run: string
  /** Aborted to end the run early: it heals all the same. */
  readonly signal: AbortSignal
  /** When in Patroni's HA loop each fault comes; when not given each with its step, the first up to a second later, by `seed`. */
  readonly phase?: ChosenMoment | undefined
  /** Draws the same moment again, from 0 to 4294967295; one is drawn, and recorded, when not given. */
  readonly seed?: number | undefined
  /** Awaited before each step, which begins after it: `index` counts from 0. What it throws ends the run, healed as always. */
  readonly before?: BeforeStep | undefined
}

/** @throws LabError when the lab could not do its work; everything has been healed by then, or `heal-failed` says what has not. */
export async function play(performance: Performance): Promise<void> {
  const {lab, scenario, history, run, signal, phase} = performance
  const {seed = drawSeed()} = performance
  // What takes its time and needs nobody else.
  await using agents = wakeAgents(lab, allGroups(scenario))
  const mending = heal(lab, signal)
  mending.catch(() => {}) // `perform` tells of it
  try {
    history.record(
      {
        kind: 'run-started',
        run,
        scenario,
        lab: lab.name,
        topology: withoutPrograms(performance.bound.topology),
        versions: await versions(lab),
        startedAt: new Date(history.startedAtMs).toISOString(),
        ...asTyped(phase),
        ...(phase === undefined ? {seed} : {}),
      },
      0,
    )
  } catch (error) {
    await mending.catch(() => {})
    throw error
  }
  try {
    await perform(performance, {seed, mending, agents})
    history.record({kind: 'run-ended', how: 'complete'})
  } catch (error) {
    const interrupted = signal.aborted || (error instanceof LabError && error.code === 'interrupted')
    history.record({kind: 'run-ended', how: interrupted ? 'interrupted' : 'error', says: (error as Error).message})
    throw error
  } finally {
    history.flush()
  }
}

/** What has begun with the run. */
interface Begun {
  readonly seed: number
  readonly mending: ReturnType<typeof heal>
  readonly agents: WaitingAgents
}

async function perform(performance: Performance, {seed, mending, agents}: Begun): Promise<void> {
  const {lab, bound, history, signal} = performance
  const loopWaitMicros = effectiveTimings(bound.topology.patroni).loopWaitSeconds * 1_000_000
  const {phase} = performance
  const moment =
    phase === undefined ? drawnMoment(seed, {history, signal}) : momentOf(phase, {history, loopWaitMicros, signal})
  using injections = new Injections(lab, history, signal, moment)

  history.record({kind: 'phase', name: 'leftovers'})
  const mended = await mending
  for (const one of mended) history.record({kind: 'note', says: `left over from before: ${sayMend(one.mend)}`})
  history.record({kind: 'phase', name: 'healthy'})
  await untilHealthy(lab, {
    atRest: mended.length === 0,
    seen: says => void history.record({kind: 'note', says: `the lab is not healthy yet: ${says}`}),
    withinMs: healthyWithinMs,
    signal,
    code: 'not-ready',
    hint: onLab(lab.name, 'status'),
  })
  try {
    if (bound.config !== null) await applySettings(lab, bound.config, bound.previous, signal)
    if (typeof phase === 'object' && phase.etcdLeader !== undefined)
      history.record({kind: 'note', says: await placeEtcdLeader(lab, phase.etcdLeader, signal)})
    await underWatch(performance, injections, agents)
  } catch (error) {
    if (signal.aborted) throw new LabError('interrupted', 'the run was interrupted; it has been healed', {cause: error})
    throw error
  } finally {
    // The settings, and what an early end has left; ignores the signal, as all mends do.
    await injections.mend()
  }
}

/** @returns a sentence on it for the history. */
async function placeEtcdLeader(lab: Lab, place: 'beside' | 'elsewhere', signal: AbortSignal): Promise<string> {
  const [leader, now] = [await leaderOf(lab, signal), await etcdLeader(lab)]
  const others = hostsWith(firstCluster(lab.topology), 'etcd').filter(host => host !== leader)
  const to = place === 'beside' ? leader : others.includes(now ?? '') ? now! : others[0]!
  await leadEtcdFrom(lab, to)
  return place === 'beside'
    ? `etcd is led from ${to}, the host of Patroni's leader`
    : `etcd is led from ${to}, and Patroni's cluster from ${leader}`
}

/** The part of the run that is evidence: under the eyes of the probes, with clients at work. */
async function underWatch(performance: Performance, injections: Injections, agents: WaitingAgents): Promise<void> {
  const {lab, bound, scenario, history, signal, before} = performance
  const watch = await observe(lab, history, {clients: allGroups(scenario), signal}, agents)
  try {
    await watch.steady()
    const whole = () => watch.mustBeWhole()
    try {
      await playSteps(scenario.steps, {topology: bound.topology, history, injections, signal, whole, before})
    } finally {
      history.record({kind: 'phase', name: 'healing'})
      await injections.mend(fault => fault !== ofSettings)
    }
    signal.throwIfAborted()
    await watch.settle()
  } finally {
    await watch[Symbol.asyncDispose]()
  }
}

function allGroups({clients, extraClients = []}: Scenario): readonly ClientGroup[] {
  return [...clients, ...extraClients]
}
