/** How long the Docker engine may take to answer, by what it is asked. */
import {LabError} from '../words/errors.ts'
import {parseDuration} from '../words/quantity.ts'

export interface EngineLimits {
  /** A question, such as a list, and the beginning of a stream; ms. */
  readonly answerMs: number
  /** A change, such as killing a host, and a program in a container that must answer; an orderly stop has its grace on top. ms. */
  readonly changeMs: number
  /** All hosts of a lab, started by Docker Compose; ms. */
  readonly raiseMs: number
  /** Whether it is there at all, asked when there is reason to doubt it; ms. */
  readonly pingMs: number
}

const variable = 'PGHA_LAB_ENGINE_TIMEOUT'
const defaultMs = 10_000
const [leastMs, mostMs] = [100, 10 * 60_000]

/**
 * 10 s for a question and a minute for a change, unless PGHA_LAB_ENGINE_TIMEOUT says how long a question may take; all else is in
 * proportion to that.
 * @throws LabError `usage` for what is no duration between 100ms and 10m.
 */
export function engineLimits(env: NodeJS.ProcessEnv = process.env): EngineLimits {
  const answerMs = asked(env.PGHA_LAB_ENGINE_TIMEOUT)
  return {answerMs, changeMs: 6 * answerMs, raiseMs: 30 * answerMs, pingMs: answerMs / 5}
}

function asked(written: string | undefined): number {
  if (written === undefined || written === '') return defaultMs
  const refuse = (why: string) =>
    new LabError('usage', `${variable}: ${why}`, {
      hint: `${variable}=30s, or unset it: then it is ${defaultMs / 1000}s`,
    })
  let ms: number
  try {
    ms = parseDuration(written)
  } catch (error) {
    throw error instanceof LabError ? refuse(error.message) : error
  }
  if (ms < leastMs || ms > mostMs) throw refuse(`"${written}" is not between 100ms and 10m`)
  return ms
}
