/** All faults, by the name a scenario uses. */
import type {Fault} from '../breaking/fault.ts'
import * as all from './all.ts'

/** Each with what it is about and the schema of its parameters; docs/reference/faults.md is checked against them. */
// biome-ignore lint/suspicious/noExplicitAny: each fault has its own parameters; they are checked when a scenario is bound.
export const faults: Readonly<Record<string, Fault<any>>> = {...all}
