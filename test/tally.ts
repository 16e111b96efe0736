/**
 * `tally.ts DIRECTORY PART...`: sums vitest's JSON reports and prints `N passed, N failed, N skipped` alone on a line.
 * Exits 1 when a part has no report, or no test of it passed: nothing that ran is no success.
 */
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  /** A file that fails to load has no test to count. */
  readonly testResults: readonly {readonly status: string; readonly assertionResults: readonly unknown[]}[]
}

const [directory = '.', ...parts] = process.argv.slice(2)
let [passed, failed, skipped] = [0, 0, 0]
for (const part of parts) {
  const file = join(directory, `${part}.json`)
  const report: VitestReport | null = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
  const broken =
    report?.testResults.filter(one => one.status === 'failed' && one.assertionResults.length === 0).length ?? 0
  passed += report?.numPassedTests ?? 0
  failed += (report?.numFailedTests ?? 0) + broken
  skipped += (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
  if (!report?.numPassedTests) {
    process.stderr.write(`no ${part} test passed${report ? '' : ': it left no report'}\n`)
    process.exitCode = 1
  }
}
if (failed > 0) process.exitCode = 1
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
