/** No verdict turns into its contrary when evidence is lost: one half of the recorded runs; mutations-more.test.ts has the other. */
import {losesEvidence} from './lost-evidence.ts'

losesEvidence(0)
