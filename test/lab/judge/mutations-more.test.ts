/** The other half of mutations.test.ts. */
import {losesEvidence} from './lost-evidence.ts'

losesEvidence(1)
