/** How long a fault lasts at most when nobody mends it: `limit` of the faults that the kernel or the host itself ends. */
import {duration} from './schemas.ts'

const longestMs = 30 * 60_000
export const defaultLimitMs = 3 * 60_000

/** In a schema: a duration as written, for a fault that has a limit only sometimes; its value is whole milliseconds. */
export const givenLimit = duration.refine(ms => ms >= 1000 && ms <= longestMs, {
  error: 'a limit is between 1s and 30m',
})

/** In a schema: a duration as written, 3 minutes when it is left out; its value is whole milliseconds. */
export const timeLimit = givenLimit.default(defaultLimitMs)

/**
 * A host's own dead man's switch, as a script: a sleeper that undoes the fault when its time is over, though whoever made
 * it is gone by then. The mends `start-service` and `resume-processes` end the sleeper, too.
 */
export function undoLater(limitMs: number, command: string): string {
  return `undo-later ${Math.ceil(limitMs / 1000)} ${command}`
}
