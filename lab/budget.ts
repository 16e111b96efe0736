/**
 * The timing model: what a topology's own settings imply for each fault of its leader, phase by phase. The parts are in
 * `budget/`, one file a part; `docs/how/timing-model.md` has the formulas in one place.
 */
export {
  anyMoment,
  type FailoverBudget,
  failoverBounds,
  failoverBudget,
  leaderFaults,
  type PhaseBudget,
} from './budget/bounds.ts'
export {type Distribution, distributionsOf, histogram} from './budget/distribution.ts'
export {type FaultFacts, type LeaderFault, strikesEtcd} from './budget/leader-fault.ts'
export {type FaultModel, modelOf, type NoModel, type Phase} from './budget/model.ts'
export {type Adjustment, effectiveTimings, sayAdjustment, type Timings} from './budget/timings.ts'
export {type Bounds, slowMachine, type Variable} from './budget/variable.ts'
export {watchdogTimeoutSeconds} from './budget/watchdog.ts'
