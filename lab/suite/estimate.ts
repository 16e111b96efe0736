/** How long a scenario is likely to take that was never played: its own holds, and the timing model for its waits. Pure. */
import {anyMoment, distributionsOf, isModelled, modelOf} from '../budget/index.ts'
import {faults} from '../faults/index.ts'
import {strikesLeader} from '../scenario/foreseen.ts'
import {type Scenario, type Step, topologyDuring} from '../scenario/index.ts'
import type {Topology} from '../topology/topology.ts'

/** What every run takes beside its steps, as measured: steady state before, and after them the healing and the reading of all rows. */
const everyRunSeconds = 6.5
/** Up to a second is drawn before the first fault. */
const drawnSeconds = 0.5
/** A wait of which the model knows nothing, such as for a member to join again: a few seconds, and Patroni's next loop. */
const waitSeconds = 3

/** What a wait takes that is for something else than the next write or loop. A member is forgotten when its key has expired. */
const waitsOf: Readonly<Record<string, (topology: Topology) => number>> = {
  'streams-again': ({patroni}) => patroni.ttlSeconds,
  'clients-reconnect': () => 1,
}

export function estimateSeconds(scenario: Scenario, topology: Topology): number {
  const during = topologyDuring(scenario, topology)
  let now = 0
  /** When the model expects writes again. */
  let writable = 0
  for (const step of scenario.steps) {
    if (step.do === 'hold') now += step.forMs / 1000
    else if (step.do === 'inject') {
      writable = Math.max(writable, now + (untilWritable(step, during) ?? 0))
      now += faults[step.fault]?.takesSeconds?.(during) ?? 0
    } else if (step.do === 'until') {
      const usual =
        writable > now
          ? writable - now
          : (waitsOf[step.check]?.(during) ?? waitSeconds + during.patroni.loopWaitSeconds)
      now += step.within === 'budget' ? usual : Math.min(usual, step.within / 1000)
    }
  }
  const drawn = scenario.steps.some(step => step.do === 'inject') ? drawnSeconds : 0
  return everyRunSeconds + drawn + now
}

/** Of a topology, by the fault: in a list of scenarios the same one strikes the same leader many times. */
const drawnFor = new WeakMap<Topology, Map<string, number | null>>()

/** From the fault to the first write, half of the times; null where the model says nothing. */
function untilWritable(step: Extract<Step, {do: 'inject'}>, topology: Topology): number | null {
  const struck = strikesLeader(step, topology)
  if (struck === undefined || !isModelled(struck)) return null
  const known = drawnFor.get(topology) ?? new Map<string, number | null>()
  drawnFor.set(topology, known)
  const key = JSON.stringify(struck)
  const before = known.get(key)
  if (before !== undefined) return before
  const model = modelOf(topology, {...anyMoment(topology, struck.fault), ...struck})
  const last = 'why' in model ? undefined : model.phases.at(-1)
  const now = last === undefined ? null : distributionsOf({total: last.at}, {runs: 200}).total.p50 / 1e6
  known.set(key, now)
  return now
}
