/** The answer of a run in one line, the limit it was judged by first: what stands behind the verdict in every report. */
import type {Report} from '../../lab/index.ts'
import {sayMicros} from '../../lab/inside/start.ts'

/** As much of a report as it takes; a suite knows no more of its runs than the first two. */
type Answered = Pick<Report, 'limit' | 'headline'> & Partial<Pick<Report, 'ended' | 'faults'>>

export function answer(report: Answered): string {
  const {headline} = report
  const limit = saidLimit(report)
  if (limit === null || headline === '') return limit ?? headline
  // A finding is a sentence, what other headlines are goes on where the limit ends.
  return `${limit}${/^\p{Lu}\p{Ll}* /u.test(headline) ? '.' : ';'} ${headline}`
}

/** What was measured against the limit; of a run that ended before its fault, the limit alone: nothing has been measured. */
export function saidLimit({limit, ended, faults}: Answered): string | null {
  if (limit === null) return null
  const measured = ended == null || faults === undefined || faults.length > 0
  if (measured) return limit.says
  return limit.limitMicros === null ? null : `limit ${sayMicros(limit.limitMicros)}`
}
