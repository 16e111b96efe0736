/** How long a scenario is likely to take that was never played: its own holds, and the timing model for its waits. Pure. */
import {anyMoment, distributionsOf, isModelled, modelOf} from '../budget/index.ts'
import {meant, type Roles} from '../cluster/selector.ts'
import {faults} from '../faults/index.ts'
import {strikes} from '../history/failover.ts'
import {type Scenario, type Step, topologyDuring} from '../scenario/index.ts'
import {namedIn} from '../scenario/params.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'

/** What every run takes beside its steps, as measured: steady state before, and after them the healing and the reading of all rows. */
const everyRunSeconds = 6
/** A wait of which the model knows nothing, such as for a member to join again: a few seconds, and Patroni's next loop. */
const waitSeconds = 3

export function estimateSeconds(scenario: Scenario, topology: Topology): number {
  const during = topologyDuring(scenario, topology)
  let now = 0
  /** When the model expects writes again. */
  let writable = 0
  for (const step of scenario.steps) {
    if (step.do === 'hold') now += step.forMs / 1000
    else if (step.do === 'inject') writable = Math.max(writable, now + (untilWritable(step, during) ?? 0))
    else if (step.do === 'until') {
      const usual = writable > now ? writable - now : waitSeconds + during.patroni.loopWaitSeconds
      now += step.within === 'budget' ? usual : Math.min(usual, step.within / 1000)
    }
  }
  return everyRunSeconds + during.patroni.loopWaitSeconds + now
}

/** From the fault to the first write, half of the times; null where the model says nothing. */
function untilWritable(step: Extract<Step, {do: 'inject'}>, topology: Topology): number | null {
  const fault = faults[step.fault]
  const now = usualRoles(topology)
  const on = meant(topology, step.on, now)
  if (fault === undefined || on === null) return null
  const named = namedIn(fault.params, step.params).map(({word}) => meant(topology, word, now) ?? [])
  const from = named.length === 0 ? null : named.flat()
  const strike = fault.strikes(fault.params.parse(step.params), {on, from, topology})
  const struck = strikes(strike, now.leader ?? undefined)
  if (struck === undefined || !isModelled(struck)) return null
  const model = modelOf(topology, {...anyMoment(topology, struck.fault), ...struck})
  const last = 'why' in model ? undefined : model.phases.at(-1)
  return last === undefined ? null : distributionsOf({total: last.at}, {runs: 200}).total.p50 / 1e6
}

/** Before a run nobody has a role: any host may lead. etcd is led from another one, as two times of three. */
function usualRoles(topology: Topology): Roles {
  const [leader = null, ...others] = hostsWith(topology, 'patroni')
  const etcdLeader = hostsWith(topology, 'etcd').find(host => host !== leader) ?? leader
  return {leader, etcdLeader, replicas: others.map((host, index) => ({host, sync: index === 0}))}
}
