/** What a scenario's faults, and whom it means, ask of the kernel, the engine and the lab. */
import {capabilitiesOf} from '../cluster/selector.ts'
import {type Capability, missing} from '../engine/capabilities.ts'
import type {Lab} from '../engine/lab.ts'
import {faults} from '../faults/index.ts'
import type {Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {next, ownCommand} from '../words/next-step.ts'
import type {Scenario} from './index.ts'
import {namedHosts} from './params.ts'
import {quorumKept} from './quorum.ts'

export function capabilitiesFor(scenario: Pick<Scenario, 'steps' | 'clients'>): readonly Capability[] {
  const ofFaults = scenario.steps.flatMap(step => {
    if (step.do !== 'inject') return []
    const fault = faults[step.fault]
    return fault?.needs?.(fault.params.parse(step.params)) ?? []
  })
  return [...new Set([...ofFaults, ...capabilitiesOf(namedHosts(scenario))])]
}

/** Asked before anything is touched. @throws LabError `cannot-run-here` that says what is missing and why. */
export async function mustBeAble(lab: Lab, scenario: Pick<Scenario, 'name' | 'steps' | 'clients'>): Promise<void> {
  const absent = await missing(lab, capabilitiesFor(scenario))
  if (absent.length > 0)
    throw new LabError(
      'cannot-run-here',
      `${scenario.name} cannot run here: ${absent.map(one => one.why).join('; ')}`,
      {
        hint: next`to see what this kernel and engine can do: ${ownCommand('doctor')}`,
      },
    )
}

/** Asked before anything is touched. @throws LabError `cannot-run-here` where its faults break something else on this lab than it is about. */
export function mustBreak(scenario: Pick<Scenario, 'name' | 'needs' | 'steps'>, topology: Topology): void {
  const kept = quorumKept(scenario, topology)
  if (kept === null) return
  throw new LabError('cannot-run-here', `${scenario.name} cannot run here: ${kept}`, {
    hint: next`other labs: ${ownCommand('topologies')}`,
  })
}
