import type {Change} from '../cluster.ts'

export interface Example {
  readonly fires: readonly Change[]
  /** What stands on the line that is told. */
  readonly on: string
  readonly silent: readonly Change[]
}
