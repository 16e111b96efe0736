/** What the command line makes a person's lab.yaml with. */
export type {Told} from '../import/change.ts'
export {type Given, type Imported, importFrom, placesBeside} from '../import/import.ts'
export {labFile} from '../import/lab-file.ts'
export {type Sizes, sized} from '../import/sized.ts'
export {mistakesIn} from '../topology/mistakes.ts'
export {loadTopology, presetNames, usualPreset} from '../topology/topology-file.ts'
export {sayPlace} from '../words/place.ts'
