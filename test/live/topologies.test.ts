/** Topologies of public guides: raised, written to through their entry, broken and judged. `npm run test:all` has the others. */
import {playsOn} from './topology.ts'

playsOn('proxy-per-node')
