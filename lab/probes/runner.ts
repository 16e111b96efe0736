/** How late this process itself runs: no probe can be more precise than its event loop. */

import type {Micros} from '../words/quantity.ts'
import {every} from './every.ts'
import type {Probe} from './probe.ts'

const periodMs = 10

/**
 * Once a second, the worst lateness of a 10 ms timer. Not `monitorEventLoopDelay`: after its `reset()` it forgets when
 * it last ran, so a stall that is under way while the second ends would never show.
 */
export const runner: Probe = {
  name: 'runner',
  async run(on) {
    let lastAt = on.now()
    let samples = 0
    let worstMicros: Micros = 0
    const measure = () => {
      worstMicros = Math.max(worstMicros, on.now() - lastAt - periodMs * 1000)
    }
    const timer = setInterval(() => {
      measure()
      lastAt = on.now()
      samples++
    }, periodMs)
    await every(1000, on, () => {
      measure()
      on.record({kind: 'watching', who: 'runner', samples, failures: 0, worstMicros})
      samples = 0
      worstMicros = 0
    })
    clearInterval(timer)
  },
}
