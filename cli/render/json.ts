/** The report for programs: keys in the order of `Report`, two spaces, a newline at the end. */
import type {Report, Timings} from '../../lab/index.ts'
import {toJson} from '../../lab/inside/start.ts'

/** @param timings at the end, where they were asked for. */
export function renderJson(report: Report, timings?: Timings): string {
  return toJson(timings === undefined ? report : {...report, timings})
}
