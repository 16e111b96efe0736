/** What a suite has to play, on which kind of lab, and who plays what next. Pure: no clock, no engine. */

export interface SuiteJob {
  /** As the child is told it: a name of ours, or a path. */
  readonly scenario: string
  /** `--set` of the lab that it needs; labs with the same settings are shared. */
  readonly set: readonly string[]
  /** How long it will take, learned or estimated. */
  readonly seconds: number
  /** Why no lab of this kind can be, or not with what the scenario needs; it is skipped, and nothing is raised for it. */
  readonly cannot?: string | undefined
}

export interface Seat {
  /** What the lab of this seat has been raised with; null: there is none. */
  readonly set: readonly string[] | null
}

/** About what it takes to remove a lab and raise another. */
export const changeSeconds = 30

/**
 * The next job for a seat, taken out of `jobs`; undefined when nothing is left that is worth a lab of its own.
 * A seat stays with the kind of lab it has. One without goes to a kind that nobody serves, the smallest first as long as other
 * seats are there for the rest, and the largest first once they are not, as long as more is left of what is served: a special lab at
 * the very end would be waited for by everybody. Else it goes where most work is left per seat. Longest scenario first, so that the last runs to end are short ones.
 */
export function take<Job extends SuiteJob>(jobs: Job[], seat: Seat, others: readonly Seat[]): Job | undefined {
  const kinds = Map.groupBy(jobs, job => kindOf(job.set))
  const kind = seat.set !== null && kinds.has(kindOf(seat.set)) ? kindOf(seat.set) : busiest(kinds, others)
  const [next] = (kinds.get(kind ?? '') ?? []).toSorted((a, b) => b.seconds - a.seconds)
  if (next !== undefined) jobs.splice(jobs.indexOf(next), 1)
  return next
}

function busiest(kinds: ReadonlyMap<string, readonly SuiteJob[]>, others: readonly Seat[]): string | undefined {
  const served = (kind: string) => others.some(other => other.set !== null && kindOf(other.set) === kind)
  const free = others.some(other => other.set === null)
  const lonely = [...kinds]
    .filter(([kind]) => !served(kind))
    .map(([kind, jobs]) => ({kind, left: secondsOf(jobs)}))
    .sort((a, b) => a.left - b.left)
  const [smallest, largest] = [lonely[0], lonely.at(-1)]
  if (smallest !== undefined && (free || lonely.length === 1)) return smallest.kind
  // Somebody has to raise it in any case, and who raises it last is waited for.
  const most = Math.max(0, ...[...kinds].filter(([kind]) => served(kind)).map(([, jobs]) => secondsOf(jobs)))
  if (largest !== undefined && most > largest.left) return largest.kind
  return [...kinds]
    .map(([kind, jobs]) => {
      const seats = others.filter(other => other.set !== null && kindOf(other.set) === kind).length
      const left = secondsOf(jobs)
      return {kind, each: left / (seats + 1), worth: seats === 0 || left > changeSeconds}
    })
    .filter(({worth}) => worth)
    .sort((a, b) => b.each - a.each)[0]?.kind
}

function secondsOf(jobs: readonly SuiteJob[]): number {
  return jobs.reduce((sum, job) => sum + job.seconds, 0)
}

export function kindOf(set: readonly string[]): string {
  return JSON.stringify(set)
}
