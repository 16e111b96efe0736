/** What the command line has of the topologies that come with pgha-lab. */
export {presetsOf} from '../topology/topology-file.ts'
