/** One line of `doctor`, and what several of them have in common. */
import type {ContainerState} from '../engine/docker.ts'
import type {Hint} from '../words/next-step.ts'

/** `fail`: a lab can't be raised like this, and `doctor --fix` can't help it; `warn`: it can, or something is near its limit. */
export interface Examined {
  /** What was looked at, e.g. 'Docker engine'. */
  readonly what: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly says: string
  /** The next step, a command where there is one; null when nothing is to be done. */
  readonly fix: Hint | null
}

export const askLimitMs = 1500
/** To another machine, and to log in there. */
export const askBySshLimitMs = 10_000

/** Empty when they are of no lab. `stopped` is one of which nothing runs. */
export function sayLabs(containers: readonly ContainerState[]): {
  readonly says: string
  readonly stopped: string | undefined
} {
  const told = [...Map.groupBy(containers, one => one.lab)].map(([lab, hosts]) => {
    const running = hosts.filter(one => one.state === 'running').length
    return {lab, says: `${lab}: ${running} of ${hosts.length} hosts run`, isStopped: running === 0}
  })
  return {says: told.map(one => one.says).join('; '), stopped: told.find(one => one.isStopped)?.lab}
}
