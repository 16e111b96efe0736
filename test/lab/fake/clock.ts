/** A virtual clock: timers, dates and `performance.now` stand still until `passing` lets them go on; sockets work as ever. */
import {vi} from 'vitest'

/** No wait of a lab is finer. */
const stepMs = 10
/** Turns of the event loop between two steps: whoever asks over a socket has the answer within a step or two. */
const turns = 4
const longestMs = 30 * 60_000

export function stopTheClock(): void {
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date']})
}

/** Lets time pass until the work is over. */
export async function passing<T>(work: Promise<T>): Promise<T> {
  let over = false
  const end = () => {
    over = true
  }
  work.then(end, end)
  const deadline = performance.now() + longestMs
  while (!over) {
    for (let turn = 0; turn < turns && !over; turn++) await new Promise(resolve => setImmediate(resolve))
    if (over) break
    if (performance.now() > deadline) throw new Error(`not over after ${longestMs / 1000} s of virtual time`)
    vi.advanceTimersByTime(stepMs)
  }
  return work
}
