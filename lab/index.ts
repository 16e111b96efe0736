/**
 * The library: what the command line uses, and whoever writes a test or a story in TypeScript.
 *
 *     await using lab = await raiseLab()
 *     const run = await lab.during({inject: 'kill', what: 'host', on: 'leader'}, async () => { ...an app's own traffic... })
 *
 * or, on a lab that is there, in parts:
 *
 *     const lab = await openOurs(engineOfLab('lab'), 'lab')
 *     using _lock = lockLab(lab.name, 'my story')
 *     const scenario = loadScenario('kill-leader')
 *     const {report, folder} = await runScenario(lab, scenario, {signal: AbortSignal.timeout(600_000)})
 *
 * A story that is no scenario has `observe` around it, and breaks with `inject`.
 *
 * What stops it from its work is thrown as LabError: a code, a sentence, and in `hint` the next step. A lost row is no
 * error but data, in `report`.
 */

export type {Finding, Verdict} from './checks/check.ts'
export {checks} from './checks/index.ts'
export {AppRelay, type AppRelayOptions} from './clients/app-relay.ts'
export {type Health, health} from './cluster/health.ts'
export {untilHealthy} from './cluster/wait.ts'
export {Docker} from './engine/docker.ts'
export {Lab} from './engine/lab.ts'
export {faults} from './faults/index.ts'
export {broken} from './healing/broken.ts'
export {heal} from './healing/heal.ts'
export {mend} from './healing/mend.ts'
export type {AgentGroup, ClientGroup, ProgramGroup} from './history/client-group.ts'
export type * from './history/event.ts'
export {type History, historyOf, Recorder} from './history/history.ts'
export {sayMend} from './history/say-mend.ts'
export type {InjectionPhase} from './history/scenario-values.ts'
export {type AroundHistory, type MedianTimings, medianTimings, type Timings, timingsOf} from './history/timings.ts'
export {type Comparison, compare} from './judge/compare.ts'
export {jepsenHistory} from './judge/jepsen.ts'
export {judge} from './judge/judge.ts'
export {type MeasuredRun, measureRun} from './judge/measure-run.ts'
export type {Report} from './judge/report.ts'
export {NoWay} from './observer/tunnel.ts'

export {type Injected, type InjectOptions, inject} from './run/inject.ts'
export type {ChosenMoment} from './run/injection-phase.ts'
export type {LoadTold} from './run/light-load.ts'
export {type Observation, type ObserveOptions, observe} from './run/observe.ts'
export {type Performance, play} from './run/play.ts'
export {type Preview, previewFault} from './run/preview.ts'
export {engineToRaise, type Raised, raise} from './run/raise.ts'
export {
  type Breaking,
  type During,
  type DuringOptions,
  RaisedLab,
  type RaiseLabOptions,
  type RaiseMeans,
  raiseLab,
} from './run/raised-lab.ts'
export {type RepeatOptions, type Repetition, repeat, type Summary} from './run/repeat.ts'
export {leaveNeverBegan, type Run, type RunOptions, runScenario} from './run/runs.ts'
export {removeSnapshot, restoreSnapshot, type Saved, saveSnapshot} from './run/snapshot.ts'
export type {BeforeStep} from './run/steps.ts'
export {type Quorum, type Watched, type WatchListener, type WatchOptions, watchLab} from './run/watch.ts'
export {
  type Bound,
  bind,
  type Expectation,
  loadScenario,
  parseScenario,
  type Scenario,
  type Step,
  sayNeeds,
  sayStep,
  scenarioFile,
  scenarioNames,
  scenarioSchema,
  settingsFor,
  suites,
} from './scenario/index.ts'
export {allocate} from './state/allocate.ts'
export {engineOfLab} from './state/engine-of-lab.ts'
export {type FoundRun, findRun, findRuns, type RecordedRun} from './state/find-run.ts'
export {checkLabName, composeFile, savedLabs} from './state/folders.ts'
export {inForce} from './state/journal.ts'
export {lockLab} from './state/lock.ts'
export {openLab, openOurs} from './state/open.ts'
export {owner} from './state/owner.ts'
export {mustBeOurs, removeOurs, removeStale, type Standing, standings} from './state/ownership.ts'
export {clear, type Place, placeFor} from './state/run-folder.ts'
export {checkSnapshotName, findSnapshot, type Snapshot, snapshotsOf} from './state/snapshots.ts'
export {forgetLab, loadLab, loadLabs} from './state/state.ts'
export type {Draw} from './storm/catalogue.ts'
export {drawStorm, type Storm, type StormRequest} from './storm/draw.ts'
export {planOf} from './storm/plan-of.ts'
export {type Held, type PlayedStorm, playStorm, type StormPlan} from './storm/play-storm.ts'
export {
  failedChecks,
  type ShrinkOptions,
  type ShrinkPlay,
  type ShrinkResult,
  shrinkScenario,
} from './storm/shrink-run.ts'
export {childOf, type RunChild} from './suite/child.ts'
export {suiteJobs} from './suite/jobs.ts'
export {type Ending, exitCodeOf, type SuiteOutcome} from './suite/outcome.ts'
export type {SuiteJob} from './suite/plan.ts'
export {labsFor, runSuite, type SuiteNews, type SuiteOptions} from './suite/run.ts'
export {loadHistory, loadRun, readRun} from './testing/runs-as-objects.ts'
export * from './topology/entries.ts'
export * from './topology/services.ts'
export * from './topology/topology.ts'
export {loadTopology, parseTopology} from './topology/topology-file.ts'
export {exitCodes, LabError} from './words/errors.ts'
export type {Progress} from './words/progress.ts'
export type {Micros} from './words/quantity.ts'
