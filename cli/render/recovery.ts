/** What a report says of the run besides its verdict: why it is no pass as a whole, and that the lab did not come back. Pure. */
import type {Report} from '../../lab/index.ts'

/** null: it did, or nobody looked. */
export function sayRecovery({recovered, notRecovered}: Pick<Report, 'recovered' | 'notRecovered'>): string | null {
  return recovered === false ? `The lab did not recover: ${notRecovered ?? 'nobody knows why'}.` : null
}

/** What stands under the headline, which is told already. */
export function besides(report: Report): readonly string[] {
  const recovery = sayRecovery(report)
  return [...report.reasons.filter(reason => reason !== report.headline), ...(recovery === null ? [] : [recovery])]
}
