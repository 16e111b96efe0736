/** What the command line has of the library at every start, what the package exports of that included: words, and nothing that takes time to load. */

export {injectionPhases} from '../history/scenario-values.ts'
export {type MeasuredIn, type MetricName, metricNames, metrics} from '../judge/metrics.ts'
export {type Kind, kinds} from '../lint/read/kinds.ts'
export {
  checkLabName,
  makeFolder,
  runsFolder,
  savedLabs,
  stateRoot,
  whenDiskIsFull,
  writeWhole,
} from '../state/folders.ts'
export {type AskedLab, askedWords} from '../topology/asked-lab.ts'
export {doorOf, entries} from '../topology/entries.ts'
export {releaseNames, releases, usualRelease} from '../topology/release.ts'
export {appDatabase, hostsWith, poolersBefore, portNumber, portOf, roles} from '../topology/topology.ts'
export {didYouMean, insteadOf, nearest, suggestion} from '../words/did-you-mean.ts'
export {exitCodes, exitMeanings, LabError, type Slip, stopped} from '../words/errors.ts'
export {
  anyCaller,
  type Caller,
  commandsIn,
  type Hint,
  labelled,
  linesOf,
  next,
  nextWord,
  OwnCommand,
  onLab,
  ownCommand,
  quoted,
  readHint,
  type Sentence,
  Steps,
  sayHint,
  sayLines,
  saySentence,
  sentence,
  type WrittenHint,
  writtenHint,
} from '../words/next-step.ts'
export {packageRoot} from '../words/package-root.ts'
export {inert, paintedLines, printable, printableLines, printableValues} from '../words/printable.ts'
export {meantDuration, ms, parseDuration, sayBytes, sayMicros} from '../words/quantity.ts'
export {readText} from '../words/read-text.ts'
export {readRegular} from '../words/regular-file.ts'
export {toJson, toJsonLine} from '../words/spelled-json.ts'
export {refusalOf} from '../words/system-error.ts'
