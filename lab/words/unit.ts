/** What every unit that a scenario can name has: one file a unit, in `faults/` and `checks/`, and an index that lists them. */
import type {ZodType} from 'zod'

export interface Unit<P> {
  /** One sentence for the manual. */
  readonly about: string
  /** The parameters as a person may write them; a unit without any takes `z.strictObject({})`. */
  readonly params: ZodType<P>
}
