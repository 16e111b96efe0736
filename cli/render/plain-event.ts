/** An event as one line for a terminal that is none: seconds since the run began, and words. */
import type {Event} from '../../lab/event.ts'
import {sayEvent} from '../../lab/story.ts'
import {printable} from './printable.ts'

/** `  12.345 s  node2 holds the leader key`; null for what happens all the time. */
export function plainLine(event: Event): string | null {
  const says = sayEvent(event)
  return says === null ? null : `${(event.at / 1e6).toFixed(3).padStart(8)} s  ${printable(says)}`
}
