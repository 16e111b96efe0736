/** Whether the faults of a run did what they are for. */
import type {Of} from '../history/event.ts'
import {type History, of} from '../history/history.ts'

export interface Idle {
  /** `crash did not take hold` */
  readonly says: string
  readonly proof?: Of<'fault-proof'>
}

/**
 * Why nothing of what was seen can be laid to a fault: the scenario has some, and none came; or they did not take hold. null: it can.
 * @param id the one that it is about; all of them when not given.
 */
export function idle(history: History, id?: string): Idle | null {
  const faults = of(history, 'fault-injecting').filter(fault => id === undefined || fault.id === id)
  const {steps = []} = of(history, 'run-started')[0]?.scenario ?? {}
  if (faults.length === 0) return steps.some(step => step.do === 'inject') ? {says: 'no fault came'} : null
  const failed = new Map(of(history, 'fault-proof').flatMap(proof => (proof.holds ? [] : [[proof.id, proof] as const])))
  if (!faults.every(fault => failed.has(fault.id))) return null
  return {says: `${faults[0]!.id} did not take hold`, proof: failed.get(faults[0]!.id)!}
}
