/** Which steps of a scenario are done at one moment. Pure. */
import type {Step} from '../history/scenario-values.ts'

/** The steps in their order: faults that come together in one part, every other step in one of its own. */
export function atOnce(steps: readonly Step[]): readonly (readonly Step[])[] {
  const parts: Step[][] = []
  for (const step of steps) {
    const last = parts.at(-1)
    if (step.do === 'inject' && step.together === true && last?.[0]?.do === 'inject') last.push(step)
    else parts.push([step])
  }
  return parts
}
