/**
 * Performs a scenario and records what happens; it never judges. The frame is the same for every scenario:
 * heal leftovers, until healthy, probes and clients, steady state, the steps, heal all, until healthy, stop the writers, final reads.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import {effectiveTimings} from '../budget/index.ts'
import {checks} from '../checks/index.ts'
import {type Clients, finalRows, prepareTable, startClients} from '../clients/clients.ts'
import {versions} from '../cluster/versions.ts'
import {untilHealthy, waitFor} from '../cluster/wait.ts'
import type {Lab} from '../engine/lab.ts'
import {heal, within} from '../healing/heal.ts'
import {silentGroup} from '../history/attempts.ts'
import {budgetLimit} from '../history/deadline.ts'
import type {PhaseName, Strike} from '../history/event.ts'
import {leaderAt, strikes} from '../history/failover.ts'
import {of, type Recorder} from '../history/history.ts'
import {sayMend} from '../history/say-mend.ts'
import {sureSteady} from '../history/steady-writes.ts'
import {probes} from '../probes/index.ts'
import type {ProbeSite} from '../probes/probe.ts'
import {type Bound, type ClientGroup, type Scenario, type Step, sayStep, type Within} from '../scenario/index.ts'
import {hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import type {Micros} from '../words/quantity.ts'
import {type ChosenMoment, untilInjectionPhase} from './injection-phase.ts'
import {Injections} from './injections.ts'
import {applySettings, settings} from './settings.ts'

/** A cluster that is not healthy after this long needs a person. */
const healthyWithinMs = 120_000
/** After the steps have healed everything; whoever has not come back by then is told by `rejoined`. */
const recoveredWithinMs = 60_000
const steadyWithinMs = 30_000
/** Probes end with their signal; one that does not must not keep the healing waiting. */
const probesEndWithinMs = 15_000
/** `until ... within: budget` waits a little longer than the bound, so that a late failover is measured and not only missed. */
const lateByMs = 3000

export interface Performance {
  readonly lab: Lab
  readonly scenario: Scenario
  /** The topology as it will be in the run, and what of Patroni's configuration must change for that (`bind`). */
  readonly bound: Bound
  readonly history: Recorder
  readonly run: string
  /** Aborted to end the run early: it heals all the same. */
  readonly signal: AbortSignal
  /** When in Patroni's HA loop each fault comes; whenever its step does when not given. */
  readonly phase?: ChosenMoment | undefined
}

/** @throws LabError when the lab could not do its work; everything has been healed by then, or `heal-failed` says what has not. */
export async function play(performance: Performance): Promise<void> {
  const {lab, scenario, history, run, signal, phase} = performance
  history.record(
    {
      kind: 'run-started',
      run,
      scenario,
      lab: lab.name,
      topology: performance.bound.topology,
      versions: await versions(lab),
      startedAt: new Date(history.startedAtMs).toISOString(),
      ...(phase === undefined || phase === 'worst' ? {} : {phase}),
    },
    0,
  )
  try {
    await perform(performance)
    history.record({kind: 'run-ended', how: 'complete'})
  } catch (error) {
    const interrupted = signal.aborted || (error instanceof LabError && error.code === 'interrupted')
    history.record({kind: 'run-ended', how: interrupted ? 'interrupted' : 'error', says: (error as Error).message})
    throw error
  } finally {
    history.flush()
  }
}

async function perform(performance: Performance): Promise<void> {
  const {lab, bound, history, signal} = performance
  const loopWaitMicros = effectiveTimings(bound.topology.patroni).loopWaitSeconds * 1_000_000
  const {phase} = performance
  const moment = phase && momentOf(phase, {history, loopWaitMicros, signal})
  using injections = new Injections(lab, history, signal, moment)

  history.record({kind: 'phase', name: 'leftovers'})
  for (const one of await heal(lab)) history.record({kind: 'note', says: `left over from before: ${sayMend(one.mend)}`})
  history.record({kind: 'phase', name: 'healthy'})
  await untilHealthy(lab, {
    withinMs: healthyWithinMs,
    signal,
    code: 'not-ready',
    hint: onLab(lab.name, 'status'),
  })
  try {
    if (bound.config !== null) await applySettings(lab, bound.config, bound.previous, signal)
    await prepareTable(lab)
    await underWatch(performance, injections)
  } catch (error) {
    if (signal.aborted) throw new LabError('interrupted', 'the run was interrupted; it has been healed', {cause: error})
    throw error
  } finally {
    // The settings, and what an early end has left; ignores the signal, as all mends do.
    await injections.mend()
  }
}

/** What waits for the moment of a fault, and says in the history which it was. */
export function momentOf(
  chosen: ChosenMoment,
  growing: Parameters<typeof untilInjectionPhase>[1] & {history: Pick<Recorder, 'events' | 'record'>},
): (strike: Strike) => Promise<void> {
  const {history} = growing
  if (chosen !== 'worst')
    return async () => void history.record({kind: 'note', says: await untilInjectionPhase(chosen, growing)})
  let struck = false
  return async strike => {
    if (struck || strikes(strike, leaderAt(history, growing.history.now())) === undefined) return
    struck = true
    try {
      history.record({kind: 'note', says: await untilInjectionPhase('just-after-refresh', growing)})
    } catch (error) {
      if (!(error instanceof LabError) || error.code !== 'timeout') throw error
      history.record({kind: 'note', says: `the worst moment could not be chosen: ${error.message}`})
    }
  }
}

/** The part of the run that is evidence: under the eyes of the probes, with clients at work. */
async function underWatch(performance: Performance, injections: Injections): Promise<void> {
  const {lab, scenario, history, signal} = performance
  const enter = (name: PhaseName) => history.record({kind: 'phase', name})
  const watching = new AbortController()
  const site: ProbeSite = {
    lab,
    record: (happening, at) => history.record(happening, at),
    now: () => history.now(),
    signal: watching.signal,
  }
  const probing = Promise.all(probes.map(probe => probe.run(site)))
  let clients: Clients | undefined
  try {
    clients = await startClients(site, allGroups(scenario))
    const whole = evidence(history, clients)
    enter('steady')
    await untilSteady(performance, clients, whole)
    enter('steps')
    try {
      await playSteps(performance, injections, whole)
    } finally {
      enter('healing')
      await injections.mend(fault => fault !== settings)
    }
    signal.throwIfAborted()
    enter('recovery')
    await recover(performance)
    await clients.stopWriters()
    enter('final-reads')
    await readFinalRows(performance)
    whole()
  } finally {
    await clients?.stop()
    watching.abort()
    await within(probesEndWithinMs, probing)
  }
}

function allGroups({clients, extraClients = []}: Scenario): readonly ClientGroup[] {
  return [...clients, ...extraClients]
}

/** Recovery that never comes is a finding for the checks (`rejoined`), not a failure of ours. */
async function recover({lab, history, signal}: Performance): Promise<void> {
  try {
    // The probe asks every Patroni four times a second already.
    await untilHealthy(lab, {withinMs: recoveredWithinMs, signal, everyMs: 1000})
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'timeout') throw error
    history.record({kind: 'note', says: `the lab did not recover: ${error.message}`})
  }
}

/** Probes answer, a leader holds the key, and the clients write at the rate they should: only then may anything break. */
async function untilSteady(
  {lab, scenario, history, signal}: Performance,
  clients: Clients,
  whole: () => void,
): Promise<void> {
  const wanted = allGroups(scenario)
    .filter(one => one.kind === 'writers')
    .reduce((sum, one) => sum + one.perSecond, 0)
  await waitFor(
    'a steady state before the fault',
    async () => {
      whole()
      const recent = history.events.filter(event => event.at > history.now() - sureSteady)
      const acknowledged = recent.filter(
        event => event.kind === 'op' && event.op === 'write' && event.outcome === 'ok',
      ).length
      const perSecond = acknowledged / (sureSteady / 1e6)
      if (perSecond < wanted * 0.8) return `${perSecond} of ${wanted} writes/s are acknowledged`
      const failed = recent.filter(event => event.kind === 'op' && event.outcome !== 'ok').length
      if (failed > 0) return `${failed} operations failed just now`
      const unheard = silentGroup(history, allGroups(scenario)) ?? clients.unheard(history.events)
      if (unheard !== null) return unheard
      const silent = hostsWith(lab.topology, 'patroni').filter(
        host => !recent.some(event => event.kind === 'postgres' && event.host === host && event.up),
      )
      if (silent.length > 0) return `no answer from PostgreSQL on ${silent.join(' and ')}`
      if (!of(history, 'leader-key').some(event => event.holder !== null))
        return "no watch has told who holds the leader's key"
      // The first is what the probe found when it began; a refresh is one that comes while it watches.
      if (wanted > 0 && of(history, 'status-key').length < 2) return 'no lease refresh has been seen'
      return {}
    },
    {withinMs: steadyWithinMs, signal, code: 'not-ready', hint: onLab(lab.name, 'status')},
  )
}

async function playSteps(performance: Performance, injections: Injections, whole: () => void): Promise<void> {
  const {scenario, history} = performance
  for (const [index, step] of scenario.steps.entries()) {
    history.record({kind: 'step-started', index, says: sayStep(step)})
    const {ok, says} = await playStep(performance, injections, step, whole)
    history.record({kind: 'step-ended', index, ok, says})
    whole()
    if (!ok) return
  }
}

async function playStep(
  performance: Performance,
  injections: Injections,
  step: Step,
  whole: () => void,
): Promise<{ok: boolean; says: string}> {
  const {history, signal} = performance
  switch (step.do) {
    case 'inject':
      return injections.inject(step)
    case 'heal':
      await injections.mend(fault => fault === step.as)
      return {ok: true, says: 'healed'}
    case 'hold':
      await sleep(step.forMs, undefined, {signal})
      return {ok: true, says: 'held'}
    case 'until':
      return until(performance, step, whole)
    case 'say':
      history.record({kind: 'note', says: step.says})
      return {ok: true, says: step.says}
  }
}

async function until(
  {bound, history, signal}: Performance,
  step: Extract<Step, {do: 'until'}>,
  whole: () => void,
): Promise<{ok: boolean; says: string}> {
  const check = checks[step.check as keyof typeof checks]
  const params = check.params.parse(step.params)
  const limit = limitOf(bound, history, step.within)
  const deadline = history.now() + limit
  for (;;) {
    whole() // what nobody sees any more is not waited for: it would be called missing
    const finding = (
      check.judge as (
        history: Recorder | {events: readonly never[]},
        params: unknown,
      ) => {verdict: string; says: string}
    )(history.sealed() as never, params)
    if (finding.verdict === 'pass') return {ok: true, says: finding.says}
    if (history.now() > deadline) return {ok: false, says: `not within ${Math.round(limit / 1e6)} s: ${finding.says}`}
    await sleep(150, undefined, {signal})
  }
}

function limitOf({topology}: Bound, history: Recorder, within: Within): Micros {
  return within === 'budget' ? budgetLimit(topology, history) + lateByMs * 1000 : within * 1000
}

/** Every member's own rows. A member that does not answer leaves none, and the checks call that unknown. */
async function readFinalRows({lab, history}: Performance): Promise<void> {
  for (const host of hostsWith(lab.topology, 'patroni')) {
    try {
      history.record(await finalRows(lab, host))
    } catch (error) {
      history.record({kind: 'note', says: `${host} could not be read at the end: ${(error as Error).message}`})
    }
  }
}

/** Evidence that is being lost ends the run: a verdict on half a history would be a guess. */
function evidence(history: Recorder, clients: Clients): () => void {
  return () => {
    if (clients.failure !== undefined) throw clients.failure
    if (history.failure !== undefined)
      throw new LabError('disk-full', `the history cannot be written: ${(history.failure as Error).message}`, {
        hint: 'free some space; or choose another place with --out DIR',
      })
  }
}
