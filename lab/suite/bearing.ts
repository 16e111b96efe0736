/** How many labs one engine bears at once: found out while they are played, and not guessed. Pure: no clock, no engine. */
import type {Strain} from '../history/strain.ts'

export interface Bearing {
  /** Labs that may run on it at once now. */
  readonly width: number
  /** Never more than that: what was asked for, or one less than it was seen not to bear. */
  readonly most: number
  /** Calm runs since the width was changed. */
  readonly calm: number
  /** How often it has been changed: a run that had begun before tells nothing of the width since. */
  readonly changes: number
}

/** What a run that is over says of its engine. */
export interface Borne {
  /** null: its record tells nothing. */
  readonly strain: Strain | null
  readonly inconclusive: boolean
  /** `Bearing.changes` when it began. */
  readonly since: number
}

/** Half of what the checks take for a machine that is not starved. */
const calmShare = 0.5

/** @param most as many labs as may ever run on it. */
export function bearingOf(most: number): Bearing {
  return {width: 1, most, calm: 0, changes: 0}
}

/**
 * One lab more when as many runs as there are labs have been calm since the last change: each had the others beside it. One less,
 * and never as many again, when a run proves nothing and was starved beside others.
 */
export function borne(before: Bearing, {strain, inconclusive, since}: Borne): Bearing {
  if (since !== before.changes || strain === null) return before
  if (isStarved({strain, inconclusive, since}, before)) {
    const width = before.width - 1
    return {width, most: width, calm: 0, changes: before.changes + 1}
  }
  if (strain.share > calmShare) return {...before, calm: 0}
  const calm = before.calm + 1
  return calm >= before.width && before.width < before.most
    ? {...before, width: before.width + 1, calm: 0, changes: before.changes + 1}
    : {...before, calm}
}

/** Whether a run may have proven nothing because of the labs beside it, now or as it began: then it is worth playing again with fewer. */
export function isStarved({strain, inconclusive, since}: Borne, {width, changes}: Bearing): boolean {
  return inconclusive && strain !== null && strain.share > 1 && (width > 1 || since !== changes)
}
