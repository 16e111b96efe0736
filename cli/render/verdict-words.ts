/** A verdict in words and in a sign, so that no renderer needs colour to say it. */
import type {Report, Verdict} from '../../lab/index.ts'

/** Of a whole run that was played, or of several. */
export const titles: Readonly<Record<Verdict, string>> = {pass: 'PASSED', fail: 'FAILED', unknown: 'INCONCLUSIVE'}
/** Of one finding. */
export const words: Readonly<Record<Verdict, string>> = {pass: 'passed', fail: 'FAILED', unknown: 'inconclusive'}
export const signs: Readonly<Record<Verdict, string>> = {pass: '✔', fail: '✘', unknown: '?'}

/**
 * SGR of the letters of a verdict: of the sixteen colours only bright red can be read on a light background and on a dark one. A sign
 * has its word beside it, so it may be green.
 */
export const letterColors: Readonly<Record<Verdict, number>> = {pass: 39, fail: 91, unknown: 39}
export const goodSign = 32

/** Of a whole run: nobody tried what was skipped, and that is no finding. */
export function titleOf(report: Pick<Report, 'verdict' | 'ended'>): string {
  return isSkipped(report) ? 'SKIPPED' : titles[report.verdict]
}

export function isSkipped({ended}: Pick<Report, 'ended'>): boolean {
  return ended?.how === 'skipped'
}
