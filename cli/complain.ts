/** One sentence on stderr, and the next step. */
import type {LabError} from '../lab/errors.ts'

export function complain(error: LabError): void {
  process.stderr.write(`${error.message}\n${error.hint === undefined ? '' : `  next: ${error.hint}\n`}`)
}
