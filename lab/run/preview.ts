/** What a fault would hit right now, before it is done: nothing is touched. */
import {anyMoment, failoverBudget, isModelled, type LeaderFault} from '../budget/index.ts'
import {leaderOf} from '../cluster/patroni-keys.ts'
import {resolve} from '../cluster/selector.ts'
import type {Lab} from '../engine/lab.ts'
import {faults} from '../faults/index.ts'
import {strikes} from '../history/strike.ts'
import {mustBeAble, type Step} from '../scenario/index.ts'
import {namedIn} from '../scenario/params.ts'
import {sayFault} from '../scenario/say.ts'
import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {faultStep, type InjectOptions} from './inject.ts'

export interface Preview {
  readonly step: Extract<Step, {do: 'inject'}>
  /** The step in words: `kill host on leader`. */
  readonly says: string
  /** Whom it means now; when it is done, whoever it means then. */
  readonly hosts: readonly HostName[]
  /** Whom its parameters mean; null: they name nobody. */
  readonly from: readonly HostName[] | null
  /** Who holds the leader key; null: nobody does, or nobody can tell. */
  readonly leader: HostName | null
  /** It ends by itself after so many milliseconds; null: it does not. */
  readonly limitMs: number | null
  /** What nothing brings back; null: nothing is lost for good. */
  readonly destroys: string | null
  /**
   * From the fault until clients can write again, by the timing model, where it strikes the leader: the bounds of the model, which
   * are those that a screen shows beside the moments of a failover. Null: it does not strike it, or the model does not know it.
   */
  readonly outage: readonly [least: Micros, most: Micros] | null
  /** Why the leader that it strikes keeps its key, and no failover is expected; null: nothing says so. */
  readonly keepsKey: string | null
}

/**
 * @throws LabError `usage` for a name, a parameter or a whom that is none, `cannot-run-here` for what this kernel, engine or lab lacks,
 * `no-target` when nobody is meant right now.
 */
export async function previewFault(
  lab: Lab,
  name: string,
  options: Pick<InjectOptions, 'on' | 'params'> = {},
): Promise<Preview> {
  const step = faultStep(lab, name, options)
  await mustBeAble(lab, {name: step.as, steps: [step], clients: []})
  const fault = faults[step.fault]!
  const params: unknown = fault.params.parse(step.params)
  const all = async (words: readonly string[]) => {
    const each = await Promise.all(words.map(word => resolve(lab, word, fault.fits?.(params))))
    return [...new Set(each.flat())]
  }
  const named = namedIn(fault.params, step.params).map(({word}) => word)
  const hosts = await all([step.on].flat())
  const from = named.length === 0 ? null : await all(named)
  const leader = await leaderOf(lab, AbortSignal.timeout(5000)).catch(() => null)
  const struck = strikes(fault.strikes(params, {on: hosts, from, topology: lab.topology}), leader ?? undefined)
  return {
    ...{step, says: sayFault({...step, as: step.fault}), hosts, from, leader},
    limitMs: fault.limitMs?.(params) ?? null,
    destroys: fault.destroys?.(params) ?? null,
    outage: struck !== undefined && isModelled(struck) ? outageAfter(lab, struck.fault) : null,
    keepsKey: struck !== undefined && !isModelled(struck) && struck.keepsKey === true ? struck.why : null,
  }
}

function outageAfter({topology}: Lab, fault: LeaderFault): Preview['outage'] {
  const told = failoverBudget(topology, anyMoment(topology, fault))
  return 'why' in told ? null : told.total.at
}
