/** What the engine says happens to the lab's containers. */
import {estimateOffset, type PingPong} from '../clients/clock-offset.ts'
import type {EngineEvent} from '../docker.ts'
import type {Probe, ProbeSite} from '../unit.ts'
import {every, sleep} from './every.ts'
import {Watching} from './watching.ts'

/** The life of a container; the engine also tells every exec, attach and health check, ours among them. */
const actions = new Set(['create', 'start', 'restart', 'kill', 'stop', 'die', 'oom', 'pause', 'unpause', 'destroy'])
const reconnectMs = 500
const pings = 5

/** One event per engine event, at the engine's own time. */
export const containers: Probe = {
  name: 'containers',
  async run(on) {
    using watching = new Watching(on, 'engine')
    let listening = false
    await Promise.all([
      // Events are rare: that somebody listens is what tells a quiet lab from a deaf observer.
      every(500, on.signal, () => watching.sample(listening)),
      listenOn(on, now => {
        listening = now
      }),
    ])
  },
}

async function listenOn(on: ProbeSite, tell: (listening: boolean) => void): Promise<void> {
  let toOurs: ((atMs: number) => number) | undefined
  while (!on.signal.aborted) {
    try {
      toOurs ??= await measureClock(on)
      const ours = toOurs
      tell(true)
      await listen(on, ({host, action, exitCode, atMs}) => {
        if (actions.has(action)) on.record({kind: 'container', host, action, exitCode}, Math.min(ours(atMs), on.now()))
      })
    } catch {
      // The engine went away: it is asked again until it is back or the run is over.
    }
    tell(false)
    await sleep(reconnectMs, on.signal)
  }
}

/** Ends with the signal even where the stream of events does not. */
async function listen(on: ProbeSite, hear: (event: EngineEvent) => void): Promise<void> {
  const aborted = new Promise<void>(resolve => {
    if (on.signal.aborted) resolve()
    on.signal.addEventListener('abort', () => resolve(), {once: true})
  })
  const events = async () => {
    for await (const event of on.lab.docker.events(on.lab.name, on.signal)) hear(event)
  }
  await Promise.race([events(), aborted])
}

/**
 * The engine stamps with its wall clock. Where that may be the clock of this machine, it is taken for that; otherwise
 * the quickest of a few questions tells how far it is off. Its answer has whole milliseconds.
 */
async function measureClock(on: ProbeSite): Promise<(atMs: number) => number> {
  const zeroMs = Date.now() - on.now() / 1000 // our wall clock at the beginning of the run
  const seen: PingPong[] = []
  for (let ping = 0; ping < pings; ping++) {
    const askedMicros = on.now()
    const engineMs = await on.lab.docker.clockMs()
    seen.push({askedMicros, answeredMicros: on.now(), theirMicros: (engineMs - zeroMs) * 1000})
  }
  const measured = estimateOffset(seen)
  const uncertaintyMicros = measured.uncertaintyMicros + 1000
  const apartMicros = Math.abs(measured.offsetMicros) <= uncertaintyMicros ? 0 : measured.offsetMicros
  on.record({kind: 'clock', who: 'engine', offsetMicros: Math.round(apartMicros - zeroMs * 1000), uncertaintyMicros})
  return atMs => (atMs - zeroMs) * 1000 + apartMicros
}
