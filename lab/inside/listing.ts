/** What the command line lists our scenarios with where a build knows them all: nothing of it makes a schema or reads YAML. */
export {bySuite, calledAs, scenarioFolder, scenarioNames} from '../scenario/own-files.ts'
export {readAhead} from '../scenario/read-ahead.ts'
export {saySettings} from '../scenario/say.ts'
export {labFolder} from '../state/folders.ts'
export {learnedSeconds} from '../suite/seconds.ts'
