/**
 * The library: what the command line uses, and whoever writes a story in TypeScript.
 *
 *     const lab = await openOurs(new Docker(), 'lab')
 *     using _lock = lockLab(lab.name, 'my story')
 *     const scenario = loadScenario('kill-leader')
 *     const {report, folder} = await runScenario(lab, scenario, {signal: AbortSignal.timeout(600_000)})
 *
 * What stops it from its work is thrown as LabError: a code, a sentence, and in `hint` the next step. A lost row is no
 * error but data, in `report`.
 */
export {allocate} from './allocate.ts'
export {broken} from './broken.ts'
export type {Finding, Verdict} from './check.ts'
export {checks} from './checks/index.ts'
export {type Comparison, compare} from './compare.ts'
export {Docker} from './docker.ts'
export {exitCodes, LabError} from './errors.ts'
export type * from './event.ts'
export {faults} from './faults/index.ts'
export {type FoundRun, findRun, findRuns, loadRun, type RecordedRun, readRun} from './find-run.ts'
export {heal} from './heal.ts'
export {type Health, health} from './health.ts'
export {type History, historyOf, Recorder} from './history.ts'
export type {InjectionPhase} from './injection-phase.ts'
export {jepsenHistory} from './jepsen.ts'
export {inForce} from './journal.ts'
export {judge} from './judge.ts'
export {Lab} from './lab.ts'
export {lockLab} from './lock.ts'
export {type MeasuredRun, measureRun} from './measure-run.ts'
export {mend} from './mend.ts'
export {NoWay} from './observer/tunnel.ts'
export {openLab, openOurs} from './open.ts'
export {owner} from './owner.ts'
export {mustBeOurs, removeOurs, removeStale, type Standing, standings} from './ownership.ts'
export {play} from './play.ts'
export type {Progress} from './progress.ts'
export type {Micros} from './quantity.ts'
export {type Raised, raise} from './raise.ts'
export {loadHistory} from './read-events.ts'
export {repeat, type Summary} from './repeat.ts'
export type {Report} from './report.ts'
export {clear, type Place, placeFor} from './run-folder.ts'
export {leaveNeverBegan, type Run, runScenario} from './runs.ts'
export {sayMend} from './say-mend.ts'
export {
  bind,
  loadScenario,
  parseScenario,
  type Scenario,
  sayNeeds,
  sayStep,
  scenarioFile,
  scenarioNames,
  scenarioSchema,
  settingsFor,
  suites,
} from './scenario.ts'
export {checkLabName, composeFile, forgetLab, loadLab, loadLabs, savedLabs} from './state.ts'
export * from './topology.ts'
export {loadTopology, parseTopology} from './topology-file.ts'
export {untilHealthy} from './wait.ts'
