/** What a suite will take on so many seats, by how long its scenarios took before: the planner itself, without labs. Pure. */
import {isDeepStrictEqual} from 'node:util'
import {changeSeconds, type Seat, type SuiteJob, take} from './plan.ts'

export interface Played {
  readonly scenario: string
  /** From 0. */
  readonly seat: number
  /** Seconds since the beginning; before `from` its lab was raised, where it needed another. */
  readonly from: number
  readonly to: number
}

interface SimulatedSeat extends Seat {
  set: readonly string[] | null
  readonly index: number
  free: number
  over: boolean
}

/** @param seats labs at once, on all engines together. */
export function simulate(
  jobs: readonly SuiteJob[],
  seats: number,
): {readonly seconds: number; readonly played: readonly Played[]} {
  const left = [...jobs]
  const all = Array.from({length: seats}, (_, index): SimulatedSeat => ({index, set: null, free: 0, over: false}))
  const played: Played[] = []
  for (;;) {
    const [seat] = all.filter(one => !one.over).toSorted((a, b) => a.free - b.free || a.index - b.index)
    if (seat === undefined) break
    const job = take(
      left,
      seat,
      all.filter(one => one !== seat && !one.over),
    )
    if (job === undefined) {
      seat.over = true
      continue
    }
    const from = seat.free + (isDeepStrictEqual(seat.set, job.set) ? 0 : changeSeconds)
    seat.set = job.set
    seat.free = from + job.seconds
    played.push({scenario: job.scenario, seat: seat.index, from, to: seat.free})
  }
  return {seconds: Math.max(0, ...played.map(({to}) => to)), played}
}
