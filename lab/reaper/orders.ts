/** What a reaper's container is given, and what it says. */

/** As JSON, the one argument of the program. */
export interface ReaperOrders {
  /** `name=value`: what carries all of these is removed. */
  readonly labels: readonly string[]
  /** The name of the label of a reaper's own container, which removes itself by ending. */
  readonly reaper: string
  readonly graceMs: number
}

/** Where the engine's socket is in its container. */
export const socketInside = '/var/run/docker.sock'

/** Its first line, when the engine answers it: from here on it holds. */
export const ready = 'ready'
