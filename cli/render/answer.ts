/** The answer of a run in one line, the limit it was judged by first: what stands behind the verdict in every report. */
import type {Report} from '../../lab/judge/report.ts'

export function answer({limit, headline}: Pick<Report, 'limit' | 'headline'>): string {
  return limit === null ? headline : [limit.says, headline].filter(Boolean).join('; ')
}
