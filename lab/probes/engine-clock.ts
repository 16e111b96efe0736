/** The engine's wall clock on the run's clock. Everything in the lab's containers shows that clock too: they share one kernel. */
import {estimateOffset, type PingPong} from '../clients/clock-offset.ts'
import type {Micros} from '../event.ts'
import type {ProbeSite} from '../unit.ts'

const pings = 5

export interface EngineClock {
  /** From the engine's time, ms since 1970, to ours; never later than now. */
  toOurs(atMs: number): Micros
  /** From ours to the engine's, ms since 1970. */
  toTheirs(at: Micros): number
}

const measured = new WeakMap<ProbeSite, Promise<EngineClock>>()

/** Measured and recorded once per run, however many probes ask; rejects when the engine does not answer, and is then asked anew. */
export function engineClock(on: ProbeSite): Promise<EngineClock> {
  const known = measured.get(on)
  if (known !== undefined) return known
  const asked = measure(on).catch(error => {
    measured.delete(on)
    throw error
  })
  measured.set(on, asked)
  return asked
}

/**
 * The engine stamps with its wall clock. Where that may be the clock of this machine, it is taken for that; otherwise
 * the quickest of a few questions tells how far it is off. Its answer has whole milliseconds.
 */
async function measure(on: ProbeSite): Promise<EngineClock> {
  const zeroMs = Date.now() - on.now() / 1000 // our wall clock at the beginning of the run
  const seen: PingPong[] = []
  for (let ping = 0; ping < pings; ping++) {
    const askedMicros = on.now()
    const engineMs = await on.lab.docker.clockMs()
    seen.push({askedMicros, answeredMicros: on.now(), theirMicros: (engineMs - zeroMs) * 1000})
  }
  const {offsetMicros, uncertaintyMicros: apart} = estimateOffset(seen)
  const uncertaintyMicros = apart + 1000
  const apartMicros = Math.abs(offsetMicros) <= uncertaintyMicros ? 0 : offsetMicros
  on.record({kind: 'clock', who: 'engine', offsetMicros: Math.round(apartMicros - zeroMs * 1000), uncertaintyMicros})
  return {
    toOurs: atMs => Math.min((atMs - zeroMs) * 1000 + apartMicros, on.now()),
    toTheirs: at => (at - apartMicros) / 1000 + zeroMs,
  }
}
