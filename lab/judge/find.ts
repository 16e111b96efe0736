/** One check is asked about a history, by whoever asks: the judge when a run is over, and a step that waits for it. */
import type {Check, Finding} from '../checks/check.ts'
import {checks} from '../checks/index.ts'
import type {History} from '../history/history.ts'

/** `params` are as a scenario has them: not decoded, `{within: '10s'}`. */
export interface Asked {
  readonly check: string
  readonly params: unknown
}

/** A check that crashes, does not exist or does not understand its parameters has found nothing out. */
export function find(history: History, {check: name, params}: Asked): Finding {
  const check: Check<unknown> | undefined = Object.hasOwn(checks, name)
    ? checks[name as keyof typeof checks]
    : undefined
  if (!check) return {verdict: 'unknown', says: `There is no check ${name}.`}
  const decoded = check.params.safeParse(params ?? {})
  if (!decoded.success)
    return {verdict: 'unknown', says: `The parameters of ${name} are not valid: ${decoded.error.issues[0]?.message}.`}
  try {
    return check.judge(history, decoded.data)
  } catch (error) {
    const says = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return {verdict: 'unknown', says: `The check ${name} crashed (${says}); this is a bug of pgha-lab.`}
  }
}
