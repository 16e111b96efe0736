/** What a scenario's faults, and whom it means, ask of the kernel, the engine and the lab. */
import {capabilitiesOf} from '../cluster/selector.ts'
import {type Capability, missing} from '../engine/capabilities.ts'
import type {Lab} from '../engine/lab.ts'
import {faults} from '../faults/index.ts'
import {firstCluster} from '../topology/clusters.ts'
import {mayLead} from '../topology/succession.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
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

/** Why a lab has too few that could take over for what a scenario tells; null: it has enough. */
function tooFewCandidates({needs: {candidates = 0}}: Pick<Scenario, 'needs'>, topology: Topology): string | null {
  const members = hostsWith(firstCluster(topology), 'patroni')
  const able = mayLead(topology)
  if (able.length >= candidates) return null
  return `it is about ${candidates} members that may lead, and the tags of this lab leave ${able.length} of ${members.length} (${able.join(', ')})`
}

/** Asked before anything is touched. @throws LabError `cannot-run-here` where it would be about something else on this lab. */
export function mustBreak(scenario: Pick<Scenario, 'name' | 'needs' | 'steps'>, topology: Topology): void {
  const why = quorumKept(scenario, topology) ?? tooFewCandidates(scenario, topology)
  if (why === null) return
  throw new LabError('cannot-run-here', `${scenario.name} cannot run here: ${why}`, {
    hint: next`other labs: ${ownCommand('topologies')}`,
  })
}
