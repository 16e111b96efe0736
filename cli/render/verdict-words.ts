/** A verdict in words and in a sign, so that no renderer needs colour to say it. */
import type {Verdict} from '../../lab/checks/check.ts'

/** Of a whole run. */
export const titles: Readonly<Record<Verdict, string>> = {pass: 'PASSED', fail: 'FAILED', unknown: 'INCONCLUSIVE'}
/** Of one finding. */
export const words: Readonly<Record<Verdict, string>> = {pass: 'passed', fail: 'FAILED', unknown: 'inconclusive'}
export const signs: Readonly<Record<Verdict, string>> = {pass: '✔', fail: '✘', unknown: '?'}
