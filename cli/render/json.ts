/** The report for programs: keys in the order of `Report`, two spaces, a newline at the end. */
import type {Report} from '../../lab/index.ts'
import {toJson} from '../../lab/inside/start.ts'

export function renderJson(report: Report): string {
  return toJson(report)
}
