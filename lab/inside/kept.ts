/** What the command line reads of what is kept between two commands: labs and runs, held against their schemas. */
export {clear, holdsEarlierRun, isOver, placeFor, runId} from '../state/run-folder.ts'
export {composeText, loadLab, loadLabs, type SavedLab} from '../state/state.ts'
export {decodeJson} from '../words/decode.ts'
