/** Two events that are rows of a table have no keys of their own: compared as they are, any two would be equal. */
import {expect} from 'vitest'
import {plain} from '../lab/history/event-table.ts'

expect.addEqualityTesters([
  function (one, other) {
    const [mine, theirs] = [plainOf(one), plainOf(other)]
    return mine === one && theirs === other ? undefined : this.equals(mine, theirs)
  },
])

function plainOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? plain(value) : value
}
