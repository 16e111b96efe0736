/** The report for programs: keys in the order of `Report`, two spaces, a newline at the end. */
import type {Report} from '../../lab/report.ts'
import {toJson} from '../../lab/spelled-json.ts'

export function renderJson(report: Report): string {
  return toJson(report)
}
