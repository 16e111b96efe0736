/** What the engine says happens to the lab's containers. */
import type {EngineEvent} from '../engine/docker.ts'
import {engineClock, watchEngineClock} from './engine-clock.ts'
import {every, sleep} from './every.ts'
import type {Probe, ProbeSite} from './probe.ts'
import {Watching} from './watching.ts'

/** The life of a container; the engine also tells every exec, attach and health check, ours among them. */
const actions = new Set(['create', 'start', 'restart', 'kill', 'stop', 'die', 'oom', 'pause', 'unpause', 'destroy'])
const reconnectMs = 500

/** One event per engine event, at the engine's own time. */
export const containers: Probe = {
  name: 'containers',
  async run(on) {
    using watching = new Watching(on, 'engine')
    let listening = false
    await Promise.all([
      // Events are rare: that somebody listens is what tells a quiet lab from a deaf observer.
      every(500, on.signal, () => void watching.sample(listening)),
      listenOn(on, now => {
        listening = now
      }),
      watchEngineClock(on),
    ])
  },
}

async function listenOn(on: ProbeSite, tell: (listening: boolean) => void): Promise<void> {
  while (!on.signal.aborted) {
    try {
      const clock = await engineClock(on)
      const hear = ({host, action, exitCode, atMs}: EngineEvent) => {
        if (actions.has(action)) on.record({kind: 'container', host, action, exitCode}, clock.toOurs(atMs))
      }
      await listen(on, hear, () => tell(true))
    } catch {
      // The engine went away: it is asked again until it is back or the run is over.
    }
    tell(false)
    await sleep(reconnectMs, on.signal)
  }
}

/** Ends with the signal even where the stream of events does not. */
async function listen(on: ProbeSite, hear: (event: EngineEvent) => void, begun: () => void): Promise<void> {
  const aborted = new Promise<void>(resolve => {
    if (on.signal.aborted) resolve()
    on.signal.addEventListener('abort', () => resolve(), {once: true})
  })
  const events = async () => {
    for await (const event of on.lab.docker.events(on.lab.name, on.signal, begun)) hear(event)
  }
  await Promise.race([events(), aborted])
}
