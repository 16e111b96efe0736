/** The answer of a run in one line, the limit it was judged by first: what stands behind the verdict in every report. */
import type {Report} from '../../lab/judge/report.ts'

export function answer({limit, headline}: Pick<Report, 'limit' | 'headline'>): string {
  if (limit === null || headline === '') return limit?.says ?? headline
  // A finding is a sentence, what other headlines are goes on where the limit ends.
  return `${limit.says}${/^\p{Lu}\p{Ll}* /u.test(headline) ? '.' : ';'} ${headline}`
}
