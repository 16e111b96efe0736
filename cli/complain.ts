/** One sentence on stderr, and the next step. */

import type {LabError} from '../lab/index.ts'
import {complaint} from './called-as.ts'
import {tell} from './output.ts'

export function complain(error: LabError): void {
  tell(complaint(error))
}
