/**
 * Reduces a plan that fails to the smallest that still does: first whole episodes are left out, then single faults (each with
 * its healing) and single steps, and what is left is held shorter. Last it is seen that nothing more can be left out. Knows no
 * lab: whoever calls plays the candidates.
 */

import {atOnce} from '../scenario/at-once.ts'
import {type Step, sayStep} from '../scenario/index.ts'
import {ddmin} from './ddmin.ts'

export interface Candidate {
  readonly steps: readonly Step[]
  /** Plays so far, this one included. */
  readonly nth: number
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

/** A plan has a step; this one does nothing. What fails with it fails without any fault. */
const nothing: readonly Step[] = [{do: 'hold', forMs: shortestHoldMs}]

/**
 * @param plan known to fail. @param fails plays a candidate; what could not be told counts as not failing.
 * @param over asked before each play: true ends it with the smallest so far.
 */
export async function shrink(
  plan: readonly Step[],
  fails: (candidate: Candidate) => Promise<boolean>,
  over: () => boolean = () => false,
): Promise<Shrunk> {
  const known = new Map<string, boolean>([[JSON.stringify(plan), true]])
  const names = new Set(plan.flatMap(step => (step.do === 'inject' ? [step.as] : [])))
  let plays = 0
  let early = false
  let current: readonly Step[] = plan.map(step => ({...step})) // told apart by what they are, not by what they say
  const moments = momentsOf(plan)
  const ask = async (steps: readonly Step[], says: string): Promise<boolean> => {
    const candidate = atTheirMoments(playable(steps), moments)
    const key = JSON.stringify(candidate)
    const before = known.get(key)
    if (before !== undefined) return before
    if (!isWhole(candidate, names)) return false
    early ||= over()
    if (early) return false
    plays++
    const answer = await fails({steps: candidate, nth: plays, says})
    known.set(key, answer)
    if (answer) current = candidate
    return answer
  }

  for (const {of: parts, name} of [
    {of: episodesOf, name: 'episodes'},
    {of: unitsOf, name: 'faults and steps'},
  ]) {
    const steps = current
    const all = parts(steps)
    await ddmin(
      all,
      subset => ask(inOrder(steps, subset), `without ${all.length - subset.length} of ${all.length} ${name}`),
      () => early,
    )
  }
  await shorten(() => current, ask)
  await leaveOutEach(() => current, ask)
  return {steps: current, plays, minimal: !early}
}

/** What is waited for comes of a fault: before the first one it would be waited for in vain, and for long. */
function playable(steps: readonly Step[]): readonly Step[] {
  const first = steps.findIndex(step => step.do === 'inject')
  const kept = steps.filter((step, index) => step.do !== 'until' || (first >= 0 && index > first))
  return kept.length === 0 ? nothing : kept
}

/** To each fault those at its moment, itself among them. */
function momentsOf(plan: readonly Step[]): ReadonlyMap<string, readonly Step[]> {
  return new Map(
    atOnce(plan).flatMap(part => part.flatMap(step => (step.do === 'inject' ? [[step.as, part] as const] : []))),
  )
}

/** A fault that came with one that is left out comes by itself, and with none that came at another moment. */
function atTheirMoments(steps: readonly Step[], moments: ReadonlyMap<string, readonly Step[]>): readonly Step[] {
  return steps.map((step, index) => {
    if (step.do !== 'inject' || step.together !== true) return step
    const before = steps[index - 1]
    if (before?.do === 'inject' && moments.get(before.as) === moments.get(step.as)) return step
    const {together: _, ...alone} = step
    return alone
  })
}

/** Steps that only make sense together, by their places in the plan. */
type Part = readonly Step[]

type Ask = (candidate: readonly Step[], says: string) => Promise<boolean>

/** Each hold is halved for as long as it still fails. */
async function shorten(steps: () => readonly Step[], ask: Ask): Promise<void> {
  for (let index = 0; index < steps().length; index++) {
    for (;;) {
      const now = steps()
      const step = now[index]!
      if (step.do !== 'hold' || step.forMs <= shortestHoldMs) break
      const forMs = Math.max(shortestHoldMs, Math.round(step.forMs / 2))
      const says = `with a hold of ${forMs} instead of ${step.forMs} ms`
      if (!(await ask(now.with(index, {do: 'hold', forMs}), says))) break
    }
  }
}

/**
 * With shorter holds other steps may be of no use, a plan of one part has not been asked without it, and a fault may do without
 * its healing, since all is healed at the end.
 */
async function leaveOutEach(steps: () => readonly Step[], ask: Ask): Promise<void> {
  for (;;) {
    const now = steps()
    if (now.length === 1 && isNothing(now[0]!)) return
    const parts = [...unitsOf(now), ...now.filter(step => step.do === 'heal').map(step => [step])]
    let smaller = false
    for (const part of parts) {
      const rest = now.filter(step => !part.includes(step))
      smaller = await ask(rest, `without ${part.map(sayStep).join(' and ')}`)
      if (smaller) break
    }
    if (!smaller) return
  }
}

function isNothing(step: Step): boolean {
  return step.do === 'hold' && step.forMs <= shortestHoldMs
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
