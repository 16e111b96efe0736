/** What the command line reads other people's configurations with. */
export {asTopology} from '../lint/as-topology.ts'
export {type Linted, lint} from '../lint/lint.ts'
export {type Named, readFiles} from '../lint/read/read.ts'
export type {LintFinding, Severity} from '../lint/rule.ts'
export {severities} from '../lint/rule.ts'
export {rules} from '../lint/rules/index.ts'
export {topologyFrom} from '../topology/topology-file.ts'
export {sayPlace} from '../words/place.ts'
