/** The one word for a host at a moment, from what the engine, its PostgreSQL and the watch on the leader key have told. */

/**
 * `primary`: takes writes although another host holds the leader key, or nobody. `read-only`: out of recovery, but refuses
 * writes. `promoting`: has the key and is in recovery yet. `silent`: did not answer. `stopped` and `paused`: the engine's word.
 */
export type Role = 'leader' | 'primary' | 'read-only' | 'promoting' | 'replica' | 'silent' | 'stopped' | 'paused'

/** `started`: again, and nothing of it has answered since. */
export type ContainerPhase = 'running' | 'started' | 'stopped' | 'paused'

const states = new Map<string, ContainerPhase>([
  ['die', 'stopped'],
  ['start', 'started'],
  ['pause', 'paused'],
  ['unpause', 'running'],
])

/** By what the engine calls what happened; undefined: it changes nothing. */
export function containerAfter(action: string): ContainerPhase | undefined {
  return states.get(action)
}

/** What a PostgreSQL answered last. */
interface LastSample {
  readonly up: boolean
  readonly inRecovery: boolean | null
  readonly writable: boolean
}

/** Whose the leader key is; `untold` until a watch has told anything, when nobody can say that it is held by another. */
type KeyHeld = 'own' | 'not-own' | 'untold'

/** @param answer null: nobody has asked yet. Then it is not known, unless the engine says that it is down. */
export function roleOfHost(container: ContainerPhase, answer: LastSample | null, key: KeyHeld): Role | null {
  if (container === 'stopped' || container === 'paused') return container
  if (answer === null) return null
  if (!answer.up) return 'silent'
  if (answer.inRecovery) return key === 'own' ? 'promoting' : 'replica'
  if (!answer.writable) return 'read-only'
  return key === 'not-own' ? 'primary' : 'leader'
}
