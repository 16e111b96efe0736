/**
 * What the command line asks of machines, engines and labs, what the package exports of that included.
 * Imported late: it loads all there is, as the package's own door does.
 */
export {healthOf} from '../cluster/health.ts'
export {selectors} from '../cluster/selector.ts'
export {withKeys} from '../engine/certificates.ts'
export {type Absent, Docker, type Removed} from '../engine/docker.ts'
export {addressOf, checkEngineName, isElsewhere} from '../engine/named.ts'
export {ownImages} from '../engine/own-images.ts'
export {type Broken, broken, leftover} from '../healing/broken.ts'
export type {Begun} from '../history/play-again.ts'
export {repeat} from '../run/repeat.ts'
export {judgeNeverBegan} from '../run/runs.ts'
export {
  bind,
  capabilitiesFor,
  loadScenario,
  mustBreak,
  type Needs,
  scenarioFile,
  settingsFor,
  unaskedParameters,
  undecided,
} from '../scenario/index.ts'
export {faultWords, faultWordsThatFollow, spokenFault} from '../scenario/spoken-fault.ts'
export {examine} from '../setup/doctor.ts'
export {imageTags} from '../setup/images.ts'
export {publishedPatroni} from '../setup/published-patroni.ts'
export {ensureReady} from '../setup/setup.ts'
export {engineAnswer} from '../setup/start-engine.ts'
export {engineOfLab, otherEngines} from '../state/engine-of-lab.ts'
export {kindOf} from '../storm/catalogue.ts'
export {planOf} from '../storm/plan-of.ts'
export {playStorm} from '../storm/play-storm.ts'
export {failedChecks, shrinkScenario} from '../storm/shrink-run.ts'
export {ourselves} from '../suite/child.ts'
export {durationsFrom} from '../suite/durations.ts'
export {estimateSeconds} from '../suite/estimate.ts'
export {suiteJobs} from '../suite/jobs.ts'
export {type Cell, type Matrix, playMatrix} from '../suite/matrix.ts'
export {suitesNamed} from '../suite/named.ts'
export {recordName} from '../suite/record.ts'
export {fileName, labsFor, runSuite} from '../suite/run.ts'
export {deal, type Part, parseShard, type Shard} from '../suite/shard.ts'
export {simulate} from '../suite/simulate.ts'
export {overruled, valuesOf, variantsOf} from '../suite/variants.ts'
export {isPublished} from '../topology/patroni-build.ts'
