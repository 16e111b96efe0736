/** What the command line lists scenarios with: no engine is asked with any of it. */
export {type Ability, isAbility, lacking, type Tried} from '../engine/capabilities.ts'
export {
  bind,
  capabilitiesFor,
  loadScenario,
  mustBreak,
  readAheadFile,
  scenarioFile,
  scenarioNames,
  scenarioSchema,
  scenariosToKeep,
  settingsFor,
  suites,
  undecided,
} from '../scenario/index.ts'
export {noLab} from '../state/open.ts'
export {estimateSeconds} from '../suite/estimate.ts'
export {suitesNamed} from '../suite/named.ts'
export {learnedSeconds} from '../suite/seconds.ts'
export {readTopology} from '../topology/topology-file.ts'
