/** The report for programs: keys in the order of `Report`, two spaces, a newline at the end. */
import type {Report} from '../../lab/report.ts'

export function renderJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`
}
