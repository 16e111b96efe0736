/** All faults, by the name a scenario uses. */
import type {Fault} from '../unit.ts'
import {kill} from './kill.ts'

// biome-ignore lint/suspicious/noExplicitAny: each fault has its own parameters; they are checked when a scenario is bound.
export const faults: Readonly<Record<string, Fault<any>>> = {kill}
