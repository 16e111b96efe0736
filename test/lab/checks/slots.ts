/** Looks at a permanent logical slot of the clean run: on every member once a second, at one position until somebody moves it. */
import type {Event} from '../../../lab/history/event.ts'
import type {Slot} from '../../../lab/history/slot.ts'
import {faultAt, micros} from './history-builder.ts'

export const events: Slot = {
  ...{name: 'events', type: 'logical', plugin: 'pgoutput', database: 'app', active: false, walStatus: 'reserved'},
  ...{restart: 100_000, confirmed: 100_056},
}

export function look(host: string, seconds: number, slots: readonly Slot[] = [events]): Event {
  return {at: micros(seconds), kind: 'slots', host, askedAt: micros(seconds) - 3000, slots}
}

/** @param at how the slot of a host was seen at that second; null: it has none. */
export function looks(at: (host: string, seconds: number) => Slot | null = () => events): Event[] {
  const all: Event[] = []
  for (let seconds = 2 - faultAt + 0.4; seconds < 33; seconds += 1)
    for (const host of ['node1', 'node2', 'node3']) {
      if (host === 'node1' && seconds > 0 && seconds < 28) continue
      const slot = at(host, seconds)
      all.push(look(host, seconds, slot === null ? [] : [slot]))
    }
  return all
}
