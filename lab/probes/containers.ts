/** What the engine says happens to the lab's containers. */
import type {EngineEvent} from '../engine/docker.ts'
import type {OneEngine} from '../engine/lab.ts'
import {heardNothing, heardOf} from './down.ts'
import {clockOf, watchEngineClock} from './engine-clock.ts'
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
    const {engines} = on.lab
    const deaf = new Set(engines)
    await Promise.all([
      // Events are rare: that somebody listens is what tells a quiet lab from a deaf observer.
      every(500, on, () => {
        watching.sample(deaf.size === 0)
        for (const {name} of deaf) if (name !== undefined) watching.missed(name)
      }),
      ...engines.map(one => listenOn(on, one, listening => void (listening ? deaf.delete(one) : deaf.add(one)))),
      ...engines.map(one => watchEngineClock(on, one)),
    ])
  },
}

async function listenOn(on: ProbeSite, one: OneEngine, tell: (listening: boolean) => void): Promise<void> {
  while (!on.signal.aborted) {
    try {
      const clock = await clockOf(on, one)
      const hear = ({host, action, exitCode, atMs}: EngineEvent) => {
        if (!actions.has(action)) return
        heardOf(on, host, action)
        on.record({kind: 'container', host, action, exitCode}, clock.toOurs(atMs))
      }
      await listen(on, one, hear, () => tell(true))
    } catch {
      // The engine went away: it is asked again until it is back or the run is over.
    }
    tell(false)
    heardNothing(on)
    await sleep(reconnectMs, on.signal)
  }
}

/** Ends with the signal even where the stream of events does not. */
async function listen(
  on: ProbeSite,
  {engine}: OneEngine,
  hear: (event: EngineEvent) => void,
  begun: () => void,
): Promise<void> {
  const aborted = new Promise<void>(resolve => {
    if (on.signal.aborted) resolve()
    on.signal.addEventListener('abort', () => resolve(), {once: true})
  })
  const events = async () => {
    for await (const event of engine.events(on.lab.name, on.signal, begun)) hear(event)
  }
  await Promise.race([events(), aborted])
}
