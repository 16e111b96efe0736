/**
 * Reduces a plan that fails to the smallest that still does: first whole episodes are left out, then single faults (each with
 * its healing) and single steps, and what is left is held shorter. Knows no lab: whoever calls plays the candidates.
 */
import type {Step} from '../scenario.ts'
import {ddmin, ddminBound} from './ddmin.ts'

export interface Candidate {
  readonly steps: readonly Step[]
  /** Plays so far, this one included, and how many there can be at the very most. */
  readonly nth: number
  readonly most: number
  /** What is tried, e.g. `without 3 of 6 episodes`. */
  readonly says: string
}

export interface Shrunk {
  readonly steps: readonly Step[]
  readonly plays: number
  /** Nothing more can be left out one at a time; false when it was ended early. */
  readonly minimal: boolean
}

/** Shorter holds are not worth the plays. */
const shortestHoldMs = 500

/**
 * @param plan known to fail. @param fails plays a candidate; what could not be told counts as not failing.
 * @param over true ends it with the smallest so far.
 */
export async function shrink(
  plan: readonly Step[],
  fails: (candidate: Candidate) => Promise<boolean>,
  over: () => boolean = () => false,
): Promise<Shrunk> {
  const steps = plan.map(step => ({...step})) // told apart by what they are, not by what they say
  const known = new Map<string, boolean>()
  const names = new Set(steps.flatMap(step => (step.do === 'inject' ? [step.as] : [])))
  let plays = 0
  let current: readonly Step[] = steps
  const ask = async (candidate: readonly Step[], most: number, says: string): Promise<boolean> => {
    const key = JSON.stringify(candidate)
    const before = known.get(key)
    if (before !== undefined) return before
    if (!isWhole(candidate, names)) return false
    plays++
    const answer = await fails({steps: candidate, nth: plays, most, says})
    known.set(key, answer)
    if (answer) current = candidate
    return answer
  }

  for (const {of: parts, name, later} of [
    {of: episodesOf, name: 'episodes', later: (left: readonly Step[]) => mostFor(unitsOf(left)) + mostHolds(left)},
    {of: unitsOf, name: 'faults and steps', later: mostHolds},
  ]) {
    const all = parts(current)
    const most = plays + mostFor(all) + later(current)
    await ddmin(
      all,
      subset => ask(inOrder(steps, subset), most, `without ${all.length - subset.length} of ${all.length} ${name}`),
      over,
    )
  }
  await shorten(
    () => current,
    ask,
    () => plays,
    over,
  )
  return {steps: current, plays, minimal: !over()}
}

/** Steps that only make sense together, by their places in the plan. */
type Part = readonly Step[]

function mostFor(parts: readonly Part[]): number {
  return ddminBound(parts.length)
}

function mostHolds(steps: readonly Step[]): number {
  return steps.reduce(
    (sum, step) => sum + (step.do === 'hold' ? Math.ceil(Math.log2(Math.max(1, step.forMs / shortestHoldMs))) : 0),
    0,
  )
}

/** Each hold is halved for as long as it still fails. */
async function shorten(
  steps: () => readonly Step[],
  ask: (candidate: readonly Step[], most: number, says: string) => Promise<boolean>,
  plays: () => number,
  over: () => boolean,
): Promise<void> {
  for (let index = 0; index < steps().length; index++) {
    for (;;) {
      const now = steps()
      const step = now[index]!
      if (over() || step.do !== 'hold' || step.forMs <= shortestHoldMs) break
      const forMs = Math.max(shortestHoldMs, Math.round(step.forMs / 2))
      const says = `with a hold of ${forMs} instead of ${step.forMs} ms`
      const candidate = now.with(index, {do: 'hold', forMs})
      if (!(await ask(candidate, plays() + mostHolds(now.slice(index)), says))) break
    }
  }
}

/**
 * An episode begins with a fault while no other is in force, and has all up to the next one. What stands before the first
 * fault is a part of its own.
 */
export function episodesOf(steps: readonly Step[]): Part[] {
  const episodes: Step[][] = []
  const healed = new Set(steps.flatMap(step => (step.do === 'heal' ? [step.as] : [])))
  const inForce = new Set<string>()
  for (const step of steps) {
    if (episodes.length === 0 || (step.do === 'inject' && inForce.size === 0)) episodes.push([])
    episodes.at(-1)!.push(step)
    if (step.do === 'inject' && healed.has(step.as)) inForce.add(step.as)
    else if (step.do === 'heal') inForce.delete(step.as)
  }
  return episodes
}

/** A fault with its healing, which would last until the end without it; every other step by itself. */
export function unitsOf(steps: readonly Step[]): Part[] {
  return steps.flatMap((step): Part[] => {
    if (step.do === 'heal') return []
    if (step.do !== 'inject') return [[step]]
    return [[step, ...steps.filter(one => one.do === 'heal' && one.as === step.as)]]
  })
}

/** The very steps of these parts, as they stand in the plan. */
function inOrder(steps: readonly Step[], parts: readonly Part[]): readonly Step[] {
  const kept = new Set(parts.flat())
  return steps.filter(step => kept.has(step))
}

/** Nothing names a fault that has been left out. */
function isWhole(steps: readonly Step[], names: ReadonlySet<string>): boolean {
  const there = new Set(steps.flatMap(step => (step.do === 'inject' ? [step.as] : [])))
  const dangles = (word: unknown): boolean =>
    typeof word === 'string'
      ? names.has(word) && !there.has(word)
      : typeof word === 'object' && word !== null && Object.values(word).some(dangles)
  return !steps.some(step => {
    if (step.do === 'heal') return dangles(step.as)
    if (step.do === 'inject') return dangles(step.on) || dangles(step.params)
    return step.do === 'until' && dangles(step.params)
  })
}
