/** Each engine's wall clock on the run's clock. Everything in its containers shows that clock too: they share one kernel. */
import type {LabEngine, OneEngine} from '../engine/lab.ts'
import type {HostName} from '../topology/topology.ts'

import type {Micros} from '../words/quantity.ts'
import {estimateOffset, type PingPong} from './clock-offset.ts'
import {every} from './every.ts'
import type {ProbeSite} from './probe.ts'

const pings = 5
/** Our own wall clock costs nothing to look at; the engine has to be asked for its own. */
const lookEveryMs = 1000
const askEveryLooks = 5
/** A clock that is only slewed shows less: that slows the monotonic one as well. */
const stepMicros: Micros = 200_000

export interface EngineClock {
  /** From the engine's time, ms since 1970, to ours; never later than now. */
  toOurs(atMs: number): Micros
  /** From ours to the engine's, ms since 1970. */
  toTheirs(at: Micros): number
}

const measured = new WeakMap<ProbeSite, Map<LabEngine, Promise<MeasuredClock>>>()

/**
 * Of the engine that has a host. Measured and recorded once per run, however many probes ask; rejects when the engine does not answer,
 * and is then asked anew.
 */
export function engineClock(on: ProbeSite, host: HostName): Promise<EngineClock> {
  const has = on.lab.engineOf(host)
  return clockOf(on, on.lab.engines.find(({engine}) => engine === has) ?? {name: undefined, engine: has})
}

/** Until the run's signal: records the clock once more when somebody has set it. Times from before that are not mended. */
export async function watchEngineClock(on: ProbeSite, engine: OneEngine): Promise<void> {
  let looks = 0
  await every(lookEveryMs, on, async () => {
    try {
      const clock = await clockOf(on, engine)
      await clock.look(++looks % askEveryLooks === 0)
    } catch {
      // The engine is away, which the watch on its events tells.
    }
  })
}

/** The same, of one of them. */
export function clockOf(on: ProbeSite, one: OneEngine): Promise<MeasuredClock> {
  const clocks = measured.get(on) ?? new Map<LabEngine, Promise<MeasuredClock>>()
  measured.set(on, clocks)
  const known = clocks.get(one.engine)
  if (known !== undefined) return known
  const asked = measure(on, one).catch(error => {
    clocks.delete(one.engine)
    throw error
  })
  clocks.set(one.engine, asked)
  return asked
}

/**
 * The engine stamps with its wall clock. Where that may be the clock of this machine, it is taken for that; otherwise
 * the quickest of a few questions tells how far it is off. Its answer has whole milliseconds.
 */
async function measure(on: ProbeSite, one: OneEngine): Promise<MeasuredClock> {
  const zeroMs = ourZeroMs(on)
  const {offsetMicros, uncertaintyMicros} = await ask(on, one, zeroMs)
  const isOurs = Math.abs(offsetMicros) <= uncertaintyMicros
  return new MeasuredClock(on, one, zeroMs, isOurs ? 0 : offsetMicros, uncertaintyMicros, isOurs)
}

/** Our wall clock at the beginning of the run, as it shows now; another one after it has been set. */
function ourZeroMs(on: ProbeSite): number {
  return Date.now() - on.now() / 1000
}

async function ask(
  on: ProbeSite,
  {engine}: OneEngine,
  zeroMs: number,
): Promise<{offsetMicros: Micros; uncertaintyMicros: Micros}> {
  const seen: PingPong[] = []
  for (let ping = 0; ping < pings; ping++) {
    const askedMicros = on.now()
    const engineMs = await engine.clockMs()
    seen.push({askedMicros, answeredMicros: on.now(), theirMicros: (engineMs - zeroMs) * 1000})
  }
  const {offsetMicros, uncertaintyMicros} = estimateOffset(seen)
  return {offsetMicros, uncertaintyMicros: uncertaintyMicros + 1000}
}

class MeasuredClock implements EngineClock {
  readonly #on: ProbeSite
  readonly #of: OneEngine
  readonly #zeroMs: number
  readonly #isOurs: boolean
  #apartMicros: Micros
  #uncertaintyMicros: Micros

  constructor(
    on: ProbeSite,
    of: OneEngine,
    zeroMs: number,
    apartMicros: Micros,
    uncertaintyMicros: Micros,
    isOurs: boolean,
  ) {
    this.#on = on
    this.#of = of
    this.#zeroMs = zeroMs
    this.#apartMicros = apartMicros
    this.#uncertaintyMicros = uncertaintyMicros
    this.#isOurs = isOurs
    this.#record()
  }

  toOurs(atMs: number): Micros {
    return Math.min((atMs - this.#zeroMs) * 1000 + this.#apartMicros, this.#on.now())
  }

  toTheirs(at: Micros): number {
    return (at - this.#apartMicros) / 1000 + this.#zeroMs
  }

  /** @param mayAsk also an engine whose clock is not ours. */
  async look(mayAsk: boolean): Promise<void> {
    if (!this.#isOurs && !mayAsk) return
    const now = this.#isOurs
      ? {
          offsetMicros: Math.round((this.#zeroMs - ourZeroMs(this.#on)) * 1000),
          uncertaintyMicros: this.#uncertaintyMicros,
        }
      : await ask(this.#on, this.#of, this.#zeroMs)
    const moved = Math.abs(now.offsetMicros - this.#apartMicros)
    if (moved <= stepMicros + now.uncertaintyMicros + this.#uncertaintyMicros) return
    this.#apartMicros = now.offsetMicros
    this.#uncertaintyMicros = now.uncertaintyMicros
    this.#record()
  }

  #record(): void {
    const offsetMicros = Math.round(this.#apartMicros - this.#zeroMs * 1000)
    const {name} = this.#of
    this.#on.record({
      ...{kind: 'clock', who: 'engine', offsetMicros, uncertaintyMicros: this.#uncertaintyMicros},
      ...(name === undefined ? {} : {engine: name}),
    })
  }
}
