/** The report for programs: keys in the order of `Report`, two spaces, a newline at the end. */
import type {Report} from '../../lab/judge/report.ts'
import {toJson} from '../../lab/words/spelled-json.ts'

export function renderJson(report: Report): string {
  return toJson(report)
}
