/**
 * What the command line reads, judges and draws with, what the package exports of that included: it reaches no engine and no cluster,
 * and so loads less than the package's own door.
 */
export {
  anyMoment,
  type Bounds,
  type Distribution,
  failoverBudget,
  histogram,
  isModelled,
  type Phase,
  shortPhase,
} from '../budget/index.ts'
export {
  type Bought,
  boughtBy,
  type PredictedFault,
  type PredictedName,
  type PredictedPhase,
  type Prediction,
  predict,
  predictedName,
  sayLoopWait,
  worthTelling,
} from '../budget/prediction.ts'
export type {PhaseRow} from '../checks/check.ts'
export {checks} from '../checks/index.ts'
export type {Route} from '../cluster/health.ts'
export type {Modes} from '../cluster/modes.ts'
export {refusedOrUnasked, writtenParameters} from '../engine/parameters.ts'
export {areAllDirect, attemptsOf, proxiedOrAll} from '../history/attempts.ts'
export {driverOf, findsPrimaryItself, isDirect, namesOf} from '../history/client-group.ts'
export {viewOf} from '../history/cluster-view.ts'
export type {DriverRow} from '../history/driver-table.ts'
export {plain} from '../history/event-table.ts'
export {type Change, prominenceOf, sayEvent, sayLive} from '../history/event-words.ts'
export {isWritable} from '../history/failover.ts'
export {of} from '../history/history.ts'
export {type LaidOver, layOver, type NamedHistory} from '../history/laid-over.ts'
export {parseHistory} from '../history/read-events.ts'
export {type ContainerPhase, containerAfter, type Role, roleOfHost} from '../history/role.ts'
export {Rows, referenceTable} from '../history/rows.ts'
export {sayMend} from '../history/say-mend.ts'
export {medianTimings, type TimedPart, timingsOf} from '../history/timings.ts'
export {isUnannounced} from '../history/unannounced.ts'
export {latest, nothingRead, phaseEvents, type Reading, readOn, unfolded} from '../history/unfolding.ts'
export {type ComparedMetric, compare, type Spread, sayQuantile} from '../judge/compare.ts'
export {jepsenHistory} from '../judge/jepsen.ts'
export {judge} from '../judge/judge.ts'
export {sayMeasured} from '../judge/limit.ts'
export {type MeasuredRun, measureRun, sayValue} from '../judge/measure-run.ts'
export {entryDoubts} from '../lint/entry-doubts.ts'
export {withAskedLimit} from '../scenario/asked-limit.ts'
export {comparedDrivers, withExtraClients} from '../scenario/extra-clients.ts'
export type {Needs} from '../scenario/index.ts'
export {sayStep} from '../scenario/say.ts'
export {findRuns, loadRun, nameOf, readLogs, readRun} from '../state/find-run.ts'
export {inForce} from '../state/journal.ts'
export {sayHolder, worksOn} from '../state/lock.ts'
export {noLab} from '../state/open.ts'
export {type GivenRecord, merge, mustBelongTogether} from '../suite/merge.ts'
export {exitCodeOf, type SuiteOutcome, sayAgain} from '../suite/outcome.ts'
export {evidenceOf, readRecord, recordsIn} from '../suite/record.ts'
export {areTogether, isOfFirst} from '../topology/clusters.ts'
export {engineNameOf} from '../topology/engines.ts'
export {successionDoubts} from '../topology/succession.ts'
export {examineTopology, loadTopology, type Preset, presetsOf} from '../topology/topology-file.ts'
export {sayLsn} from '../words/lsn.ts'
export {ms} from '../words/quantity.ts'
export {countLeading} from '../words/search.ts'
export {pageWidth, wrapped} from '../workshop/page.ts'
