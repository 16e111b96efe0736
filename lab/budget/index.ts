/**
 * The timing model: what a topology's own settings imply for each fault of its leader, phase by phase. The parts are in
 * `budget/`, one file a part; `docs/how/timing-model.md` has the formulas in one place.
 */

export {effectiveTimings, sayAdjustment, watchdogTimeoutSeconds} from '../topology/timings.ts'
export {
  anyMoment,
  budgetOf,
  type FailoverBudget,
  failoverBounds,
  failoverBudget,
  leaderFaults,
  type PhaseBudget,
} from './bounds.ts'
export {type Patience, usualPatience} from './client.ts'
export {type Distribution, distributionsOf, histogram} from './distribution.ts'
export {
  type CutOff,
  type FaultFacts,
  isModelled,
  type LeaderFault,
  noBounds,
  type Struck,
  strikesEtcd,
  struckByCuts,
} from './leader-fault.ts'
export {type FaultModel, modelOf, type Phase, phaseLabel, shortPhase} from './model.ts'
export {type Bounds, slowMachine, type Variable} from './variable.ts'
export {
  type AddressGap,
  addressGap,
  addressMoves,
  holderLoses,
  type Loss,
} from './virtual-address.ts'
